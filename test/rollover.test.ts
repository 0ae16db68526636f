import { describe, expect, it } from 'vitest'
import { parseDuration } from '../src/duration.ts'
import { rolled } from '../src/jobs/sweep.ts'
import { LedgerCore } from '../src/ledger/core.ts'
import { roll, snapshotOf } from '../src/ledger/snapshot.ts'
import { copiedStanding } from '../src/management/live.ts'
import { picoToDecimal } from '../src/money.ts'
import { CARRIED_MAX_PICO, type Resets, ROLLING, rollWindow } from '../src/windows.ts'
import { accountRow, budget, caller, keyRow, opening, settleOf, state, T0 } from './ledger/build.ts'
import { MemoryStore } from './ledger/memory-store.ts'

const DAY = 86_400_000
const ONE: Resets = { ...ROLLING, rolloverMax: 1 }

/** What counts as spent at an instant, of a budget of 100 a day that had spent so much at T0. */
function later(spentPico: bigint, days: number, resets = ONE, limitPico: bigint | null = 100n) {
  const rule = { duration: parseDuration('1d'), anchorMs: T0, limitPico }
  const known = { startMs: T0, endMs: T0 + DAY, spentPico }
  return rollWindow(rule, known, { nowMs: T0 + days * DAY, resets }).spentPico
}

describe('what a window begins with', () => {
  it.each<readonly [string, bigint, number, bigint]>([
    ['what is spent, until it ends', 30n, 0.999, 30n],
    ['less than nothing where something was left', 30n, 1, -70n],
    ['nothing where nothing was left', 100n, 1, 0n],
    ['what was spent too much', 130n, 1, 30n],
    ['a whole budget at most', 0n, 1, -100n],
    ['a whole budget at most, however long nobody called', 30n, 5, -100n],
    ['what is still owed after windows that nobody spent in', 450n, 3, 150n],
    ['what is left after debts were paid', 450n, 5, -50n],
    ['nothing owed after very long', 1_000_000n, 1_500, -100n],
  ])('is %s', (_name, spentPico, days, expected) => {
    expect(later(spentPico, days)).toBe(expected)
  })

  it('is bounded by as many budgets as config.yaml says', () => {
    const resets = { ...ROLLING, rolloverMax: 2.5 }
    expect([1, 2, 3, 9].map((days) => later(0n, days, resets))).toEqual([
      -100n,
      -200n,
      -250n,
      -250n,
    ])
  })

  it.each([
    ['left', 0n, -CARRIED_MAX_PICO],
    ['owed', 10n ** 27n, CARRIED_MAX_PICO],
  ])('is no more than a ledger can write, however much is %s', (_name, spentPico, expected) => {
    expect(later(spentPico, 1, ONE, 3n * CARRIED_MAX_PICO)).toBe(expected)
  })

  it.each([
    ['where nothing is carried', 30n, ROLLING, 100n],
    ['without a limit', 30n, ONE, null],
    ['with a limit of 0', 30n, ONE, 0n],
  ])('is nothing %s', (_name, spentPico, resets, limitPico) => {
    expect(later(spentPico, 1, resets, limitPico)).toBe(0n)
  })
})

describe('a ledger whose budgets are carried over', () => {
  const account = accountRow({ budgets: [budget(100n, '1d')] })
  const rows = [keyRow(), account]

  function ledger() {
    const store = new MemoryStore()
    const core = new LedgerCore(store, ONE)
    core.open(opening({ account }), T0)
    return { store, core }
  }

  function spend(core: LedgerCore, chargePico: bigint, nowMs: number): string {
    const { reserve, lastId } = caller(core)
    const answer = reserve(rows, nowMs)
    if (answer.kind === 'admitted') {
      core.settle(settleOf(lastId(), rows, { chargePico }), nowMs)
    }
    return answer.kind
  }

  it('admits what was left over, and refuses after it, also when it was asleep', () => {
    const { store, core } = ledger()
    spend(core, 40n, T0)
    for (const wake of [() => core, () => new LedgerCore(store, ONE)]) {
      expect(state(wake(), account, T0 + DAY).spentPico).toBe(-60n)
    }
    const next = new LedgerCore(store, ONE)
    expect(spend(next, 159n, T0 + DAY)).toBe('admitted')
    expect(spend(next, 1n, T0 + DAY + 1)).toBe('admitted')
    expect(spend(next, 1n, T0 + DAY + 2)).toBe('refused')
    const again = new LedgerCore(store, ONE)
    expect(state(again, account, T0 + DAY + 3).spentPico).toBe(100n)
    expect(spend(again, 1n, T0 + DAY + 3)).toBe('refused')
    expect(state(again, account, T0 + 2 * DAY).spentPico).toBe(0n)
  })

  it('is told apart by nobody: the ledger, metrics, cron and lists count the same', () => {
    const { core } = ledger()
    spend(core, 40n, T0)
    const then = state(core, account, T0)
    const copy = {
      spend: picoToDecimal(then.spentPico),
      spendWindowAt: new Date(then.startMs),
      spendWindowEndAt: new Date(then.resetAtMs!),
    }
    const columns = {
      budgetDuration: '1d',
      budgetAnchorAt: new Date(T0),
      budgetResetAlignment: null,
      maxBudget: picoToDecimal(100n),
    }
    const snapshot = snapshotOf(account, then, ONE)
    for (const days of [0.5, 1, 1.5, 2, 40]) {
      const now = { nowMs: T0 + days * DAY, resets: ONE }
      const told = [
        roll(snapshot, now.nowMs).spentPico,
        rolled({ ...columns, ...copy }, now).spentPico,
        copiedStanding(account.budgets[0]!, copy, now).spentPico,
      ]
      const { spentPico } = state(core, account, now.nowMs)
      // The ledger looked at each window on the way, the others did not.
      expect(told).toEqual([spentPico, spentPico, spentPico])
    }
  })
})
