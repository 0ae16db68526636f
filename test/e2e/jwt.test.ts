import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { usd } from './amounts.ts'
import { startBooks } from './books.ts'
import type { Books } from './books.ts'
import { startDatabase } from './database.ts'
import type { Database } from './database.ts'
import { eventually } from './eventually.ts'
import { expectError } from './expect-error.ts'
import { startGateway } from './gateway.ts'
import type { Answer, Gateway } from './gateway.ts'
import { AUDIENCE, startIdp } from './idp.ts'
import type { Idp } from './idp.ts'

const unique = (name: string): string => `${name}-${randomUUID()}`
const headerOf = (kid: string): string =>
  Buffer.from(`{"alg":"RS256","kid":"${kid}"}`).toString('base64url')

const POOR = unique('poor')

/** As LiteLLM's page on team budgets has it, and a team with a budget of its own. */
const CONFIG = `
model_list:
  - model_name: llama3
    litellm_params:
      model: openai/llama3
      mock_response: Hello!
      input_cost_per_token: 0.00000005
      output_cost_per_token: 0.00000015
  - model_name: other
    litellm_params:
      model: openai/other
      mock_response: Hello!
      input_cost_per_token: 0.00000005
      output_cost_per_token: 0.00000015

litellm_settings:
  default_team_settings:
    - team_id: "default-settings"
      max_budget: 100.0
    - team_id: "${POOR}"
      max_budget: 0.000000001
      budget_duration: 1d

litellm_jwtauth:
  team_id_jwt_field: "client_id"
  team_id_upsert: true
  team_ids_jwt_field: "groups"
  user_id_jwt_field: "sub"
  user_id_upsert: true

general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
`
const CALL_PICO = 3_500_000n
const EXCEEDED =
  '{"error":{"message":"Budget has been exceeded! Current cost: 3.5e-06, Max budget: 1e-09","type":"auth_error","param":null,"code":400}}'

let database: Database
let gateway: Gateway
let books: Books
let idp: Idp

beforeAll(async () => {
  ;[database, idp] = await Promise.all([startDatabase(), startIdp()])
  gateway = await startGateway({
    database,
    configYaml: CONFIG,
    env: { JWT_PUBLIC_KEY_URL: idp.url, JWT_AUDIENCE: AUDIENCE, JWT_ISSUER: idp.issuer },
  })
  books = startBooks(database, gateway.ledgerSpend)
})
afterEach(() => {
  idp.away(false)
  database.endpoint.faults.refuse = false
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([database.close(), idp.close()])
})

function chat(token: string, headers: Record<string, string> = {}): Promise<Answer> {
  const messages = [{ role: 'user', content: 'hi' }]
  return gateway.http('/chat/completions', {
    key: token,
    body: { model: 'llama3', messages },
    headers,
  })
}

async function teamInfo(teamId: string) {
  const { status, text, json } = await gateway.http(`/team/info?team_id=${teamId}`)
  expect(status, text).toBe(200)
  return json as {
    team_info: Record<string, unknown>
    team_memberships: Record<string, unknown>[]
  }
}

describe('the first call of an unknown team', () => {
  it('makes it with the default budget, and is booked on the team and its user', async () => {
    const [teamId, sub] = [unique('team'), unique('user')]
    const answer = await chat(await idp.token({ client_id: teamId, sub }))
    expect(answer.status, answer.text).toBe(200)
    expect(answer.headers.get('x-litellm-response-cost')).toBe('3.5e-06')
    const { team_info, team_memberships } = await teamInfo(teamId)
    expect(team_info).toMatchObject({
      team_id: teamId,
      max_budget: 100,
      budget_duration: null,
      spend: 3.5e-6,
      held: 0,
      members_with_roles: [{ user_id: sub, user_email: null, role: 'user' }],
    })
    expect(team_memberships).toMatchObject([{ user_id: sub, spend: 3.5e-6 }])
    const [row] = await books.delivered(teamId, 1)
    expect(row).toMatchObject({
      team_id: teamId,
      user_id: sub,
      key_hash: null,
      spend_pico: String(CALL_PICO),
    })
    await books.agreeOn(teamId, CALL_PICO)
    const daily = await database.rows('SELECT * FROM daily_spend WHERE account_id = $1', [
      `team:${teamId}`,
    ])
    expect(daily).toMatchObject([{ key_hash: '', user_id: sub, requests: '1' }])
    const made = await database.rows('SELECT created_by FROM teams WHERE team_id = $1', [teamId])
    expect(made).toEqual([{ created_by: 'jwt' }])
  })

  it('meets its budget: one answer, then none', async () => {
    const token = await idp.token({ client_id: POOR })
    expect((await chat(token)).status).toBe(200)
    expect(await chat(token)).toMatchObject({ status: 400, text: EXCEEDED })
    expect(await gateway.ledgerSpend(POOR)).toEqual({ spend: 3.5e-6, held: 0 })
  })

  it('makes one team of fifty that come at once, and charges all of them', async () => {
    const [teamId, sub] = [unique('team'), unique('user')]
    const token = await idp.token({ client_id: teamId, sub })
    const answers = await Promise.all(Array.from({ length: 50 }, () => chat(token)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
    await books.agreeOn(teamId, 50n * CALL_PICO)
    const rows = await database.rows('SELECT generation FROM accounts WHERE account_id = $1', [
      `team:${teamId}`,
    ])
    expect(rows).toEqual([{ generation: '1' }])
    const { team_memberships } = await teamInfo(teamId)
    expect(team_memberships).toMatchObject([{ user_id: sub, spend: usd(50n * CALL_PICO) }])
  })
})

it('charges the team that the header chooses, of the token’s own only', async () => {
  const [first, second] = [unique('team'), unique('team')]
  const token = await idp.token({ client_id: first, groups: [second] })
  expect((await chat(token, { 'x-litellm-team-id': second })).status).toBe(200)
  await books.agreeOn(second, CALL_PICO)
  const refused = await chat(token, { 'x-litellm-team-id': unique('team') })
  expectError(refused, 403, { message: expect.stringContaining(second), type: 'auth_error' })
})

it('goes on for a warm token while Postgres is away, and the books agree afterwards', async () => {
  const [teamId, sub] = [unique('team'), unique('user')]
  const token = await idp.token({ client_id: teamId, sub })
  expect((await chat(token)).status).toBe(200)
  await books.delivered(teamId, 1)
  database.endpoint.faults.refuse = true
  const before = database.endpoint.queries
  for (let call = 0; call < 5; call++) expect((await chat(token)).status).toBe(200)
  const cold = await chat(await idp.token({ client_id: unique('team') }))
  expect(cold.status).toBe(503)
  expect(cold.headers.get('retry-after')).toBe('2')
  expect(database.endpoint.queries - before).toBeLessThan(10)
  database.endpoint.faults.refuse = false
  await books.agreeOn(teamId, 6n * CALL_PICO)
})

it('asks Postgres nothing for warm calls of a token with a list of teams', async () => {
  const { team_id } = await gateway.newTeam({ models: ['llama3'] })
  const others = Array.from({ length: 20 }, () => unique('group'))
  const token = await idp.token({
    client_id: [...others, team_id, String(await notAllowed())],
    sub: unique('user'),
  })
  expect((await chat(token)).status).toBe(200)
  await books.delivered(String(team_id), 1)
  database.endpoint.faults.refuse = true
  for (let call = 0; call < 5; call++) expect((await chat(token)).status).toBe(200)
  database.endpoint.faults.refuse = false
  await books.agreeOn(String(team_id), 6n * CALL_PICO)
})

async function notAllowed(): Promise<unknown> {
  return (await gateway.newTeam({ models: ['other'] }))['team_id']
}

it('follows a key that was rotated, and goes on while the keys are away', async () => {
  const claims = { client_id: unique('team') }
  const old = await idp.token(claims)
  expect((await chat(old)).status).toBe(200)
  await idp.rotate()
  const rotated = await idp.token(claims)
  // Addresses of keys are asked at most once in ten seconds.
  await eventually(async () => expect((await chat(rotated)).status).toBe(200))
  expectError(await chat(old), 401, {
    message: 'Authentication Error, No matching public key found.',
    type: 'auth_error',
  })
  idp.away(true)
  expect((await chat(rotated)).status).toBe(200)
})

it('asks for keys a bounded number of times, whatever tokens name', async () => {
  const before = idp.asked()
  const junk = Array.from({ length: 200 }, () => chat(`${headerOf(randomUUID())}.e30.x`))
  const statuses = new Set((await Promise.all(junk)).map(({ status }) => status))
  expect(statuses).toEqual(new Set([401]))
  expect(idp.asked() - before).toBeLessThanOrEqual(2)
})

it('lets an admin’s token manage teams and call no model', async () => {
  const token = await idp.token({ scope: 'openid litellm_proxy_admin', sub: 'root' })
  const made = await gateway.http('/team/new', { key: token, body: { max_budget: 1 } })
  expect(made.status, made.text).toBe(200)
  expect(made.json).toMatchObject({ max_budget: 1 })
  expect((await chat(token)).status).toBe(403)
})

it('refuses what is not signed for it, in the words that clients look for', async () => {
  const claims = { client_id: unique('team') }
  const [header, payload] = (await idp.token(claims)).split('.')
  const forged = await chat(`${header}.${payload}.${'A'.repeat(342)}`)
  expectError(forged, 401, {
    message: 'Authentication Error, Validation fails: Signature verification failed',
    type: 'auth_error',
  })
  const wrong = [
    [{ aud: 'other' }, 'audience'],
    [{ iss: 'https://elsewhere.test' }, 'issuer'],
  ] as const
  for (const [more, word] of wrong) {
    const answer = await chat(await idp.token({ ...claims, ...more }))
    expectError(answer, 401, { message: expect.stringContaining(word), type: 'auth_error' })
  }
  const rows = await database.rows('SELECT 1 FROM teams WHERE team_id = $1', [claims.client_id])
  expect(rows).toEqual([])
})
