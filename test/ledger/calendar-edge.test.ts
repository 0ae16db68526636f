import { describe, expect, it } from 'vitest'
import { LedgerCore } from '../../src/ledger/core.ts'
import { HOLD_MS } from '../../src/ledger/entries.ts'
import type { Resets } from '../../src/windows.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  keyRow,
  opening,
  reserveOf,
  settleOf,
  state,
} from './build.ts'
import { MemoryStore } from './memory-store.ts'

const BERLIN: Resets = { alignment: 'calendar', timezone: 'Europe/Berlin', resetMinute: 0 }
/** Midnights before and after the day on which Berlin's clocks go forward, and that before it. */
const EDGES = ['2026-03-27T23:00Z', '2026-03-28T23:00Z', '2026-03-29T22:00Z'] as const
const [SATURDAY, SUNDAY, MONDAY] = EDGES.map((text) => Date.parse(text)) as [number, number, number]
const MADE = SATURDAY - 1_000

const account = accountRow({ budgets: [budget(1_000n, '1d', { anchorMs: MADE })] })
const rows = [keyRow(), account]

function ledger(resets = BERLIN) {
  const store = new MemoryStore()
  const core = new LedgerCore(store, resets)
  core.open(opening({ account }), MADE)
  return { store, core }
}

const window = (core: LedgerCore, nowMs: number) => {
  const { startMs, resetAtMs, spentPico, heldPico } = state(core, account, nowMs)
  return { startMs, resetAtMs, spentPico, heldPico }
}

function hold(core: LedgerCore, nowMs: number, n = 1): string {
  const id = idAt(nowMs, n)
  admitted(core.reserve(reserveOf(id, rows, { expectedPico: 100n }), nowMs))
  return id
}

describe('the midnight of a zone', () => {
  it('ends a window of 23 hours in its millisecond, in this life and the next', () => {
    const { store, core } = ledger()
    core.settle(settleOf(hold(core, SUNDAY), rows, { chargePico: 70n }), SUNDAY)
    for (const wake of [() => core, () => new LedgerCore(store, BERLIN)]) {
      expect(window(wake(), MONDAY - 1)).toEqual({
        startMs: SUNDAY,
        resetAtMs: MONDAY,
        spentPico: 70n,
        heldPico: 0n,
      })
    }
    expect(window(core, MONDAY)).toMatchObject({ startMs: MONDAY, spentPico: 0n })
  })

  it.each([
    ['before it counts in the day that ends', SUNDAY - 1, [SATURDAY, 0n]],
    ['at it counts in the day that begins', SUNDAY, [SUNDAY, 70n]],
  ] as const)('a hold that settles %s', (_name, settledMs, [startMs, spentPico]) => {
    const { core } = ledger()
    const id = hold(core, SUNDAY - 5)
    expect(window(core, SUNDAY - 2)).toMatchObject({ startMs: SATURDAY, heldPico: 100n })
    core.settle(settleOf(id, rows, { chargePico: 70n }), settledMs)
    expect(window(core, settledMs).startMs).toBe(startMs)
    expect(window(core, SUNDAY)).toMatchObject({ startMs: SUNDAY, spentPico, heldPico: 0n })
  })

  it('lets a hold be, and counts it where the day begins', () => {
    const { core } = ledger()
    hold(core, SUNDAY - 5)
    expect(window(core, SUNDAY)).toMatchObject({ startMs: SUNDAY, spentPico: 0n, heldPico: 100n })
  })

  it('is not crossed back by a late settle: the day that ended has it in history only', () => {
    const { store, core } = ledger()
    const id = hold(core, SUNDAY - HOLD_MS - 5)
    expect(window(core, SUNDAY - 1)).toMatchObject({ spentPico: 100n })
    core.settle(settleOf(id, rows, { chargePico: 10n }), SUNDAY + 1)
    for (const life of [core, new LedgerCore(store, BERLIN)]) {
      expect(window(life, SUNDAY + 2)).toMatchObject({ startMs: SUNDAY, spentPico: 0n })
    }
    expect(store.entry(id, 1)).toMatchObject({
      chargePico: -90n,
      charged: [['key:a1b2'], ['account', 'main', SATURDAY]].map((one) =>
        expect.arrayContaining(one),
      ),
    })
  })

  it('is not crossed back by a clock that goes back', () => {
    const { core } = ledger()
    core.settle(settleOf(hold(core, SUNDAY), rows, { chargePico: 70n }), SUNDAY)
    const id = hold(core, SUNDAY - 10, 2)
    core.settle(settleOf(id, rows, { chargePico: 5n }), SUNDAY - 9)
    expect(window(core, SUNDAY - 8)).toMatchObject({ startMs: SUNDAY, spentPico: 75n })
  })
})

describe('a zone that is another after a deployment', () => {
  const TOKYO = { ...BERLIN, timezone: 'Asia/Tokyo' }
  const HAWAII = { ...BERLIN, timezone: 'Pacific/Honolulu' }
  /** Noon in Berlin, on the same date in Tokyo and Honolulu’s night. */
  const NOON = SATURDAY + 12 * 3_600_000

  it.each([
    ['east, whose day ends sooner', TOKYO, Date.parse('2026-03-28T15:00Z')],
    ['west, whose day began later', HAWAII, SUNDAY],
    ['at home, in fixed lengths', { ...BERLIN, alignment: 'rolling' } as const, MADE + 86_400_000],
  ])('%s keeps what was spent until the day ends', (_name, resets, endMs) => {
    const { store, core } = ledger()
    core.settle(settleOf(hold(core, NOON), rows, { chargePico: 70n }), NOON)
    const next = new LedgerCore(store, resets)
    expect(window(next, NOON + 1)).toMatchObject({
      startMs: SATURDAY,
      resetAtMs: endMs,
      spentPico: 70n,
    })
    expect(window(next, endMs - 1)).toMatchObject({ spentPico: 70n })
    expect(window(next, endMs)).toMatchObject({ spentPico: 0n })
  })
})
