import { describe, expect, it } from 'vitest'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import {
  accountRow,
  admitted,
  BARE,
  caller,
  idAt,
  keyRow,
  openLedger,
  rates,
  refused,
  reserveOf,
  settleOf,
  T0,
} from './build.ts'

const MINUTE = 60_000

const limitedBy = (field: keyof PolicyRow['rates']) => (limit: number) => [
  keyRow({ rates: rates({ [field]: limit }) }),
]
const requestsPerMinute = limitedBy('requestsPerMinute')
const tokensPerMinute = limitedBy('tokensPerMinute')
const parallelRequests = limitedBy('parallelRequests')

describe('requests per minute', () => {
  it('are counted over the last 60 seconds to the millisecond', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    admitted(reserve(requestsPerMinute(2), T0))
    admitted(reserve(requestsPerMinute(2), T0 + 100))
    expect(refused(reserve(requestsPerMinute(2), T0 + 59_999))).toEqual({
      ...BARE,
      reason: 'requests',
      scope: requestsPerMinute(2)[0],
      limit: 2,
      retryAfterMs: 1,
    })
    admitted(reserve(requestsPerMinute(2), T0 + MINUTE))
    expect(refused(reserve(requestsPerMinute(2), T0 + MINUTE)).retryAfterMs).toBe(100)
    expect(refused(reserve(requestsPerMinute(2), T0 + MINUTE + 99)).retryAfterMs).toBe(1)
    admitted(reserve(requestsPerMinute(2), T0 + MINUTE + 100))
    expect(refused(reserve(requestsPerMinute(2), T0 + MINUTE + 100)).retryAfterMs).toBe(
      MINUTE - 100,
    )
  })

  it('count failed calls and not refused ones', () => {
    const { core } = openLedger()
    const { reserve, lastId } = caller(core)
    admitted(reserve(requestsPerMinute(2), T0))
    core.release(lastId(), {}, T0)
    for (let i = 0; i < 5; i++) refused(reserve([keyRow({ blocked: true })], T0))
    admitted(reserve(requestsPerMinute(2), T0))
    for (let i = 0; i < 5; i++) refused(reserve(requestsPerMinute(2), T0 + 30_000))
    admitted(reserve(requestsPerMinute(2), T0 + MINUTE))
    admitted(reserve(requestsPerMinute(2), T0 + MINUTE))
  })

  it('tell how long it takes when a limit was lowered below what passed', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    for (const at of [0, 10, 20, 30]) admitted(reserve(requestsPerMinute(4), T0 + at))
    expect(refused(reserve(requestsPerMinute(2), T0 + 40)).retryAfterMs).toBe(MINUTE + 20 - 40)
    expect(refused(reserve(requestsPerMinute(1), T0 + 40)).retryAfterMs).toBe(MINUTE + 30 - 40)
    expect(refused(reserve(requestsPerMinute(0), T0 + 40)).retryAfterMs).toBe(MINUTE)
    expect(refused(reserve(requestsPerMinute(4), T0 + 40)).retryAfterMs).toBe(MINUTE - 40)
  })

  it('are known of a scope that was not limited while they passed', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    admitted(reserve([keyRow()], T0))
    admitted(reserve([keyRow()], T0 + 1))
    expect(refused(reserve(requestsPerMinute(2), T0 + 2)).retryAfterMs).toBe(MINUTE - 2)
    admitted(reserve([keyRow()], T0 + 3))
    expect(refused(reserve(requestsPerMinute(3), T0 + 4)).retryAfterMs).toBe(MINUTE - 4)
  })

  it('of zero refuse for ever', () => {
    const { core } = openLedger()
    expect(refused(caller(core).reserve(requestsPerMinute(0), T0))).toMatchObject({
      limit: 0,
      retryAfterMs: MINUTE,
    })
  })

  it('stay exact over many thousand calls', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    for (let i = 0; i < 5_000; i++) admitted(reserve(requestsPerMinute(2_000), T0 + i * 30))
    expect(refused(reserve(requestsPerMinute(2_000), T0 + 4_999 * 30)).retryAfterMs).toBe(30)
    admitted(reserve(requestsPerMinute(2_000), T0 + 5_000 * 30))
  })
})

describe('tokens per minute', () => {
  it('count while they are held, and 60 seconds after the settle', () => {
    const { core } = openLedger()
    const { reserve, lastId } = caller(core)
    admitted(reserve(tokensPerMinute(100), T0, { expectedTokens: 60 }))
    const first = lastId()
    expect(refused(reserve(tokensPerMinute(100), T0, { expectedTokens: 41 }))).toEqual({
      ...BARE,
      reason: 'tokens',
      scope: tokensPerMinute(100)[0],
      limit: 100,
      retryAfterMs: 1_000,
    })
    expect(refused(reserve(tokensPerMinute(100), T0 + 70_000, { expectedTokens: 41 })).reason).toBe(
      'tokens',
    )
    core.settle(settleOf(first, tokensPerMinute(100), { tokens: 90 }), T0 + 70_000)
    const refusal = refused(reserve(tokensPerMinute(100), T0 + 70_001, { expectedTokens: 11 }))
    expect(refusal.retryAfterMs).toBe(MINUTE - 1)
    expect(
      refused(reserve(tokensPerMinute(100), T0 + 129_999, { expectedTokens: 11 })).retryAfterMs,
    ).toBe(1)
    admitted(reserve(tokensPerMinute(100), T0 + 130_000, { expectedTokens: 100 }))
  })

  it('may be used up to the limit exactly', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    admitted(reserve(tokensPerMinute(100), T0, { expectedTokens: 60 }))
    admitted(reserve(tokensPerMinute(100), T0, { expectedTokens: 40 }))
    admitted(reserve(tokensPerMinute(100), T0, { expectedTokens: 0 }))
    refused(reserve(tokensPerMinute(100), T0, { expectedTokens: 1 }))
  })

  it('are given back by a release', () => {
    const { core } = openLedger()
    const { reserve, lastId } = caller(core)
    admitted(reserve(tokensPerMinute(100), T0, { expectedTokens: 100 }))
    core.release(lastId(), {}, T0)
    admitted(reserve(tokensPerMinute(100), T0, { expectedTokens: 100 }))
  })

  it('let one call of any size into an idle scope, holding no more than the whole limit', () => {
    const { core, store } = openLedger()
    const { reserve, lastId } = caller(core)
    const rows = [...tokensPerMinute(100), accountRow({ rates: rates({ tokensPerMinute: 300 }) })]
    admitted(reserve(rows, T0, { expectedTokens: 1_000_000 }))
    expect(store.entry(lastId(), 0)?.holdTokens).toBe(100)
    expect(refused(reserve(rows, T0, { expectedTokens: 1 })).scope?.kind).toBe('key')
    admitted(reserve([rows[1]!], T0, { expectedTokens: 200 }))
    expect(refused(reserve([rows[1]!], T0, { expectedTokens: 1 })).limit).toBe(300)
  })

  it('wait for as many settles as the call needs, and no longer', () => {
    const { core } = openLedger()
    const { reserve, lastId } = caller(core)
    for (const [at, tokens] of [
      [0, 30],
      [10, 30],
      [20, 30],
    ] as const) {
      admitted(reserve(tokensPerMinute(100), T0 + at, { expectedTokens: 1 }))
      core.settle(settleOf(lastId(), tokensPerMinute(100), { tokens }), T0 + at)
    }
    const wait = (expectedTokens: number) =>
      refused(reserve(tokensPerMinute(100), T0 + 30, { expectedTokens })).retryAfterMs
    expect(wait(11)).toBe(MINUTE - 30)
    expect(wait(40)).toBe(MINUTE - 30)
    expect(wait(41)).toBe(MINUTE - 20)
    expect(wait(71)).toBe(MINUTE - 10)
    expect(wait(100)).toBe(MINUTE - 10)
    expect(wait(9_999)).toBe(MINUTE - 10)
  })

  it('of an orphan count for a minute from its expiry', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    admitted(reserve(tokensPerMinute(100), T0, { expectedTokens: 80 }))
    const refusal = refused(reserve(tokensPerMinute(100), T0 + 180_000, { expectedTokens: 21 }))
    expect([refusal.reason, refusal.retryAfterMs]).toEqual(['tokens', MINUTE])
    admitted(reserve(tokensPerMinute(100), T0 + 240_000, { expectedTokens: 100 }))
  })

  it('of zero refuse every call, also one that needs none', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    expect(refused(reserve(tokensPerMinute(0), T0, { expectedTokens: 0 }))).toMatchObject({
      reason: 'tokens',
      limit: 0,
      retryAfterMs: MINUTE,
    })
  })
})

describe('parallel requests', () => {
  it('are those in flight: settle, release and expiry each make room', () => {
    const { core } = openLedger()
    const { reserve, lastId } = caller(core)
    const full = {
      ...BARE,
      reason: 'parallel',
      scope: parallelRequests(1)[0],
      limit: 1,
      retryAfterMs: 1_000,
    }
    admitted(reserve(parallelRequests(1), T0))
    const first = lastId()
    expect(refused(reserve(parallelRequests(1), T0))).toEqual(full)
    core.settle(settleOf(first, parallelRequests(1)), T0)
    admitted(reserve(parallelRequests(1), T0))
    const second = lastId()
    expect(refused(reserve(parallelRequests(1), T0))).toEqual(full)
    core.release(second, {}, T0)
    admitted(reserve(parallelRequests(1), T0))
    expect(refused(reserve(parallelRequests(1), T0 + 179_999))).toEqual(full)
    admitted(reserve(parallelRequests(1), T0 + 180_000))
  })

  it('are not counted twice for a repeated reserve, nor given back twice', () => {
    const { core } = openLedger()
    const request = reserveOf(idAt(T0, 1), parallelRequests(2))
    for (let i = 0; i < 3; i++) admitted(core.reserve(request, T0))
    admitted(core.reserve(reserveOf(idAt(T0, 2), parallelRequests(2)), T0))
    for (let i = 0; i < 3; i++) core.settle(settleOf(idAt(T0, 1), parallelRequests(2)), T0)
    admitted(core.reserve(reserveOf(idAt(T0, 3), parallelRequests(2)), T0))
    expect(refused(core.reserve(reserveOf(idAt(T0, 4), parallelRequests(2)), T0)).reason).toBe(
      'parallel',
    )
  })

  it('of zero refuse every call', () => {
    const { core } = openLedger()
    expect(refused(caller(core).reserve(parallelRequests(0), T0)).reason).toBe('parallel')
  })

  it('count per scope: a full key leaves its account to others', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    const account = accountRow({ rates: rates({ parallelRequests: 2 }) })
    const other = keyRow({ id: 'other' })
    admitted(reserve([...parallelRequests(1), account], T0))
    expect(refused(reserve([...parallelRequests(1), account], T0)).scope?.kind).toBe('key')
    admitted(reserve([other, account], T0))
    expect(refused(reserve([other, account], T0)).scope?.kind).toBe('account')
  })
})
