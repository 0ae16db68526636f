import { describe, expect, it } from 'vitest'
import { LedgerCore } from '../../src/ledger/core.ts'
import { HOLD_MS, YOUNG_MS } from '../../src/ledger/entries.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import { CHARGE_MAX_PICO } from '../../src/money.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  KEY_SCOPE,
  keyRow,
  openLedger,
  opening,
  refused,
  reserveOf,
  seen,
  settleOf,
  state,
  T0,
} from './build.ts'
import { MemoryStore } from './memory-store.ts'

const ROWS = [keyRow(), accountRow()]
const ACCOUNT = accountRow()
const ID = idAt(T0, 1)
const stale = (...rows: PolicyRow[]) => ({ kind: 'stale', row: rows[0], rows })
const hold = (expectedPico: bigint, rest = {}) => reserveOf(ID, ROWS, { expectedPico, ...rest })

describe('reserve', () => {
  it('holds the money at every scope and answers where each stands', () => {
    const { core } = openLedger()
    const answer = admitted(core.reserve(hold(7n), T0))
    const standing = { spentPico: 0n, heldPico: 7n, limitPico: null, startMs: 0, resetAtMs: null }
    expect(answer).toEqual({
      kind: 'admitted',
      tight: false,
      scopes: [
        { ...standing, scope: KEY_SCOPE, budget: 'main' },
        { ...standing, scope: 'account', budget: 'main' },
      ],
      rates: [],
      heldPico: 7n,
      outputTokens: null,
      wouldRefuse: null,
    })
  })

  it('repeated with the same id holds once, also after a renewal', () => {
    const { core, store } = openLedger()
    const first = core.reserve(hold(7n), T0)
    expect(core.reserve(hold(7n), T0)).toEqual(first)
    core.renew(ID, 0n, T0 + 1)
    expect(core.reserve(hold(99n), T0 + 2)).toEqual(first)
    expect(store.entries.size).toBe(1)
    expect(seen(core, ACCOUNT, T0)).toEqual([0n, 7n])
  })

  it('repeated after its settle is admitted and holds nothing', () => {
    const { core } = openLedger()
    core.reserve(hold(7n), T0)
    core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0)
    expect(core.reserve(hold(7n), T0).kind).toBe('admitted')
    expect(seen(core, ACCOUNT, T0)).toEqual([3n, 0n])
  })

  it('repeated after its budget is full answers as it did at first', () => {
    const { core } = openLedger()
    const row = accountRow({ budgets: [budget(10n)] })
    const request = reserveOf(ID, [row], { expectedPico: 10n })
    const first = core.reserve(request, T0)
    expect(core.reserve(request, T0)).toEqual(first)
    expect(refused(core.reserve({ ...request, id: idAt(T0, 2) }, T0)).reason).toBe('held')
  })

  it('repeated after a refusal is decided anew', () => {
    const { core } = openLedger()
    const blocked = keyRow({ blocked: true })
    refused(core.reserve(reserveOf(ID, [blocked]), T0))
    admitted(core.reserve(reserveOf(ID, [keyRow({ version: 2 })]), T0))
  })

  it.each([
    [-5n, 0n],
    [CHARGE_MAX_PICO, CHARGE_MAX_PICO],
    [CHARGE_MAX_PICO + 1n, CHARGE_MAX_PICO],
    [10n ** 30n, CHARGE_MAX_PICO],
  ])('holds an expected %s as %s', (expectedPico, heldPico) => {
    const { core } = openLedger()
    core.reserve(hold(expectedPico), T0)
    expect(seen(core, ACCOUNT, T0)).toEqual([0n, heldPico])
    core.release(ID, {}, T0)
    expect(seen(core, ACCOUNT, T0)).toEqual([0n, 0n])
  })
})

describe('settle', () => {
  it('charges every scope the cost in place of the hold', () => {
    const { core } = openLedger()
    core.reserve(hold(7n), T0)
    const answer = core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0 + 1)
    expect(answer).toMatchObject({
      kind: 'settled',
      scopes: [
        { scope: KEY_SCOPE, spentPico: 3n, heldPico: 0n },
        { scope: 'account', spentPico: 3n, heldPico: 0n },
      ],
    })
  })

  it('repeated changes nothing, whatever it says', () => {
    const { core, store } = openLedger()
    core.reserve(hold(7n), T0)
    const first = core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0)
    expect(core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0)).toEqual(first)
    expect(core.settle(settleOf(ID, ROWS, { chargePico: 500n }), T0 + 1)).toEqual(first)
    expect(store.entries.size).toBe(1)
  })

  it('keeps what the reserve said of the call, and adds what the answer said', () => {
    const { core, store } = openLedger()
    core.reserve(hold(7n, { detail: { model: 'llama3', status: null } }), T0)
    const said = { status: 'success', promptTokens: 5 }
    core.settle(settleOf(ID, ROWS, { chargePico: 3n, tokens: 9, detail: said }), T0 + 4)
    expect(store.entry(ID, 0)).toMatchObject({
      state: 'settled',
      reservedMs: T0,
      endedMs: T0 + 4,
      holdPico: 7n,
      chargePico: 3n,
      tokens: 9,
      charged: [
        [KEY_SCOPE, 'main', 0, null, 1],
        ['account', 'main', 0, null, 1],
      ],
      detail: { model: 'llama3', status: 'success', promptTokens: 5 },
    })
  })

  it.each([
    [-1n, 0n],
    [0n, 0n],
    [CHARGE_MAX_PICO + 5n, CHARGE_MAX_PICO],
  ])('of %s charges %s', (chargePico, charged) => {
    const { core } = openLedger()
    core.reserve(hold(7n), T0)
    core.settle(settleOf(ID, ROWS, { chargePico }), T0)
    expect(seen(core, ACCOUNT, T0)).toEqual([charged, 0n])
  })

  it('sums charges far past what a double holds', () => {
    const { core } = openLedger()
    for (let i = 1; i <= 1_000; i++) {
      core.settle(settleOf(idAt(T0, i), ROWS, { chargePico: CHARGE_MAX_PICO }), T0)
    }
    expect(seen(core, ACCOUNT, T0)).toEqual([1_000n * CHARGE_MAX_PICO, 0n])
  })

  it('of an unknown young id is charged, once', () => {
    const { core, store } = openLedger()
    const request = settleOf(ID, ROWS, { chargePico: 3n, tokens: 2, detail: { model: 'm' } })
    for (let i = 0; i < 3; i++) expect(core.settle(request, T0 + i).kind).toBe('settled')
    expect(seen(core, ACCOUNT, T0)).toEqual([3n, 0n])
    expect(seen(core, keyRow(), T0)).toEqual([3n, 0n])
    expect(store.entry(ID, 0)).toMatchObject({
      state: 'settled',
      tokens: 2,
      detail: { model: 'm', unknown: true },
    })
    expect(core.reserve(hold(7n), T0).kind).toBe('admitted')
    expect(seen(core, ACCOUNT, T0)).toEqual([3n, 0n])
  })

  it.each([
    ['one millisecond short of a day', T0 - YOUNG_MS + 1, 'settled', 3n],
    ['a day old', T0 - YOUNG_MS, 'unknown', 0n],
    ['much older', T0 - 10 * YOUNG_MS, 'unknown', 0n],
    ['from a clock ahead of ours', T0 + 60_000, 'settled', 3n],
  ])('of an unknown id %s is judged by its age', (_name, madeMs, kind, spent) => {
    const { core } = openLedger()
    expect(core.settle(settleOf(idAt(madeMs), ROWS, { chargePico: 3n }), T0).kind).toBe(kind)
    expect(seen(core, ACCOUNT, T0)).toEqual([spent, 0n])
  })

  it.each(['', 'chatcmpl-1', '018f3c3e-1234-4abc-8abc-0123456789ab'])(
    'of %j, which is no id of ours, is unknown',
    (id) => {
      const { core, store } = openLedger()
      expect(core.settle(settleOf(id, ROWS, { chargePico: 3n }), T0)).toEqual({ kind: 'unknown' })
      expect(store.entries.size).toBe(0)
    },
  )

  it('of one call leaves the holds of others', () => {
    const { core } = openLedger()
    core.reserve(hold(7n), T0)
    core.reserve(reserveOf(idAt(T0, 2), [keyRow({ id: 'b' }), ACCOUNT], { expectedPico: 5n }), T0)
    core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0)
    expect(seen(core, ACCOUNT, T0)).toEqual([3n, 5n])
    expect(seen(core, keyRow(), T0)).toEqual([3n, 0n])
    expect(seen(core, keyRow({ id: 'b' }), T0)).toEqual([0n, 5n])
  })
})

describe('release', () => {
  it('gives the hold back, once, and charges nothing', () => {
    const { core, store } = openLedger()
    core.reserve(hold(7n), T0)
    for (let i = 0; i < 3; i++) core.release(ID, { status: 'failure' }, T0 + i)
    expect(seen(core, ACCOUNT, T0)).toEqual([0n, 0n])
    expect(store.entry(ID, 0)).toMatchObject({ state: 'released', endedMs: T0, chargePico: 0n })
    expect(store.entries.size).toBe(1)
  })

  it('refuses the same id afterwards', () => {
    const { core } = openLedger()
    core.reserve(hold(7n), T0)
    core.release(ID, {}, T0)
    expect(refused(core.reserve(hold(7n), T0))).toMatchObject({ reason: 'released', scope: null })
    expect(seen(core, ACCOUNT, T0)).toEqual([0n, 0n])
  })

  it('of an unknown id leaves a tombstone that refuses its late reserve', () => {
    const { core } = openLedger()
    core.release(ID, {}, T0)
    core.release(ID, {}, T0)
    expect(refused(core.reserve(hold(7n), T0 + 1)).reason).toBe('released')
    expect(core.renew(ID, 1n, T0 + 1)).toBe(false)
    expect(seen(core, ACCOUNT, T0 + 1)).toEqual([0n, 0n])
  })

  it('after a settle changes nothing', () => {
    const { core } = openLedger()
    core.reserve(hold(7n), T0)
    core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0)
    core.release(ID, {}, T0)
    expect(seen(core, ACCOUNT, T0)).toEqual([3n, 0n])
  })

  it.each([
    ['released', (core: LedgerCore) => void core.reserve(hold(7n), T0)],
    ['never reserved', () => undefined],
  ])('of a call %s is corrected by a settle, once: money was spent', (_name, before) => {
    const { core } = openLedger()
    before(core)
    core.release(ID, {}, T0)
    for (let i = 0; i < 3; i++) {
      core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0 + i)
      expect(seen(core, ACCOUNT, T0 + i)).toEqual([3n, 0n])
      expect(seen(core, keyRow(), T0 + i)).toEqual([3n, 0n])
    }
  })

  it('before the ledger is opened is remembered', () => {
    const store = new MemoryStore()
    const core = new LedgerCore(store)
    core.release(ID, {}, T0)
    core.open(opening(), T0)
    expect(refused(core.reserve(hold(7n), T0)).reason).toBe('released')
  })
})

describe('a reserve that comes late', () => {
  it.each([
    ['45 seconds', 45_000, 'admitted'],
    ['a millisecond more', 45_001, 'refused'],
  ])('by %s after its id was made: %s', (_name, ageMs, kind) => {
    const { core, store } = openLedger()
    expect(core.reserve(hold(7n), T0 + ageMs).kind).toBe(kind)
    expect(store.entries.size).toBe(kind === 'admitted' ? 1 : 0)
  })

  it('is still answered if it came before', () => {
    const { core } = openLedger()
    core.reserve(hold(7n), T0)
    expect(core.reserve(hold(7n), T0 + 60_000).kind).toBe('admitted')
  })
})

describe('deadlines', () => {
  it('end a hold at its millisecond, not before, and charge what was held', () => {
    const { core, store } = openLedger()
    core.reserve(hold(7n), T0)
    expect(core.nextDeadlineMs).toBe(T0 + HOLD_MS)
    expect(seen(core, ACCOUNT, T0 + HOLD_MS - 1)).toEqual([0n, 7n])
    expect(seen(core, ACCOUNT, T0 + HOLD_MS)).toEqual([7n, 0n])
    expect(core.nextDeadlineMs).toBeNull()
    expect(store.entry(ID, 0)).toMatchObject({
      state: 'expired',
      endedMs: T0 + HOLD_MS,
      chargePico: 7n,
      detail: { status: 'expired' },
    })
  })

  it.each([
    [0n, 7n],
    [6n, 7n],
    [7n, 7n],
    [8n, 8n],
    [10n ** 30n, CHARGE_MAX_PICO],
    [-4n, 7n],
  ])('charge an orphan that was seen to cost %s the larger of that and its hold', (cost, spent) => {
    const { core } = openLedger()
    core.reserve(hold(7n), T0)
    expect(core.renew(ID, cost, T0)).toBe(true)
    expect(seen(core, ACCOUNT, T0 + HOLD_MS)).toEqual([spent, 0n])
  })

  it('move with each renewal, and only while the hold lives', () => {
    const { core } = openLedger()
    core.reserve(hold(7n), T0)
    for (let minute = 1; minute <= 10; minute++) {
      expect(core.renew(ID, 0n, T0 + minute * 60_000)).toBe(true)
    }
    const lastMs = T0 + 600_000
    expect(core.nextDeadlineMs).toBe(lastMs + HOLD_MS)
    expect(seen(core, ACCOUNT, lastMs + HOLD_MS - 1)).toEqual([0n, 7n])
    expect(seen(core, ACCOUNT, lastMs + HOLD_MS)).toEqual([7n, 0n])
    expect(core.renew(ID, 50n, lastMs + HOLD_MS)).toBe(false)
    expect(core.renew(idAt(T0, 9), 50n, lastMs)).toBe(false)
  })

  it('come in their order when holds are renewed out of turn', () => {
    const { core } = openLedger()
    for (const n of [1, 2, 3]) {
      core.reserve(reserveOf(idAt(T0, n), ROWS, { expectedPico: BigInt(10 ** n) }), T0 + n)
    }
    core.renew(idAt(T0, 1), 0n, T0 + 100)
    core.renew(idAt(T0, 3), 0n, T0 + 50_000)
    expect(core.nextDeadlineMs).toBe(T0 + 2 + HOLD_MS)
    expect(seen(core, ACCOUNT, T0 + 2 + HOLD_MS)).toEqual([100n, 1_010n])
    expect(seen(core, ACCOUNT, T0 + 100 + HOLD_MS)).toEqual([110n, 1_000n])
    expect(seen(core, ACCOUNT, T0 + 50_000 + HOLD_MS)).toEqual([1_110n, 0n])
  })

  it.each([
    ['a reserve', (core: LedgerCore) => void core.reserve(reserveOf(idAt(late, 2), []), late)],
    [
      'a refused reserve',
      (core: LedgerCore) =>
        void core.reserve(reserveOf(idAt(late, 2), [keyRow({ blocked: true })]), late),
    ],
    ['a settle', (core: LedgerCore) => void core.settle(settleOf(idAt(T0, 2), []), late)],
    ['a release', (core: LedgerCore) => core.release(idAt(T0, 2), {}, late)],
    ['a read', (core: LedgerCore) => void core.read([], late)],
    ['the alarm', (core: LedgerCore) => core.expire(late)],
  ])('are kept by %s', (_name, act) => {
    const { core, store } = openLedger()
    core.reserve(hold(7n), T0)
    act(core)
    expect(store.entry(ID, 0)?.state).toBe('expired')
  })
  const late = T0 + HOLD_MS

  it('leave a settle that comes before anybody looked as it is', () => {
    const { core, store } = openLedger()
    core.reserve(hold(7n), T0)
    core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0 + HOLD_MS + 5)
    expect(seen(core, ACCOUNT, T0 + HOLD_MS + 5)).toEqual([3n, 0n])
    expect(store.entries.size).toBe(1)
  })
})

const orphan = (window: string | null) => {
  const { core, store } = openLedger()
  const row = accountRow({ budgets: [budget(null, window)] })
  core.reserve(reserveOf(ID, [row], { expectedPico: 10n, detail: { model: 'm' } }), T0)
  core.expire(T0 + HOLD_MS)
  return { core, store, row, expiredMs: T0 + HOLD_MS }
}

describe('a late settle', () => {
  it.each([
    ['less', 4n, -6n],
    ['more', 25n, 15n],
    ['nothing', 0n, -10n],
    ['the same', 10n, 0n],
  ])('that cost %s corrects the orphan by a signed revision, once', (_name, chargePico, signed) => {
    const { core, store, row, expiredMs } = orphan(null)
    for (let i = 1; i <= 3; i++) {
      core.settle(settleOf(ID, [row], { chargePico, tokens: 5 }), expiredMs + i)
      expect(seen(core, row, expiredMs + i)).toEqual([chargePico, 0n])
    }
    core.settle(settleOf(ID, [row], { chargePico: 99n }), expiredMs + 9)
    expect(seen(core, row, expiredMs + 9)).toEqual([chargePico, 0n])
    expect(store.entry(ID, 0)).toMatchObject({ state: 'expired', chargePico: 10n })
    expect(store.entry(ID, 1)).toMatchObject({
      state: 'settled',
      chargePico: signed,
      endedMs: expiredMs,
      charged: [['account', 'main', 0, null, 1]],
      detail: { model: 'm', status: 'expired', corrected: true },
    })
  })

  it('corrects the window that was charged while it is open', () => {
    const { core, row, expiredMs } = orphan('1h')
    core.settle(settleOf(ID, [row], { chargePico: 4n }), T0 + 3_599_999)
    expect(seen(core, row, T0 + 3_599_999)).toEqual([4n, 0n])
    expect(expiredMs).toBeLessThan(T0 + 3_600_000)
  })

  it.each([
    [4n, 0],
    [400n, 0],
    [4n, 7],
    [400n, 7],
  ])('of %s leaves the next window alone, in which %i was spent', (chargePico, spent) => {
    const { core, store, row } = orphan('4m')
    const nextMs = T0 + 240_000
    core.settle(settleOf(idAt(T0, 2), [row], { chargePico: BigInt(spent) }), nextMs)
    core.settle(settleOf(ID, [row], { chargePico }), nextMs + 1)
    expect(seen(core, row, nextMs + 1)).toEqual([BigInt(spent), 0n])
    expect(store.entry(ID, 1)?.charged).toEqual([['account', 'main', T0, nextMs, 1]])
    const again = new LedgerCore(store)
    expect(seen(again, row, nextMs + 1)).toEqual([BigInt(spent), 0n])
  })

  it('after a restart finds the window that it corrects', () => {
    const { store, row, expiredMs } = orphan('1h')
    const again = new LedgerCore(store)
    again.settle(settleOf(ID, [row], { chargePico: 4n }), expiredMs + 1)
    expect(seen(again, row, expiredMs + 1)).toEqual([4n, 0n])
  })
})

describe('windows', () => {
  const row = accountRow({ budgets: [budget(100n, '2s')] })

  it('roll exactly at their end, when looked at', () => {
    const { core } = openLedger()
    core.settle(settleOf(ID, [row], { chargePico: 60n }), T0 + 500)
    expect(state(core, row, T0 + 1_999)).toMatchObject({
      spentPico: 60n,
      startMs: T0,
      resetAtMs: T0 + 2_000,
    })
    expect(state(core, row, T0 + 2_000)).toMatchObject({
      spentPico: 0n,
      startMs: T0 + 2_000,
      resetAtMs: T0 + 4_000,
    })
    expect(state(core, row, T0 + 11_000).startMs).toBe(T0 + 10_000)
  })

  it('take in what settles in them: a hold survives the roll of its own', () => {
    const { core } = openLedger()
    core.reserve(reserveOf(ID, [row], { expectedPico: 30n }), T0 + 1_999)
    expect(seen(core, row, T0 + 2_000)).toEqual([0n, 30n])
    core.settle(settleOf(ID, [row], { chargePico: 20n }), T0 + 2_001)
    expect(seen(core, row, T0 + 2_001)).toEqual([20n, 0n])
    expect(seen(core, row, T0 + 4_000)).toEqual([0n, 0n])
  })

  it('are each their own in several budgets and scopes', () => {
    const { core, store } = openLedger()
    const rows = [
      keyRow({ budgets: [budget(null, '1m')] }),
      accountRow({ budgets: [budget(null, '2s'), budget(null, null, { id: 'ever' })] }),
    ]
    core.settle(settleOf(ID, rows, { chargePico: 5n }), T0 + 2_500)
    expect(store.entry(ID, 0)?.charged).toEqual([
      [KEY_SCOPE, 'main', T0, T0 + 60_000, 1],
      ['account', 'main', T0 + 2_000, T0 + 4_000, 1],
      ['account', 'ever', 0, null, 1],
    ])
    const read = core.read(rows, T0 + 4_000) ?? []
    expect(read.map(({ spentPico }) => spentPico)).toEqual([5n, 0n, 5n])
  })

  it('of a shorter new limit are the same windows: only the limit changed', () => {
    const { core } = openLedger()
    core.settle(settleOf(ID, [row], { chargePico: 60n }), T0)
    const lower = accountRow({ version: 2, budgets: [budget(50n, '2s')] })
    expect(refused(core.reserve(reserveOf(idAt(T0, 2), [lower]), T0)).reason).toBe('budget')
    const higher = accountRow({ version: 3, budgets: [budget(61n, '2s')] })
    admitted(core.reserve(reserveOf(idAt(T0, 2), [higher]), T0))
  })

  it('never roll back when the clock does', () => {
    const { core } = openLedger()
    core.settle(settleOf(ID, [row], { chargePico: 60n }), T0 + 2_000)
    expect(state(core, row, T0 + 1_000)).toMatchObject({ spentPico: 60n, startMs: T0 + 2_000 })
    core.settle(settleOf(idAt(T0, 2), [row], { chargePico: 7n }), T0)
    expect(seen(core, row, T0 + 3_999)).toEqual([67n, 0n])
  })
})

describe('the clock', () => {
  it('going back lengthens no hold and stamps no entry before another', () => {
    const { core, store } = openLedger()
    core.reserve(hold(7n), T0 + 10_000)
    core.reserve(reserveOf(idAt(T0, 2), ROWS), T0)
    expect(store.entry(idAt(T0, 2), 0)).toMatchObject({
      reservedMs: T0 + 10_000,
      deadlineMs: T0 + 10_000 + HOLD_MS,
    })
    core.expire(T0 + HOLD_MS + 9_999)
    expect(core.nextDeadlineMs).toBe(T0 + 10_000 + HOLD_MS)
    core.expire(T0 + HOLD_MS + 10_000)
    core.expire(T0)
    expect(core.nextDeadlineMs).toBeNull()
  })

  it('of a new life starts where the last one ended', () => {
    const { core, store } = openLedger()
    const row = accountRow({ budgets: [budget(null, '2s')] })
    core.settle(settleOf(ID, [row], { chargePico: 60n }), T0 + 2_500)
    const again = new LedgerCore(store)
    expect(state(again, row, T0)).toMatchObject({ spentPico: 60n, startMs: T0 + 2_000 })
  })
})

describe('opening', () => {
  const spends = [
    { scope: 'account', budget: 'main', startMs: T0, spentPico: 40n },
    { scope: KEY_SCOPE, budget: 'main', startMs: T0, spentPico: 30n },
  ]

  it('is asked for before any money moves', () => {
    const store = new MemoryStore()
    const core = new LedgerCore(store)
    expect(core.reserve(hold(7n), T0).kind).toBe('unopened')
    expect(core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0).kind).toBe('unopened')
    expect(core.read(ROWS, T0)).toBeNull()
    expect(store.entries.size).toBe(0)
    expect([core.epoch, core.account()]).toEqual([0, null])
  })

  it('is asked of one caller at a time: the others wait, until that one took too long', () => {
    const core = new LedgerCore(new MemoryStore())
    const waits = [0, 1, 500, 1_999, 2_000, 2_001].map((at) => {
      const answer = core.reserve(reserveOf(idAt(T0, at), ROWS), T0 + at)
      return answer.kind === 'unopened' ? answer.waitMs > 0 : null
    })
    expect(waits).toEqual([false, true, true, true, false, true])
  })

  it('tells what changed while there was no ledger to tell', () => {
    const gone = keyRow({ version: 7, deleted: true })
    const { core, store } = openLedger({ account: accountRow({ version: 3 }), changed: [gone] })
    const account = accountRow({ version: 3 })
    for (const life of [core, new LedgerCore(store)]) {
      expect(life.reserve(reserveOf(ID, [ACCOUNT]), T0)).toEqual(stale(account))
      expect(life.reserve(hold(7n), T0)).toEqual(stale(gone, account))
    }
  })

  it('takes over what Postgres knew, once: the first wins', () => {
    const { core } = openLedger({ epoch: 3, spends })
    expect(core.epoch).toBe(3)
    const other = opening({ epoch: 4, spends: [{ ...spends[0]!, spentPico: 1_000n }] })
    expect(core.open(other, T0)).toEqual({ epoch: 3 })
    expect(seen(core, ACCOUNT, T0)).toEqual([40n, 0n])
    expect(seen(core, keyRow(), T0)).toEqual([30n, 0n])
    expect(core.account()).toEqual(accountRow())
  })

  it('counts its spend beside later charges, also in the next life', () => {
    const { core, store } = openLedger({ spends })
    core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0)
    const again = new LedgerCore(store)
    for (const life of [core, again]) {
      expect(seen(life, ACCOUNT, T0)).toEqual([43n, 0n])
      expect(seen(life, keyRow(), T0)).toEqual([33n, 0n])
      expect(life.books.windows.standing('account')).toEqual([
        { scope: 'account', budget: 'main', startMs: T0, endMs: null, version: 1, spentPico: 43n },
      ])
    }
    expect(again.epoch).toBe(1)
  })

  it('drops spend of a window that has ended', () => {
    const { core } = openLedger({ spends })
    const row = accountRow({ budgets: [budget(50n, '2s')] })
    expect(seen(core, row, T0 + 1_999)).toEqual([40n, 0n])
    expect(seen(core, row, T0 + 2_000)).toEqual([0n, 0n])
  })

  it('refuses right away what was spent before', () => {
    const { core } = openLedger({ spends })
    const row = accountRow({ budgets: [budget(40n)] })
    expect(refused(core.reserve(reserveOf(ID, [row]), T0))).toMatchObject({
      reason: 'budget',
      spentPico: 40n,
    })
  })
})

describe('a told row', () => {
  const newer = keyRow({ version: 5, blocked: true })

  it('answers requests that carry an older one, holding nothing', () => {
    const { core, store } = openLedger()
    core.tell(newer, T0)
    expect(core.reserve(hold(7n), T0)).toEqual(stale(newer))
    expect(store.entries.size).toBe(0)
    const again = new LedgerCore(store)
    expect(again.reserve(hold(7n), T0)).toEqual(stale(newer))
  })

  it('lets those decide that carry it, or a newer one', () => {
    const { core } = openLedger()
    core.tell(newer, T0)
    expect(refused(core.reserve(reserveOf(ID, [newer, ACCOUNT]), T0)).reason).toBe('blocked')
    admitted(core.reserve(reserveOf(ID, [keyRow({ version: 6 }), ACCOUNT]), T0))
  })

  it('concerns its own row only, key or account', () => {
    const { core } = openLedger()
    core.tell(newer, T0)
    admitted(core.reserve(reserveOf(ID, [keyRow({ id: 'other' }), ACCOUNT]), T0))
    const account = accountRow({ version: 2 })
    core.tell(account, T0)
    const answer = core.reserve(reserveOf(idAt(T0, 2), [keyRow({ version: 6 }), ACCOUNT]), T0)
    expect(answer).toEqual(stale(account))
    expect(core.account()).toEqual(account)
  })

  it('told again, or an older one told late, changes nothing', () => {
    const { core } = openLedger()
    core.tell(newer, T0)
    core.tell(keyRow({ version: 4 }), T0)
    core.tell(keyRow({ version: 5, alias: 'again' }), T0)
    expect(core.reserve(hold(7n), T0)).toEqual(stale(newer))
  })

  it('holds from before the opening, and in the next life', () => {
    const store = new MemoryStore()
    const early = new LedgerCore(store)
    const account = accountRow({ version: 2, alias: 'renamed' })
    early.tell(account, T0)
    early.open(opening(), T0)
    const again = new LedgerCore(store)
    expect(again.account()).toEqual(account)
    for (const life of [early, again]) {
      expect(life.reserve(hold(7n), T0)).toEqual(stale(account))
    }
  })

  it('does not stop a settle: the money is spent', () => {
    const { core } = openLedger()
    core.reserve(hold(7n), T0)
    core.tell(newer, T0)
    expect(core.settle(settleOf(ID, ROWS, { chargePico: 3n }), T0).kind).toBe('settled')
    expect(seen(core, ACCOUNT, T0)).toEqual([3n, 0n])
  })
})

describe('a new life', () => {
  it('knows holds, spend and deadlines of the last one', () => {
    const { core, store } = openLedger()
    core.reserve(hold(7n), T0)
    core.reserve(reserveOf(idAt(T0, 2), ROWS, { expectedPico: 5n }), T0 + 1)
    core.renew(ID, 9n, T0 + 2)
    core.settle(settleOf(idAt(T0, 3), ROWS, { chargePico: 2n }), T0 + 3)
    const again = new LedgerCore(store)
    expect(again.nextDeadlineMs).toBe(T0 + 1 + HOLD_MS)
    expect(seen(again, ACCOUNT, T0 + 4)).toEqual([2n, 12n])
    expect(seen(again, ACCOUNT, T0 + 2 + HOLD_MS)).toEqual([16n, 0n])
  })
})
