import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { costOf, pico, usd } from './amounts.ts'
import { startCrowd } from './crowd.ts'
import type { Called, Crowd } from './crowd.ts'
import type { Json } from './gateway.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { isLong } from './long.ts'
import { limitedTenant, ownerOf, SCOPES } from './scopes.ts'
import type { Owner, ScopeName } from './scopes.ts'

const REPEATS = isLong ? 20 : 3
/** A crowd that insists takes six seconds a time. */
const INSISTING_REPEATS = isLong ? 20 : 1
const CALLS = 1_000
/** Below the smallest cap that a strict budget lowers to, so that every call holds its bound. */
const CAP = 10
const OVERHEAD_TOKENS = 1_024
const MINUTE_MS = 60_000
const LONG = { timeout: (isLong ? 10 : 1) * MINUTE_MS }

let stack: Stack
let crowd: Crowd
let fifty: Crowd
let spareKey: string
/** Whose books are compared when all are through. */
const crowds: { teamId: string; word: string }[] = []
beforeAll(async () => {
  stack = await startStack()
  spareKey = await stack.newKey()
  crowd = startCrowd(stack.url, CALLS)
  fifty = startCrowd(stack.url, 50)
})
afterAll(async () => {
  crowd.close()
  fifty.close()
  await stack.close()
})

async function dryRun(key: string, raw: string): Promise<Json> {
  const headers = { 'x-tollgate-dry-run': 'true' }
  const { status, text, json } = await stack.http('/v1/chat/completions', { key, raw, headers })
  expect(status, text).toBe(200)
  return json
}

interface Scripted {
  word: string
  model: string
  raw: string
  boundPico: bigint
}

/** A call whose provider bills this share of what it can cost at most, as the dry run quotes it. */
async function scripted(share: number): Promise<Scripted> {
  const word = mark()
  const write = (promptTokens: number) => {
    const usage = [promptTokens, CAP].map((tokens) => Math.floor(tokens * share)).join('-')
    const model = `script/usage-${usage}+delay-40ms+${word}`
    const messages = [{ role: 'user', content: 'hi' }]
    return { word, model, raw: JSON.stringify({ model, messages, max_tokens: CAP }) }
  }
  // Each byte may be a token. Their number has as many digits, whatever it is.
  const promptTokens = write(OVERHEAD_TOKENS).raw.length + OVERHEAD_TOKENS
  const call = write(promptTokens)
  const boundPico = pico(String((await dryRun(spareKey, call.raw))['bound_usd']))
  expect(boundPico).toBe(costOf([{ promptTokens, completionTokens: CAP }]))
  return { ...call, boundPico }
}

interface Crowding {
  call: Scripted
  send: Crowd['calls']
  /** Nobody has called with these keys, and there is no ledger yet. */
  isCold: boolean
}

/** A tenant whose limit is ten times the bound of a call, and 1,000 calls at once on it. */
async function strictCrowd(
  [scope, owner]: readonly [ScopeName, Owner],
  { call, send, isCold }: Crowding,
): Promise<{ answered: number; keys: string[] }> {
  const { word, model, raw } = call
  const limitPico = 10n * call.boundPico
  const limit = { model, usd: usd(limitPico), team: { budget_enforcement: 'strict' } }
  const { teamId, keys } = await limitedTenant(stack, [scope, owner], limit)
  if (!isCold) for (const key of keys) await dryRun(key, raw)
  const called = await send(keys, raw, CALLS)
  const refused = called.filter(({ status }) => status !== 200)
  for (const one of refused) expectRefused(one, [scope, owner])
  const bills = stack.bills(word)
  expect(bills).toHaveLength(called.length - refused.length)
  expect(costOf(bills)).toBeLessThanOrEqual(limitPico)
  crowds.push({ teamId, word })
  return { answered: bills.length, keys }
}

function expectRefused(
  { status, headers, text }: Called,
  [scope, owner]: readonly [ScopeName, Owner],
): void {
  const isHeld = headers['x-tollgate-reason'] === 'held'
  expect([status, headers['x-should-retry']], text).toEqual(isHeld ? [429, 'true'] : [400, 'false'])
  expect(headers['x-tollgate-reason']).toMatch(/^(?:budget|too_large|held)$/)
  expect(headers['x-tollgate-refused-by']).toBe(owner)
  expect('x-tollgate-model' in headers).toBe(scope === 'model')
}

/** Repeats are told apart by who has the limit, where that may differ. */
async function repeated(
  scope: ScopeName,
  repeats: number,
  act: (which: readonly [ScopeName, Owner], repeat: number) => Promise<void>,
): Promise<void> {
  for (let repeat = 0; repeat < repeats; repeat++) {
    await act([scope, ownerOf(scope, repeat)], repeat)
  }
}

describe.each(SCOPES)('1,000 calls at once on ten times the bound, strictly, of a %s', (scope) => {
  it('are answered exactly ten times by a provider that bills the bound', LONG, () =>
    repeated(scope, REPEATS, async (which, repeat) => {
      const call = await scripted(1)
      const crowding = { call, send: crowd.calls, isCold: repeat === 0 }
      const { answered, keys } = await strictCrowd(which, crowding)
      expect(answered).toBe(10)
      for (const refused of await crowd.calls(keys, call.raw, 20)) {
        expect([refused.status, refused.headers['x-should-retry']]).toEqual([400, 'false'])
      }
    }),
  )
})

// They wait more than they call: those of one scope beside those of the others.
describe.concurrent('1,000 calls that insist on ten times the bound, strictly', () => {
  it.each(SCOPES)('of a %s are answered as often as it may be', LONG, async (scope) => {
    const own = startCrowd(stack.url, CALLS)
    await repeated(scope, INSISTING_REPEATS, async (which) => {
      const call = await scripted(0.1)
      const crowding = { call, send: own.insist, isCold: false }
      const { answered } = await strictCrowd(which, crowding)
      // Another one fits until nine bounds are spent.
      const bill = costOf(stack.bills(call.word).slice(0, 1))
      expect(answered).toBe(Number((9n * call.boundPico) / bill) + 1)
    })
    own.close()
  })
})

it('leave every book in agreement', async () => {
  for (const { teamId, word } of crowds) await stack.agreeOn(teamId, costOf(stack.bills(word)))
})

describe.each(SCOPES)('1,000 calls from 50 connections with rpm 100 of a %s', (scope) => {
  it('are answered exactly a hundred times in a minute', LONG, () =>
    repeated(scope, REPEATS, async (which) => {
      const word = mark()
      const model = `script/usage-1-1+${word}`
      const raw = JSON.stringify({ model, messages: [] })
      const { keys } = await limitedTenant(stack, which, { model, requestsPerMinute: 100 })
      const called = await fifty.calls(keys, raw, CALLS)
      const [first, last] = [called.map(({ sentMs }) => sentMs), called.map(({ doneMs }) => doneMs)]
      expect(Math.max(...last) - Math.min(...first)).toBeLessThan(MINUTE_MS)
      const refused = called.filter(({ status }) => status !== 200)
      for (const { status, headers } of refused) {
        const why = [headers['x-tollgate-refused-by'], headers['rate_limit_type']]
        expect([status, ...why]).toEqual([429, which[1], 'requests'])
      }
      expect(refused).toHaveLength(CALLS - 100)
      expect(stack.bills(word)).toHaveLength(100)
    }),
  )
})

it.runIf(isLong)('rpm 100 lets a hundred pass in any minute, as long as calls come', LONG, () =>
  Promise.all(SCOPES.map((scope) => keepCalling([scope, ownerOf(scope, 0)]))),
)

async function keepCalling(which: readonly [ScopeName, Owner]): Promise<void> {
  const model = `script/usage-1-1+${mark()}`
  const raw = JSON.stringify({ model, messages: [] })
  const { keys } = await limitedTenant(stack, which, { model, requestsPerMinute: 100 })
  const answered: Called[] = []
  const endMs = performance.now() + 2.5 * MINUTE_MS
  while (performance.now() < endMs) {
    const called = await fifty.calls(keys, raw, 50)
    answered.push(...called.filter(({ status }) => status === 200))
  }
  expect(answered.length).toBeGreaterThan(200)
  expect(answered.length).toBeLessThanOrEqual(300)
  answered.sort((a, b) => a.sentMs - b.sentMs)
  for (const [i, { sentMs }] of answered.slice(0, -100).entries()) {
    const last = Math.max(...answered.slice(i, i + 101).map(({ doneMs }) => doneMs))
    expect(last - sentMs).toBeGreaterThanOrEqual(MINUTE_MS)
  }
}
