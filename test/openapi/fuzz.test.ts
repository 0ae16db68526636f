import fc from 'fast-check'
import { describe, expect, inject, it } from 'vitest'
import { call, get, MASTER, newKey, newTeam } from '../setup/worker.ts'
import { type Schema, valueOf } from './random-bodies.ts'

const REQUESTS = 2_000
const REQUESTS_LONG = 100_000
const MS_PER_REQUEST = 100

/** What belongs to us alone. */
const OUR_WORDS =
  /\bat .*\.(?:ts|js):\d|node_modules|\bselect\b.*\bfrom\b|insert into|update .* set|syntax error|pg_|violates|neondb|drizzle/i

interface Operation {
  readonly tags: readonly string[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> }
}

interface Route {
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

interface Shot {
  readonly route: string
  readonly path: string
  readonly method: string
  readonly body: unknown
}

const ROOMS = new Set([
  'Teams',
  'Keys',
  'Users',
  'Customers',
  'Budgets',
  'Spend',
  'Audit',
  'Models',
])

async function managementRoutes(): Promise<Route[]> {
  const { paths } = await get<{ paths: Record<string, Record<string, Operation>> }>('/openapi.json')
  return Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    .filter(({ operation }) => operation.tags.some((tag) => ROOMS.has(tag)))
}

function shotAt({ path, method, operation }: Route, ids: readonly string[]): fc.Arbitrary<Shot> {
  const { parameters = [], requestBody } = operation
  const schema = requestBody?.content['application/json']?.schema
  const values = fc.tuple(
    ...parameters.map(({ schema: each }) => fc.option(valueOf(each, ids), { nil: undefined })),
  )
  return fc
    .tuple(values, schema ? valueOf(schema, ids) : fc.constant(undefined))
    .map(([sent, body]) => {
      const search = new URLSearchParams()
      let target = path
      for (const [i, { name, in: place }] of parameters.entries()) {
        const text = textOf(sent[i] ?? (place === 'path' ? 'x' : ''))
        if (place === 'path')
          target = target.replace(`{${name}}`, encodeURIComponent(text) || '%20')
        else if (sent[i] !== undefined) search.set(name, text)
      }
      return {
        route: `${method.toUpperCase()} ${path}`,
        path: `${target}?${search.toString()}`.slice(0, 15_000),
        method: method.toUpperCase(),
        body: method === 'get' ? undefined : (body ?? {}),
      }
    })
}

/** What a URL can carry. */
function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.slice(0, 1_000).toWellFormed()
}

describe('management routes', () => {
  const count = inject('isLong') ? REQUESTS_LONG : REQUESTS

  it(
    `answer ${count} random requests without a 5xx, a stack or a word of SQL`,
    async () => {
      const { team_id } = await newTeam({ team_alias: 'fuzz' })
      const key = await newKey({ team_id })
      const ids = [team_id, key, crypto.randomUUID(), 'fuzz']
      const routes = await managementRoutes()
      expect(routes.length).toBeGreaterThan(25)
      const statuses = new Map<number, number>()
      const shots = fc.constantFrom(...routes).chain((route) => shotAt(route, ids))
      await fc.assert(
        fc.asyncProperty(shots, async ({ path, method, body }) => {
          const response = await call(method, path, { key: MASTER, body })
          const text = await response.text()
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
          expect(response.status).toBeLessThan(500)
          if (response.status < 400) return
          const { error } = JSON.parse(text) as { error: { message: string; code: string } }
          expect(error.code).toBe(String(response.status))
          expect(error.message).not.toMatch(OUR_WORDS)
        }),
        { numRuns: count },
      )
      // A fuzz that is refused at the door says nothing about the rooms.
      expect(statuses.get(200)).toBeGreaterThan(count / 20)
      expect(statuses.get(400)).toBeGreaterThan(0)
      expect(statuses.get(404)).toBeGreaterThan(0)
    },
    count * MS_PER_REQUEST,
  )
})
