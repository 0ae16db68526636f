import { describe, expect, it } from 'vitest'
import { LedgerCore } from '../../src/ledger/core.ts'
import { HOLD_MS } from '../../src/ledger/entries.ts'
import { KEEP_MS } from '../../src/ledger/object/outbox.ts'
import type { BudgetPolicy, PolicyRow } from '../../src/ledger/policy.ts'
import {
  accountRow,
  admitted,
  budget,
  budgetRow,
  idAt,
  keyRow,
  memberRow,
  openLedger,
  opening,
  rates,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'
import { Disk, inObject } from './systems.ts'

const SECOND = 1_000
const CHANGED = T0 + 500

/** A row whose window is this long, since its version's edit. */
const lasting = (version: number, duration: string | null, anchorMs = T0) =>
  keyRow({ version, budgets: [budget(null, duration, { anchorMs })] })

const lent = (duration: string, anchorMs = T0) => [budget(null, duration, { anchorMs })]
const borrower = (version: number) => keyRow({ version, budgets: [], budgetId: 'shared' })
const joined = (version: number, budgets: BudgetPolicy[]) => memberRow({ version, budgets })
const lender = (version: number, budgets: BudgetPolicy[]) =>
  accountRow({ version, memberLimits: { budgets, rates: rates({}) } })

/** Charges that much to these rows, at once. */
function spend(core: LedgerCore, rows: readonly PolicyRow[], pico: bigint, atMs: number): void {
  const id = idAt(atMs, ++n)
  core.settle(settleOf(id, rows, { chargePico: pico }), atMs)
}
let n = 100

describe('a changed duration that the ledger was not told of, only shown by requests', () => {
  it.each([
    ['a key', keyRow],
    ['an account', accountRow],
  ])(
    'of %s keeps its spend when, after an eviction, a call settles by the old row',
    (_name, row) => {
      const old = row({ version: 1, budgets: [budget(1_000n, '1s')] })
      const now = row({ version: 2, budgets: [budget(100n, '1d', { anchorMs: CHANGED })] })
      const { core, store } = openLedger()
      const [early, filling] = [idAt(T0, 1), idAt(CHANGED, 2)]
      admitted(core.reserve(reserveOf(early, [old], { expectedPico: 5n }), T0))
      admitted(core.reserve(reserveOf(filling, [now], { expectedPico: 90n }), CHANGED))
      core.settle(settleOf(filling, [now], { chargePico: 90n }), CHANGED)

      const again = new LedgerCore(store)
      again.settle(settleOf(early, [old], { chargePico: 5n }), T0 + 10_000)
      expect(seen(again, now, T0 + 10_000)).toEqual([95n, 0n])
    },
  )
})

describe('a changed duration that the ledger was told of', () => {
  const [old, day, week] = [lasting(1, '1s'), lasting(2, '1d', CHANGED), '1w'] as const
  const lives = [
    ['in the same life', false],
    ['after an eviction', true],
  ] as const

  it.each(lives)('keeps the spend when a call settles by the old row, %s', (_name, evicted) => {
    const { core, store } = openLedger()
    admitted(core.reserve(reserveOf(idAt(T0, 1), [old], { expectedPico: 5n }), T0))
    spend(core, [old], 90n, T0)
    core.tell(day, CHANGED)
    const life = evicted ? new LedgerCore(store) : core
    life.settle(settleOf(idAt(T0, 1), [old], { chargePico: 5n }), T0 + 10 * SECOND)
    expect(seen(life, day, T0 + 10 * SECOND)).toEqual([95n, 0n])
  })

  it.each(lives)('and changed again before anybody looked keeps it too, %s', (_name, evicted) => {
    const { core, store } = openLedger()
    spend(core, [old], 90n, T0)
    core.tell(day, CHANGED)
    const life = evicted ? new LedgerCore(store) : core
    const last = lasting(3, week, T0 + 10 * SECOND)
    life.tell(last, T0 + 10 * SECOND)
    expect(seen(life, last, T0 + 11 * SECOND)).toEqual([90n, 0n])
  })

  it.each(lives)('to a shorter one is over at that one’s end, %s', (_name, evicted) => {
    const { core, store } = openLedger()
    const [long, short] = [lasting(1, '1d'), lasting(2, '10s', CHANGED)]
    spend(core, [long], 90n, T0)
    core.tell(short, CHANGED)
    expect(seen(core, short, CHANGED + 9_999)).toEqual([90n, 0n])
    const life = evicted ? new LedgerCore(store) : core
    const last = lasting(3, week, T0 + 60 * SECOND)
    life.tell(last, T0 + 60 * SECOND)
    expect(seen(life, last, T0 + 61 * SECOND)).toEqual([0n, 0n])
  })

  it('keeps the spend when a correction of before is folded after it', () =>
    inObject((sql) => {
      const system = new Disk(sql)
      system.core.open(opening(), T0)
      const [first, second] = [lasting(1, '4m'), lasting(2, '1d', T0 + 200 * SECOND)]
      admitted(system.core.reserve(reserveOf(idAt(T0, 1), [first], { expectedPico: 10n }), T0))
      system.core.expire(T0 + HOLD_MS)
      system.core.tell(second, T0 + 200 * SECOND)
      spend(system.core, [second], 90n, T0 + 300 * SECOND)
      system.drain(T0 + 300 * SECOND)
      const late = settleOf(idAt(T0, 1), [first], { chargePico: 4n })
      system.core.settle(late, T0 + 400 * SECOND)
      system.drain(T0 + 400 * SECOND)
      system.tend(T0 + 400 * SECOND + KEEP_MS)
      system.evict()
      const third = lasting(3, week, T0 + 1_000 * SECOND)
      system.core.tell(third, T0 + 1_000 * SECOND)
      expect(seen(system.core, third, T0 + 1_001 * SECOND)).toEqual([94n, 0n])
    }))
})

describe('a changed duration of a row that lends it to others', () => {
  it('keeps a member’s spend when a call of before settles', () => {
    const [old, now] = [lender(1, lent('1s')), lender(2, lent('1d', CHANGED))]
    const { core } = openLedger({ account: old })
    admitted(core.reserve(reserveOf(idAt(T0, 1), [memberRow(), old], { expectedPico: 5n }), T0))
    spend(core, [memberRow(), old], 90n, T0)
    core.tell(now, CHANGED)
    const later = T0 + 10 * SECOND
    core.settle(settleOf(idAt(T0, 1), [memberRow(), old], { chargePico: 5n }), later)
    const [member] = core.read([memberRow(), now], later)!
    expect(member?.spentPico).toBe(95n)
  })

  it('keeps a key’s spend when a call of before settles', () => {
    const key = borrower(1)
    const [old, now] = [
      budgetRow({ version: 1, budgets: lent('1s') }),
      budgetRow({ version: 2, budgets: lent('1d', CHANGED) }),
    ]
    const { core } = openLedger()
    admitted(core.reserve(reserveOf(idAt(T0, 1), [key, old], { expectedPico: 5n }), T0))
    spend(core, [key, old], 90n, T0)
    core.tell(now, CHANGED)
    const later = T0 + 10 * SECOND
    core.settle(settleOf(idAt(T0, 1), [key, old], { chargePico: 5n }), later)
    expect(core.read([key, now], later)?.[0]?.spentPico).toBe(95n)
  })

  it('is not unlearnt by another change of a row that it is lent to', () => {
    const shared = budgetRow({ version: 1, budgets: lent('1m') })
    const { core } = openLedger()
    admitted(core.reserve(reserveOf(idAt(T0, 1), [borrower(2), shared], { expectedPico: 5n }), T0))
    core.tell(borrower(3), T0 + 1)
    const later = T0 + 90 * SECOND
    core.settle(settleOf(idAt(T0, 1), [borrower(2), shared], { chargePico: 5n }), later)
    expect(core.read([borrower(3), shared], later)?.[0]?.spentPico).toBe(5n)
  })

  it('of an older row does not win because the lender’s is newer', () => {
    const account = lender(9, [budget(null)])
    const { core } = openLedger({ account: accountRow() })
    spend(core, [joined(1, lent('1s')), accountRow()], 90n, T0)
    core.tell(joined(8, lent('1d', CHANGED)), CHANGED)
    spend(core, [joined(1, lent('1s')), account], 5n, T0 + 10 * SECOND)
    const [seenMember] = core.read([joined(8, lent('1d', CHANGED)), account], T0 + 10 * SECOND)!
    expect(seenMember?.spentPico).toBe(95n)
  })

  it('reaches a key that came to it after its first call', () => {
    const key = borrower(2)
    const [old, now] = [
      budgetRow({ version: 1, budgets: lent('1s') }),
      budgetRow({ version: 3, budgets: lent('1d', CHANGED) }),
    ]
    const { core } = openLedger()
    spend(core, [lasting(1, '1s')], 80n, T0)
    admitted(core.reserve(reserveOf(idAt(T0, 1), [key, old], { expectedPico: 5n }), T0))
    core.tell(now, CHANGED)
    const later = T0 + 10 * SECOND
    core.settle(settleOf(idAt(T0, 1), [key, old], { chargePico: 5n }), later)
    expect(core.read([key, now], later)?.[0]?.spentPico).toBe(85n)
  })

  it('holds from the next request on, also if a newer row lends beside it', () => {
    const member = joined(1, [])
    const shared = budgetRow({ version: 9, budgets: [budget(null)] })
    const rows = (account: PolicyRow) => [{ ...member, budgetId: 'shared' }, account, shared]
    const [old, now] = [lender(3, lent('1s')), lender(4, lent('10s'))]
    const { core } = openLedger({ account: old })
    spend(core, rows(old), 90n, T0)
    spend(core, rows(now), 5n, CHANGED)
    expect(core.read(rows(now), T0 + 5 * SECOND)?.[0]?.spentPico).toBe(95n)
  })
})
