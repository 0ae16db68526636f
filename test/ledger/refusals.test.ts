import { describe, expect, it } from 'vitest'
import type { LedgerCore } from '../../src/ledger/core.ts'
import type { PolicyRow, Refusal, RefusalReason } from '../../src/ledger/types.ts'
import {
  accountRow,
  admitted,
  budget,
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

/** Every test's own call numbers, so that ids never repeat. */
function caller(core: LedgerCore) {
  let n = 0
  let last = ''
  return {
    reserve: (rows: readonly PolicyRow[], nowMs: number, rest = {}) =>
      core.reserve(reserveOf((last = idAt(nowMs, ++n)), rows, rest), nowMs),
    lastId: () => last,
  }
}

const BARE: Refusal = {
  reason: 'blocked',
  scope: null,
  spentPico: 0n,
  heldPico: 0n,
  limitPico: null,
  resetAtMs: null,
  limit: null,
  retryAfterMs: null,
}

const dropNulls = (limits: object | undefined): object =>
  Object.fromEntries(Object.entries(limits ?? {}).filter(([, value]) => value !== null))

/** One call spent 100 and 10 tokens, and another is in flight: every reason holds. */
const reasonFor = (rows: readonly PolicyRow[]): Refusal => {
  const { core } = openLedger()
  const open = [keyRow(), accountRow()]
  core.reserve(reserveOf(idAt(T0, 1), open), T0)
  core.settle(settleOf(idAt(T0, 1), open, { chargePico: 100n, tokens: 10 }), T0)
  core.reserve(reserveOf(idAt(T0, 2), open), T0)
  return refused(core.reserve(reserveOf(idAt(T0, 3), rows, { expectedTokens: 1 }), T0))
}

const merge = (a: Partial<PolicyRow>, b: Partial<PolicyRow>): Partial<PolicyRow> => {
  const limits = { ...a.rates, ...dropNulls(b.rates) }
  return { ...a, ...b, ...(a.rates || b.rates ? { rates: rates(limits) } : {}) }
}

describe('precedence', () => {
  /** In the order in which they win. Each makes one row refuse the call that follows. */
  const REASONS: readonly (readonly [RefusalReason, Partial<PolicyRow>])[] = [
    ['deleted', { deleted: true }],
    ['blocked', { blocked: true }],
    ['expired', { expiresAtMs: T0 }],
    ['budget', { budgets: [budget(100n)] }],
    ['parallel', { rates: rates({ parallelRequests: 1 }) }],
    ['requests', { rates: rates({ requestsPerMinute: 1 }) }],
    ['tokens', { rates: rates({ tokensPerMinute: 10 }) }],
  ]
  const pairs = REASONS.flatMap(([winner, high], i) =>
    REASONS.slice(i).map(([loser, low]) => ({ winner, high, loser, low })),
  )
  it.each(pairs)('$winner goes before $loser', ({ winner, high, loser, low }) => {
    expect(reasonFor([keyRow(merge(high, low)), accountRow()]).reason).toBe(winner)
    expect(reasonFor([keyRow(), accountRow(merge(high, low))]).reason).toBe(winner)
    const atKey = reasonFor([keyRow(high), accountRow(low)])
    expect([atKey.reason, atKey.scope?.kind]).toEqual([winner, 'key'])
    const atAccount = reasonFor([keyRow(low), accountRow(high)])
    const scope = winner === loser ? 'key' : 'account'
    expect([atAccount.reason, atAccount.scope?.kind]).toEqual([winner, scope])
  })

  it('names a full key before a spent account, because the key’s money is asked first', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    admitted(reserve([keyRow(), accountRow()], T0, { expectedPico: 50n }))
    core.settle(settleOf(idAt(T0, 99), [accountRow()], { chargePico: 100n }), T0)
    const rows = [keyRow({ budgets: [budget(50n)] }), accountRow({ budgets: [budget(100n)] })]
    const first = refused(reserve(rows, T0))
    expect([first.reason, first.scope?.kind]).toEqual(['held', 'key'])
    const second = refused(reserve(rows.toReversed(), T0))
    expect([second.reason, second.scope?.kind]).toEqual(['budget', 'account'])
  })

  it('asks a newer row before it refuses, and money before a scope’s rates', () => {
    const { core } = openLedger()
    core.tell(keyRow({ version: 2, blocked: true }), T0)
    const old = core.reserve(reserveOf(idAt(T0, 1), [keyRow({ deleted: true }), accountRow()]), T0)
    expect(old.kind).toBe('stale')
    const rows = [
      keyRow({ version: 2, rates: rates({ requestsPerMinute: 0 }) }),
      accountRow({ budgets: [budget(0n)] }),
    ]
    const refusal = refused(core.reserve(reserveOf(idAt(T0, 2), rows), T0))
    expect([refusal.reason, refusal.scope?.kind]).toEqual(['budget', 'account'])
  })

  it('changes nothing when it refuses', () => {
    const { core, store } = openLedger()
    const { reserve } = caller(core)
    for (const [, reason] of REASONS.slice(0, 3)) refused(reserve([keyRow(reason)], T0))
    refused(reserve([keyRow(), accountRow({ budgets: [budget(0n)] })], T0))
    expect(store.entries.size).toBe(0)
    expect(core.nextDeadlineMs).toBeNull()
  })
})

describe('blocked, deleted, expired', () => {
  it.each([
    ['deleted', { deleted: true }],
    ['blocked', { blocked: true }],
    ['expired', { expiresAtMs: T0 }],
  ] as const)('%s names the row and no numbers', (reason, fields) => {
    const { core } = openLedger()
    const row = keyRow(fields)
    const answer = core.reserve(reserveOf(idAt(T0), [row, accountRow()]), T0)
    expect(answer).toEqual({ kind: 'refused', refusal: { ...BARE, reason, scope: row } })
  })

  it('expires a key at its millisecond, not before', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    const row = keyRow({ expiresAtMs: T0 + 5 })
    admitted(reserve([row], T0 + 4))
    expect(refused(reserve([row], T0 + 5)).reason).toBe('expired')
    expect(refused(reserve([row], T0 + 6)).reason).toBe('expired')
  })
})

describe('headroom', () => {
  /** [limit, spent, held by others] → what one more call hears; its own cost plays no part. */
  it.each<[bigint | null, bigint, bigint, RefusalReason | 'admitted']>([
    [null, 0n, 0n, 'admitted'],
    [null, 10n ** 20n, 10n ** 9n, 'admitted'],
    [0n, 0n, 0n, 'budget'],
    [1n, 0n, 0n, 'admitted'],
    [1n, 1n, 0n, 'budget'],
    [1n, 2n, 0n, 'budget'],
    [1n, 0n, 1n, 'held'],
    [100n, 99n, 0n, 'admitted'],
    [100n, 98n, 1n, 'admitted'],
    [100n, 99n, 1n, 'held'],
    [100n, 100n, 0n, 'budget'],
    [100n, 100n, 50n, 'budget'],
    [100n, 0n, 100n, 'held'],
    [100n, 0n, 99n, 'admitted'],
    [10n ** 27n, 10n ** 27n - 1n, 0n, 'admitted'],
    [10n ** 27n, 10n ** 27n, 0n, 'budget'],
  ])('of %s with %s spent and %s held: %s', (limitPico, spentPico, held, expected) => {
    const spends = [{ scope: 'account', budget: 'main', startMs: T0, spentPico }]
    const { core } = openLedger({ spends })
    const { reserve } = caller(core)
    const free = accountRow({ budgets: [budget(null)] })
    admitted(reserve([free], T0, { expectedPico: held }))
    const row = accountRow({ budgets: [budget(limitPico)] })
    const answer = reserve([row], T0, { expectedPico: 10n ** 12n })
    if (expected === 'admitted') {
      admitted(answer)
      return
    }
    expect(refused(answer)).toEqual({
      ...BARE,
      reason: expected,
      scope: row,
      spentPico,
      heldPico: held,
      limitPico,
      retryAfterMs: expected === 'held' ? 1_000 : null,
    })
  })

  it('says when a window resets, and admits again at that millisecond', () => {
    const { core } = openLedger()
    const { reserve, lastId } = caller(core)
    const row = accountRow({ budgets: [budget(10n, '2s', { anchorMs: T0 - 500 })] })
    admitted(reserve([row], T0))
    core.settle(settleOf(lastId(), [row], { chargePico: 10n }), T0)
    expect(refused(reserve([row], T0 + 1_499)).resetAtMs).toBe(T0 + 1_500)
    admitted(reserve([row], T0 + 1_500))
  })

  it('of several budgets is that of the first full one, with its own numbers', () => {
    const { core } = openLedger()
    const { reserve, lastId } = caller(core)
    const row = accountRow({
      budgets: [budget(100n), budget(10n, '1m', { id: 'minute' }), budget(7n, '2s', { id: 'two' })],
    })
    admitted(reserve([row], T0))
    core.settle(settleOf(lastId(), [row], { chargePico: 8n }), T0)
    expect(refused(reserve([row], T0))).toMatchObject({
      reason: 'budget',
      spentPico: 8n,
      limitPico: 7n,
      resetAtMs: T0 + 2_000,
    })
    admitted(reserve([row], T0 + 2_000))
    core.settle(settleOf(lastId(), [row], { chargePico: 2n }), T0 + 2_000)
    expect(refused(reserve([row], T0 + 4_000))).toMatchObject({
      spentPico: 10n,
      limitPico: 10n,
      resetAtMs: T0 + MINUTE,
    })
    admitted(reserve([row], T0 + MINUTE))
    core.settle(settleOf(lastId(), [row], { chargePico: 90n }), T0 + MINUTE)
    expect(refused(reserve([row], T0 + 2 * MINUTE))).toMatchObject({
      spentPico: 100n,
      limitPico: 100n,
      resetAtMs: null,
    })
  })

  it('is tight from where another call like this one would reach the limit', () => {
    const rows = [keyRow({ budgets: [budget(100n)] }), accountRow()]
    const tightAfter = (spentPico: bigint, expectedPico: bigint): boolean => {
      const spends = [{ scope: 'key:a1b2', budget: 'main', startMs: T0, spentPico }]
      const { core } = openLedger({ spends })
      return admitted(caller(core).reserve(rows, T0, { expectedPico })).tight
    }
    expect(tightAfter(0n, 49n)).toBe(false)
    expect(tightAfter(0n, 50n)).toBe(true)
    expect(tightAfter(98n, 0n)).toBe(false)
    expect(tightAfter(97n, 1n)).toBe(false)
    expect(tightAfter(98n, 1n)).toBe(true)
    expect(tightAfter(99n, 1n)).toBe(true)
  })
})

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
