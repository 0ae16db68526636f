import { describe, expect, it } from 'vitest'
import { createApp } from '../../src/app.ts'
import { makeDeps } from '../../src/deps.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { SUMMARIES } from '../../src/openapi/summaries.ts'
import { env } from 'cloudflare:workers'
import { call } from '../setup/worker.ts'
import yaml from '../../config.yaml'

interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
}

interface Operation {
  readonly summary?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> }
}

interface Schema {
  readonly properties: Record<string, unknown>
  readonly required?: readonly string[]
}

const { config } = parseConfig(yaml, { LITELLM_MASTER_KEY: 'sk-1234' })
const { routes } = createApp(makeDeps({ ...env }, config, () => undefined))

async function read(): Promise<Document> {
  return (await call('GET', '/openapi.json')).json<Document>()
}

function operations({ paths }: Document) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
}

describe('/openapi.json', () => {
  it('has every route that is mounted', async () => {
    const { paths } = await read()
    const mounted = routes.filter(
      ({ method, path }) => method !== 'ALL' && !/^\/ui(?:\/|$)/.test(path),
    )
    expect(mounted.length).toBeGreaterThan(40)
    const missing = mounted.filter(({ method, path }) => {
      const named = path.replaceAll(/:([a-z_]+)(\{[^}]*\})?/g, '{$1}')
      return paths[named]?.[method.toLowerCase()] === undefined
    })
    expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([])
  })

  it('says of every route what it is for, and of none that is not there', async () => {
    const all = operations(await read())
    const unsaid = all.filter(({ operation }) => !operation.summary)
    expect(unsaid.map(({ method, path }) => `${method} ${path}`)).toEqual([])
    const there = new Set(
      all.map(({ method, path }) => `${method.toUpperCase()} ${path.replace(/^\/v[12]\//, '/')}`),
    )
    expect(Object.keys(SUMMARIES).filter((name) => !there.has(name))).toEqual([])
  })

  it('describes bodies and parameters by the schemas that validate them', async () => {
    const { paths } = await read()
    const { schema } = paths['/team/update']!['post']!.requestBody!.content['application/json']!
    expect(schema.required).toEqual(['team_id'])
    expect(schema.properties['max_budget']).toMatchObject({ type: ['number', 'null'] })
    expect(schema.properties['budget_duration']).toMatchObject({
      type: ['string', 'null'],
    })
    const { parameters } = paths['/team/list']!['get']!
    expect(parameters).toContainEqual(expect.objectContaining({ name: 'user_id', in: 'query' }))
    expect(paths['/key/{key}/credit']!['post']!.parameters).toHaveLength(1)
  })
})

describe('/docs', () => {
  it('is a page with every route that loads nothing from elsewhere', async () => {
    const response = await call('GET', '/docs')
    const html = await response.text()
    expect(response.headers.get('content-type')).toMatch('text/html')
    expect(response.headers.get('content-security-policy')).toMatch("default-src 'none'")
    for (const { path } of operations(await read())) expect(html).toContain(`</b> ${path}</code>`)
    expect([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, to]) => to)).toEqual(
      expect.arrayContaining(['/docs/style.css', '/openapi.json']),
    )
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\/|<script|style="/)
    const style = await call('GET', '/docs/style.css')
    expect(style.headers.get('content-type')).toMatch('text/css')
    expect(await style.text()).not.toMatch(/url\(|@import/)
  })

  it('lists routes as LiteLLM does', async () => {
    const { routes: listed } = await (await call('GET', '/routes')).json<{ routes: object[] }>()
    expect(listed).toContainEqual({ path: '/team/new', methods: ['POST'] })
  })
})
