import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { costOf } from './amounts.ts'
import { eventually } from './eventually.ts'
import type { Answer, Ask } from './gateway.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { rawChat } from './raw-call.ts'

const NO_FAULTS = { delayMs: 0, refuse: false, loseAnswer: false, failHalf: false }

/** What one statement may take before it is given up, and some room around it. */
const PROMPTLY_MS = 8_000

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterEach(() => Object.assign(stack.database.endpoint.faults, NO_FAULTS))
afterAll(() => stack.close())

const FIRST = { promptTokens: 1, completionTokens: 0 }

/** A tenant whose key this Worker has served, and whose first call Postgres has heard of. */
async function warmTenant() {
  const tenant = await stack.tenant({ max_budget: 1 })
  expect((await stack.chat(tenant.key, 'script/usage-1-0')).status).toBe(200)
  await stack.delivered(tenant.teamId, 1)
  return tenant
}

async function timed(answer: Promise<Answer>): Promise<Answer & { tookMs: number }> {
  const startedMs = performance.now()
  return { ...(await answer), tookMs: performance.now() - startedMs }
}

function expectUnavailable({ status, headers, json, tookMs }: Answer & { tookMs: number }): void {
  expect(status).toBe(503)
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  expect(json).toMatchObject({ error: { type: 'service_unavailable', code: '503' } })
  expect(tookMs).toBeLessThan(PROMPTLY_MS)
}

const AWAY: [string, Partial<typeof NO_FAULTS>][] = [
  ['refuses', { refuse: true }],
  ['answers after ten seconds', { delayMs: 10_000 }],
  ['loses every answer', { loseAnswer: true }],
]

describe.each(AWAY)('while Postgres %s', (_name, faults) => {
  it('serves who was served before, also in a new Worker, and brings the spend afterwards', async () => {
    const word = mark()
    const { teamId, key } = await warmTenant()
    const cold = await stack.tenant({ max_budget: 1 })
    Object.assign(stack.database.endpoint.faults, faults)
    const call = async (): Promise<void> => {
      const { status, tookMs } = await timed(stack.chat(key, `script/usage-3-2+${word}`))
      expect(status).toBe(200)
      expect(tookMs).toBeLessThan(2_000)
    }
    for (let i = 0; i < 5; i++) await call()
    await stack.worker.kill('SIGKILL')
    await stack.worker.restart()
    for (let i = 0; i < 5; i++) await call()

    const nobodys: [string, Ask][] = [
      ['/v1/chat/completions', { key: cold.key, body: { model: 'script/gpt', messages: [] } }],
      ['/v1/chat/completions', { key: `sk-${randomUUID()}`, body: { model: 'script/gpt' } }],
      ['/team/new', { body: {} }],
      ['/key/generate', { body: { team_id: teamId } }],
      ['/key/delete', { body: { keys: [key] } }],
      [`/team/info?team_id=${teamId}`, {}],
    ]
    const answers = await Promise.all(nobodys.map(([path, ask]) => timed(stack.http(path, ask))))
    answers.forEach(expectUnavailable)
    await call()

    Object.assign(stack.database.endpoint.faults, NO_FAULTS)
    const bills = stack.bills(word)
    expect(bills).toHaveLength(11)
    await stack.delivered(teamId, 12)
    await stack.agreeOn(teamId, costOf([FIRST, ...bills]))
  })
})

it('keeps the books with a Postgres that fails half of the statements', async () => {
  const word = mark()
  const { teamId, key } = await warmTenant()
  stack.database.endpoint.faults.failHalf = true
  for (let i = 0; i < 2; i++) {
    for (let n = 0; n < 7; n++) {
      expect((await stack.chat(key, `script/usage-${n + 1}-${i}+${word}`)).status).toBe(200)
    }
    // Some of these batches fail, and are sent again.
    await stack.delivered(teamId, 1 + (i + 1) * 7)
  }
  // A new ledger is opened, or its call is told to come again; it is never half open.
  const statuses: number[] = []
  const { team_id } = await eventually(() => stack.newTeam({ max_budget: 1 }))
  const coldKey = await eventually(() => stack.newKey({ team_id }))
  await eventually(async () => {
    const { status } = await stack.chat(coldKey, `script/usage-1-1+cold${word}`)
    statuses.push(status)
    expect(status).toBe(200)
  })
  expect(statuses.every((status) => status === 200 || status === 503)).toBe(true)
  stack.database.endpoint.faults.failHalf = false
  await stack.agreeOn(teamId, costOf([FIRST, ...stack.bills(word)]))
  await stack.agreeOn(String(team_id), costOf(stack.bills(`cold${word}`)))
})

it(
  'lets 10,000 random keys cost Postgres some hundred look-ups, and serves a good one beside them',
  { timeout: 120_000 },
  async () => {
    const { key } = await warmTenant()
    const before = stack.database.endpoint.queries
    const startedMs = Date.now()
    const statuses = new Map<number, number>()
    const keys = Array.from({ length: 10_000 }, () => `sk-${randomUUID()}`)
    const attacker = async (): Promise<void> => {
      for (let nobody = keys.pop(); nobody; nobody = keys.pop()) {
        const { status } = await stack.http('/v1/models', { key: nobody })
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
    let slowestMs = 0
    let good = 0
    const customer = async (): Promise<void> => {
      while (keys.length > 0) {
        const { status, tookMs } = await timed(stack.chat(key, 'script/usage-1-0'))
        expect(status).toBe(200)
        slowestMs = Math.max(slowestMs, tookMs)
        good++
      }
    }
    await Promise.all([customer(), ...Array.from({ length: 50 }, attacker)])
    const seconds = Math.ceil((Date.now() - startedMs) / 1_000)
    // Five hundred at once and fifty a second from then on; beside them only the outbox writes, a
    // few times a second.
    const lookedUp = statuses.get(401) ?? 0
    expect(lookedUp).toBeLessThanOrEqual(500 + seconds * 50)
    expect(stack.database.endpoint.queries - before).toBeLessThanOrEqual(lookedUp + 10 * seconds)
    expect(lookedUp + (statuses.get(503) ?? 0)).toBe(10_000)
    expect(slowestMs).toBeLessThan(2_000)
    expect(good).toBeGreaterThan(10)
  },
)

const EACH = costOf([{ promptTokens: 2, completionTokens: 2 }])

it('shares no promise: who asks first for a cold key and leaves takes nobody along', async () => {
  // The flood before this has used up the look-ups of this isolate.
  await stack.worker.restart()
  for (const leave of ['reset', 'end'] as const) {
    const { key, teamId } = await stack.tenant({ max_budget: 1 })
    stack.database.endpoint.faults.delayMs = 700
    const first = await rawChat(stack.url, key, { model: 'script/usage-1-1' })
    const others = Array.from({ length: 30 }, () => timed(stack.chat(key, 'script/usage-2-2')))
    await new Promise((resolve) => setTimeout(resolve, 250))
    first[leave]()
    for (const { status, tookMs, text } of await Promise.all(others)) {
      expect(status, text).toBe(200)
      expect(tookMs).toBeLessThan(PROMPTLY_MS)
    }
    Object.assign(stack.database.endpoint.faults, NO_FAULTS)
    await eventually(async () => {
      // Whoever left is charged as well if their call had reached the provider.
      const rows = await stack.logRows(teamId)
      expect(rows.filter((row) => row['spend_pico'] === String(EACH))).toHaveLength(30)
    })
  }
})
