import { describe, expect, it } from 'vitest'
import { teams } from '../../drizzle/schema.ts'
import { eq } from 'drizzle-orm'
import { db } from '../setup/database.ts'
import { call, type ErrorBody, get, MASTER, newTeam } from '../setup/worker.ts'

interface Document {
  readonly paths: Record<
    string,
    Record<string, { readonly requestBody?: unknown; readonly tags: string[] }>
  >
}

/** Every management route that takes a body, with something in the place of its parameters. */
async function routesWithBodies(): Promise<string[]> {
  const { paths } = await get<Document>('/openapi.json')
  return Object.entries(paths)
    .filter(([, { post }]) => post?.requestBody && !post.tags.includes('Calls'))
    .map(([path]) => path.replaceAll(/\{[^}]+\}/g, 'x'))
}

async function errorOf(response: Response): Promise<ErrorBody['error']> {
  return (await response.json<ErrorBody>()).error
}

function send(path: string, body: string, type = 'application/json'): Promise<Response> {
  return call('POST', path, { key: MASTER, body, headers: { 'content-type': type } })
}

describe('every management route with a body', () => {
  it.each([
    ['of another type', 415, '{}', 'text/plain', 'content-type'],
    ['of a form', 415, 'a=1', 'application/x-www-form-urlencoded', 'content-type'],
    ['that is half a JSON', 400, '{"a":', 'application/json', 'request_body'],
    ['that is nothing', 400, '', 'application/json', 'request_body'],
    ['that is a list', 422, '[]', 'application/json', 'body'],
    ['that is a number', 422, '7', 'application/json', 'body'],
    [
      'over the limit',
      413,
      `{"a":"${'x'.repeat(1024 * 1024)}"}`,
      'application/json',
      'request_body',
    ],
  ])('refuses one %s with %i', async (_what, status, body, type, param) => {
    const routes = await routesWithBodies()
    expect(routes.length).toBeGreaterThan(15)
    for (const path of routes) {
      const response = await send(path, body, type)
      expect(`${path} ${response.status}`).toBe(`${path} ${status}`)
      expect(await errorOf(response)).toMatchObject({ code: String(status), param })
    }
  })
})

describe('a team that makes no sense', () => {
  it.each([
    ['a negative budget', '{"max_budget":-1}', 400, 'max_budget'],
    ['an infinite budget', '{"max_budget":1e999}', 400, 'max_budget'],
    ['a budget of minus infinity', '{"max_budget":-1e999}', 400, 'max_budget'],
    ['a budget that is no number', '{"max_budget":"NaN"}', 422, 'max_budget'],
    ['a budget larger than all money', '{"max_budget":1e300}', 400, 'max_budget'],
    ['a duration that nobody knows', '{"budget_duration":"1y"}', 400, 'budget_duration'],
    ['a duration of nothing', '{"budget_duration":"0d"}', 400, 'budget_duration'],
    ['a fraction of a request', '{"rpm_limit":1.5}', 422, 'rpm_limit'],
    ['an alias of 10,000 characters', `{"team_alias":"${'x'.repeat(10_000)}"}`, 422, 'team_alias'],
    ['an alias with a NUL', '{"team_alias":"a\\u0000b"}', 400, 'team_alias'],
    ['an alias with a line break', '{"team_alias":"a\\r\\nb"}', 400, 'team_alias'],
    ['10,001 models', JSON.stringify({ models: Array(10_001).fill('m') }), 422, 'models'],
    ['half a character in metadata', '{"metadata":{"a":"\\ud800"}}', 400, 'metadata'],
  ])('with %s is refused, and nothing is written', async (_what, fields, status, param) => {
    const teamId = crypto.randomUUID()
    const body = `{"team_id":"${teamId}",${fields.slice(1)}`
    const response = await send('/team/new', body)
    expect(await errorOf(response)).toMatchObject({ code: String(status), param })
    expect(await db.select().from(teams).where(eq(teams.teamId, teamId))).toEqual([])
  })

  it('that looks like SQL is stored as it is', async () => {
    const team_alias = `'); DROP TABLE teams; --"`
    const { team_id } = await newTeam({ team_alias, metadata: { [team_alias]: team_alias } })
    expect(await get(`/team/info?team_id=${team_id}`)).toMatchObject({
      team_info: { team_alias, metadata: { [team_alias]: team_alias } },
    })
    const found = await call('GET', `/team/info?team_id=${encodeURIComponent(team_alias)}`, {
      key: MASTER,
    })
    expect(found.status).toBe(404)
  })

  it('is made once, however many ask for its id at once', async () => {
    const team_id = crypto.randomUUID()
    const made = await Promise.all(
      Array.from({ length: 10 }, () =>
        call('POST', '/team/new', { key: MASTER, body: { team_id } }),
      ),
    )
    expect(made.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array(9).fill(400),
    ])
  })
})

describe('headers', () => {
  it('that name somebody else are cut and cleaned, never believed', async () => {
    const team_id = crypto.randomUUID()
    const response = await call('POST', '/team/new', {
      key: MASTER,
      body: { team_id },
      headers: { 'litellm-changed-by': `${'x'.repeat(2_000)}'; drop table teams` },
    })
    expect(response.status).toBe(200)
  })

  it('can not carry a line break into an answer', async () => {
    const response = await call('POST', '/chat/completions', {
      key: MASTER,
      body: { model: 'llama3', messages: [{ role: 'user', content: 'hi' }] },
      headers: { 'x-litellm-call-id': 'a\tb é' },
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-litellm-call-id')).toMatch(/^[\x20-\x7e]*$/)
  })
})
