import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { costOf, usd } from './amounts.ts'
import { eventually } from './eventually.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const NO_FAULTS = { delayMs: 0, refuse: false, loseAnswer: false }

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterEach(() => Object.assign(stack.database.endpoint.faults, NO_FAULTS))
afterAll(() => stack.close())

/** A tenant whose key and ledger are known, and whose first call Postgres has heard of. */
async function warmTenant(fields: Record<string, unknown> = { max_budget: 1 }) {
  const tenant = await stack.tenant(fields)
  expect((await stack.chat(tenant.key, 'script/usage-1-0')).status).toBe(200)
  await stack.delivered(tenant.teamId, 1)
  return tenant
}

const FIRST = { promptTokens: 1, completionTokens: 0 }

it('asks Postgres nothing for a warm call: 20 calls are one delivery', async () => {
  const { teamId, key } = await warmTenant()
  const before = stack.database.endpoint.queries
  const startedMs = Date.now()
  for (let call = 0; call < 20; call++) {
    const { status } = await stack.chat(key, 'script/usage-3-2', { stream: call % 2 === 0 })
    expect(status).toBe(200)
  }
  const deliveries = Math.ceil((Date.now() - startedMs) / 1_000)
  // A statement a second is the outbox; 20 look-ups would be 20 more.
  expect(stack.database.endpoint.queries - before).toBeLessThanOrEqual(deliveries)
  await stack.agreeOn(
    teamId,
    costOf([FIRST]) + 20n * costOf([{ promptTokens: 3, completionTokens: 2 }]),
  )
})

it('answers warm calls and holds their budget while Postgres is down; the books agree afterwards', async () => {
  const word = mark()
  const CAPPED = { max_tokens: 10 }
  const each = costOf([{ promptTokens: 20, completionTokens: 10 }])
  const { teamId, key } = await warmTenant({ max_budget: usd(5n * each) })
  stack.database.endpoint.faults.refuse = true
  const statuses: number[] = []
  for (let call = 0; call < 8; call++) {
    statuses.push((await stack.chat(key, `script/usage-20-10+${word}`, CAPPED)).status)
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 400, 400, 400])
  expect((await stack.http('/metrics')).text).toContain(`team_id="${teamId}"} -`)
  expect(await stack.logRows(teamId)).toHaveLength(1)
  stack.database.endpoint.faults.refuse = false
  const bills = stack.bills(word)
  expect(bills).toHaveLength(5)
  await stack.agreeOn(teamId, costOf([FIRST, ...bills]))
})

it('writes each entry once though Postgres executes and its answers are lost', async () => {
  const word = mark()
  const { teamId, key } = await warmTenant()
  const { endpoint } = stack.database
  endpoint.faults.loseAnswer = true
  const before = endpoint.queries
  for (let call = 0; call < 10; call++) await stack.chat(key, `script/usage-2-${call}+${word}`)
  await stack.delivered(teamId, 11)
  // The ledger was not told, so it sends the same again.
  await eventually(() => expect(endpoint.queries - before).toBeGreaterThanOrEqual(2))
  endpoint.faults.loseAnswer = false
  await stack.chat(key, `script/usage-2-99+${word}`)
  await stack.delivered(teamId, 12)
  await stack.agreeOn(teamId, costOf([FIRST, ...stack.bills(word)]))
  const [daily] = await stack.database.rows(
    'SELECT sum(requests) AS requests, sum(successful_requests) AS good FROM daily_spend WHERE account_id = $1',
    [`team:${teamId}`],
  )
  expect(daily).toEqual({ requests: '12', good: '12' })
})

it('answers a key that it can not look up within two seconds while Postgres is down', async () => {
  stack.database.endpoint.faults.refuse = true
  for (const key of [`sk-${randomUUID()}`, `sk-${randomUUID()}`]) {
    const startedMs = Date.now()
    const { status, headers, json } = await stack.chat(key, 'script/gpt')
    expect(Date.now() - startedMs).toBeLessThan(2_000)
    expect(status).toBe(503)
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(json).toMatchObject({ error: { type: 'service_unavailable', code: '503' } })
  }
})

it('asks for a key again once Postgres is back: being down is not being unknown', async () => {
  const { key } = await stack.tenant({ max_budget: 1 })
  stack.database.endpoint.faults.refuse = true
  expect((await stack.chat(key, 'script/gpt')).status).toBe(503)
  stack.database.endpoint.faults.refuse = false
  expect((await stack.chat(key, 'script/gpt')).status).toBe(200)
})

it('does not wait for a Postgres that hangs', async () => {
  const { key } = await warmTenant()
  const cold = await stack.tenant({ max_budget: 1 })
  stack.database.endpoint.faults.delayMs = 12_000
  const startedMs = Date.now()
  const waiting = stack.chat(cold.key, 'script/gpt')
  const warm = await stack.chat(key, 'script/gpt')
  expect(warm.status).toBe(200)
  expect(Date.now() - startedMs).toBeLessThan(2_000)
  const { status, headers } = await waiting
  expect(Date.now() - startedMs).toBeLessThan(8_000)
  expect(status).toBe(503)
  expect(headers.get('retry-after')).toBe('2')
})

it('tells an admin that Postgres is down, and shows the ledger of who is known', async () => {
  const { teamId } = await warmTenant()
  stack.database.endpoint.faults.refuse = true
  for (const ask of [{ body: {} }, { body: { team_id: teamId } }]) {
    for (const path of ['/team/new', '/key/generate']) {
      const answer = await stack.http(path, ask)
      expect(answer.status).toBe(503)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
  }
  expect((await stack.http(`/team/info?team_id=${teamId}`)).status).toBe(503)
  expect((await stack.http('/metrics')).status).toBe(200)
})
