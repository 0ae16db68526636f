import { createHash } from 'node:crypto'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBooks } from './books.ts'
import type { Books } from './books.ts'
import { startDatabase } from './database.ts'
import type { Database } from './database.ts'
import { eventually } from './eventually.ts'
import { HI, startGateway } from './gateway.ts'
import type { Answer, Gateway } from './gateway.ts'

const EXCEEDED =
  '{"error":{"message":"Budget has been exceeded! Current cost: 3.5e-06, Max budget: 1e-09","type":"auth_error","param":null,"code":400}}'
const MICROS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/
const TINY = { max_budget: 0.000000001 }

let database: Database
let gateway: Gateway
let books: Books

beforeAll(async () => {
  database = await startDatabase()
  // The shipped config.yaml, as it is in the bundle.
  gateway = await startGateway({ database })
  books = startBooks(database, gateway.ledgerSpend)
})
afterAll(async () => {
  await gateway.stop()
  await database.close()
})

function chat(key: string, path = '/chat/completions'): Promise<Answer> {
  return gateway.http(path, {
    key,
    raw: '{"model":"llama3","messages":[{"role":"user","content":"hi"}]}',
  })
}

describe('the walk-through', () => {
  let team: Record<string, unknown>
  let key: string

  it('makes a team with a budget, answered with its row', async () => {
    const raw = '{"team_alias":"QA Prod Bot","max_budget":0.000000001,"budget_duration":"1d"}'
    const beforeMs = Date.now()
    const { status, headers, json, text } = await gateway.http('/team/new', { raw })
    expect(status, text).toBe(200)
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    team = json
    expect(team).toMatchObject({
      team_alias: 'QA Prod Bot',
      team_id: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      organization_id: null,
      admins: [],
      members: [],
      members_with_roles: [{ user_id: 'default_user_id', user_email: null, role: 'admin' }],
      team_member_permissions: [],
      metadata: {},
      tpm_limit: null,
      rpm_limit: null,
      max_budget: 1e-9,
      soft_budget: null,
      budget_duration: '1d',
      budget_reset_at: expect.stringMatching(MICROS),
      models: [],
      blocked: false,
      router_settings: null,
      access_group_ids: [],
      spend: 0,
      max_parallel_requests: null,
      model_id: null,
      litellm_model_table: null,
      object_permission: null,
      object_permission_id: null,
      model_spend: {},
      model_max_budget: {},
      policies: [],
      budget_limits: null,
      created_at: expect.stringMatching(MICROS),
      updated_at: expect.stringMatching(MICROS),
    })
    expect(text).toContain('"max_budget":1e-9')
    const dayMs = 86_400_000
    const resetMs = Date.parse(String(team['budget_reset_at']))
    expect(resetMs).toBeGreaterThanOrEqual(beforeMs + dayMs)
    expect(resetMs).toBeLessThanOrEqual(Date.now() + dayMs)
  })

  it('makes a key of the team, shown once and stored as its hash', async () => {
    const { team_id } = team
    const { status, json, text } = await gateway.http('/key/generate', { body: { team_id } })
    expect(status, text).toBe(200)
    key = String(json['key'])
    const hash = createHash('sha256').update(key).digest('hex')
    expect(key).toMatch(/^sk-[\w-]{22,}$/)
    expect(json).toMatchObject({ team_id, token: hash, key_name: `sk-...${key.slice(-4)}` })

    const secret = key.slice('sk-'.length)
    for (const table of ['keys', 'accounts', 'teams', 'users', 'memberships']) {
      const rows = await database.rows(`SELECT t::text AS row FROM ${table} AS t`)
      expect(rows.length, table).toBeGreaterThan(0)
      expect(JSON.stringify(rows)).not.toContain(secret)
    }
    expect(await database.rows('SELECT token FROM keys')).toContainEqual({ token: hash })
    for (const path of [
      '/key/info',
      `/key/info?key=${hash}`,
      `/team/info?team_id=${String(team_id)}`,
      '/team/list',
    ]) {
      const shown = await gateway.http(path, path === '/key/info' ? { key } : {})
      expect(shown.status, path).toBe(200)
      expect(shown.text, path).not.toContain(secret)
    }
  })

  it('answers the first call with its cost', async () => {
    const { status, headers, json } = await chat(key)
    expect(status).toBe(200)
    expect(json).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: expect.any(String) } }],
      usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 },
    })
    expect(headers.get('x-litellm-response-cost')).toBe('3.5e-06')
    expect(headers.get('x-litellm-key-spend')).toBe('3.5e-06')
    expect(headers.get('x-litellm-call-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers.get('x-litellm-model-id')).toBeTruthy()
  })

  it('refuses the second call, byte for byte', async () => {
    const { status, headers, text } = await chat(key)
    expect({ status, text }).toEqual({ status: 400, text: EXCEEDED })
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('x-should-retry')).toBe('false')
    // A day away: a client that slept as long as it is told would hang.
    expect(headers.get('retry-after')).toBeNull()
    expect(headers.get('x-tollgate-refused-by')).toBe('team')
    expect(headers.get('x-tollgate-spent')).toBe('3.5e-06')
    expect(headers.get('x-tollgate-limit')).toBe('1e-09')
    expect(headers.get('x-tollgate-held')).toBe('0.0')
    expect(headers.get('x-tollgate-reset-at')).toBe(team['budget_reset_at'])
  })

  it('refuses the second call on every route, with and without /v1, and charges none of them', async () => {
    for (const prefix of ['', '/v1']) {
      expect(await chat(key, `${prefix}/chat/completions`)).toMatchObject({
        status: 400,
        text: EXCEEDED,
      })
      for (const [path, body] of [
        ['/completions', { model: 'llama3', prompt: 'hi' }],
        ['/embeddings', { model: 'llama3', input: 'hi' }],
        ['/chat/completions', { model: 'llama3', messages: HI, stream: true }],
      ] as const) {
        expect(await gateway.http(prefix + path, { key, body })).toMatchObject({
          status: 400,
          text: EXCEEDED,
        })
      }
    }
    expect(await gateway.ledgerSpend(String(team['team_id']))).toEqual({ spend: 3.5e-6, held: 0 })
  })

  it('is told to the openai SDK as status 400, which does not try again', async () => {
    const client = gateway.openai(key, { maxRetries: 5 })
    const refused = client.chat.completions.create({ model: 'llama3', messages: HI })
    const error = await refused.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error).toMatchObject({ status: 400, type: 'auth_error', code: 400, param: null })
    expect(String(error)).toContain(
      'Budget has been exceeded! Current cost: 3.5e-06, Max budget: 1e-09',
    )
  })

  it('shows what is left, below zero, in /metrics', async () => {
    const { status, headers, text } = await gateway.http('/metrics', { key: null })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const line = `litellm_remaining_team_budget_metric{team_alias="QA Prod Bot",team_id="${String(team['team_id'])}"} -3.499e-06`
    expect(text.split('\n')).toContain(line)
  })

  it('is in all books alike', () => books.agreeOn(String(team['team_id']), 3_500_000n))
})

it.each(['', '/v1'])('answers the openai SDK at base URL %j', async (path) => {
  const { key } = await gateway.tenant({ max_budget: 1 })
  const client = gateway.openai(key, { path })
  const answer = await client.chat.completions.create({ model: 'llama3', messages: HI })
  const text = answer.choices[0]?.message.content
  expect(text).toMatch(/^Hello!/)
  const stream = await client.chat.completions.create({
    model: 'llama3',
    messages: HI,
    stream: true,
  })
  let streamed = ''
  for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? ''
  expect(streamed).toBe(text)
  const { data } = await client.embeddings.create({
    model: 'llama3',
    input: 'hi',
    encoding_format: 'float',
  })
  expect(data[0]?.embedding.length).toBeGreaterThan(0)
  const completion = await client.completions.create({ model: 'llama3', prompt: 'hi' })
  expect(completion.choices[0]?.text).toBe(text)
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['llama3'])
})

it.each([
  ['1s', 1_000],
  ['1m', 60_000],
  ['1h', 3_600_000],
  ['1d', 86_400_000],
  ['30d', 30 * 86_400_000],
])('makes a team whose budget resets %s after it was made', async (budget_duration, lengthMs) => {
  const team = await gateway.newTeam({ ...TINY, budget_duration })
  const createdMs = Date.parse(String(team['created_at']))
  expect(Math.abs(Date.now() - createdMs)).toBeLessThan(60_000)
  expect(team).toMatchObject({ budget_duration, budget_reset_at: expect.stringMatching(MICROS) })
  expect(Date.parse(String(team['budget_reset_at'])) - createdMs).toBe(lengthMs)
})

it('works again after each window of two seconds', async () => {
  const team = await gateway.newTeam({ ...TINY, budget_duration: '2s' })
  const teamId = String(team['team_id'])
  const key = await gateway.newKey({ team_id: teamId })
  const firstResetMs = Date.parse(String(team['budget_reset_at']))
  let answered = 0
  for (let window = 0; window < 3; window++) {
    const resetMs = await eventually(async () => {
      const answer = await chat(key)
      if (answer.status === 200) answered++
      expect(answer).toMatchObject({ status: 400, text: EXCEEDED })
      expect(answer.headers.get('retry-after')).toMatch(/^[12]$/)
      return Date.parse(answer.headers.get('x-tollgate-reset-at') ?? '')
    })
    // Windows stand on one grid from the team's creation: they never drift.
    expect((resetMs - firstResetMs) % 2_000).toBe(0)
    await eventually(() => expect(Date.now()).toBeGreaterThanOrEqual(resetMs))
  }
  expect(answered).toBeGreaterThanOrEqual(3)
  expect(await gateway.ledgerSpend(teamId)).toEqual({ spend: 0, held: 0 })
  const rows = await books.delivered(teamId, answered)
  expect(rows.every((row) => row['spend_pico'] === '3500000')).toBe(true)
})
