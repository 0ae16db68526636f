import { describe, expect, it } from 'vitest'
import { LedgerCore } from '../../src/ledger/core.ts'
import { HOLD_MS } from '../../src/ledger/entries.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import { CHARGE_MAX_PICO } from '../../src/money.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  keyRow,
  memberRow,
  opening,
  openLedger,
  rates,
  refused,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'
import { MemoryStore } from './memory-store.ts'
import { Disk, inObject } from './systems.ts'

const ID = idAt(T0, 50)
const HUGE = 3n * CHARGE_MAX_PICO + 17n
const perModel = { m: { budgets: [budget(null)], rates: rates({}) } }
const windows = [budget(null), budget(null, '1d', { id: '1d' })]
const ROWS = [keyRow({ modelLimits: perModel }), memberRow(), accountRow({ budgets: windows })]

const to = (row: PolicyRow, toPico: bigint, id = ID) => ({
  id,
  row,
  rows: ROWS,
  toPico,
  detail: {},
})

/** A ledger in which one call of the model was charged 100. */
function charged() {
  const ledger = openLedger()
  const settle = settleOf(idAt(T0, 1), ROWS, { chargePico: 100n, tokens: 3, model: 'm' })
  ledger.core.settle(settle, T0)
  return ledger
}

/** What every budget has spent, by scope and budget. */
const spends = (core: LedgerCore, nowMs = T0) =>
  core.read(ROWS, nowMs)?.map(({ scope, budget: id, spentPico }) => `${scope} ${id} ${spentPico}`)

describe('an adjustment', () => {
  it.each([
    ['key', 'key:a1b2'],
    ['member', 'member:u1'],
    ['account', 'account'],
  ])('sets the main spend of one scope and leaves all others: of the %s', (kind, scope) => {
    const { core } = charged()
    const row = ROWS.find((one) => one.kind === kind)!
    const before = spends(core)
    const answer = core.adjust(to(row, 30n), T0)
    expect(answer).toEqual({ kind: 'adjusted', beforePico: 100n, afterPico: 30n })
    const after = before?.map((text) => text.replace(`${scope} main 100`, `${scope} main 30`))
    expect(spends(core)).toEqual(after)
    expect(after).not.toEqual(before)
  })

  it('may be relative, and bring a spend below nothing: the budget is that much larger', () => {
    const { core, store } = charged()
    const prepaid = keyRow({ budgets: [budget(10n)] })
    const credit = { ...to(prepaid, 0n), rows: [prepaid, ROWS[2]!], byPico: -150n }
    for (const wake of [() => core, () => new LedgerCore(store)]) {
      const life = wake()
      const answer = life.adjust(credit, T0)
      expect(answer).toEqual({ kind: 'adjusted', beforePico: 100n, afterPico: -50n })
      expect(seen(life, prepaid, T0)).toEqual([-50n, 0n])
    }
    const strict = { ...prepaid, enforcement: 'strict' as const }
    const fits = core.decide(reserveOf(idAt(T0, 9), [strict], { boundPico: 60n }), T0)
    expect(fits).toMatchObject({ kind: 'decided', refusal: null })
    const exceeds = core.decide(reserveOf(idAt(T0, 9), [strict], { boundPico: 61n }), T0)
    expect(exceeds).toMatchObject({ refusal: { reason: 'too_large' } })
  })

  it('acts once per id, in this life and the next, whatever it says then', () => {
    const { core, store } = charged()
    const first = core.adjust(to(ROWS[0]!, 30n), T0)
    core.settle(settleOf(idAt(T0, 2), ROWS, { chargePico: 5n }), T0)
    for (const life of [core, new LedgerCore(store)]) {
      expect(life.adjust(to(ROWS[0]!, 30n), T0 + 1)).toEqual(first)
      expect(life.adjust(to(ROWS[2]!, 0n), T0 + 1)).toEqual(first)
      expect(seen(life, ROWS[0]!, T0 + 1)).toEqual([35n, 0n])
    }
  })

  it.each([
    [101n, 'too_much'],
    [100n, 'adjusted'],
    [99n, 'adjusted'],
    [0n, 'adjusted'],
  ])('of 100 to %s: %s', (toPico, kind) => {
    const { core, store } = charged()
    const answer = core.adjust(to(ROWS[0]!, toPico), T0)
    expect(answer.kind).toBe(kind)
    expect(seen(core, ROWS[0]!, T0)[0]).toBe(kind === 'adjusted' ? toPico : 100n)
    const again = new LedgerCore(store)
    expect(seen(again, ROWS[0]!, T0)[0]).toBe(kind === 'adjusted' ? toPico : 100n)
  })

  it('that is refused may come again when it is not', () => {
    const { core } = charged()
    expect(core.adjust(to(ROWS[0]!, 150n), T0)).toEqual({ kind: 'too_much', spentPico: 100n })
    core.settle(settleOf(idAt(T0, 2), ROWS, { chargePico: 60n }), T0)
    expect(core.adjust(to(ROWS[0]!, 150n), T0).kind).toBe('adjusted')
    expect(seen(core, ROWS[0]!, T0)[0]).toBe(150n)
  })

  it.each([0n, 1n, CHARGE_MAX_PICO, HUGE - 1n, HUGE])(
    'of far more than one entry can say, to %s',
    (toPico) => {
      const spent = [{ scope: 'account', budget: 'main', startMs: 0, spentPico: HUGE }]
      const { core, store } = openLedger({ spends: spent })
      expect(core.adjust(to(ROWS[2]!, toPico), T0)).toEqual({
        kind: 'adjusted',
        beforePico: HUGE,
        afterPico: toPico,
      })
      for (const life of [core, new LedgerCore(store)]) {
        expect(seen(life, ROWS[2]!, T0)[0]).toBe(toPico)
        expect(life.adjust(to(ROWS[2]!, 0n), T0)).toMatchObject({ beforePico: HUGE })
      }
      for (const { chargePico } of store.entries.values()) {
        expect(-chargePico).toBeLessThanOrEqual(CHARGE_MAX_PICO)
      }
    },
  )

  it('is on disk, delivered, folded, and still done once', () =>
    inObject((sql) => {
      const system = new Disk(sql)
      const spent = [{ scope: 'account', budget: 'main', startMs: 0, spentPico: HUGE }]
      system.core.open(opening({ spends: spent }), T0)
      const first = system.core.adjust(to(ROWS[2]!, 9n), T0)
      const laterMs = T0 + 600_000
      for (const step of ['deliver', 'evict', 'fold', 'evict'] as const) {
        if (step === 'evict') system.evict()
        else system.drain(step === 'fold' ? laterMs : T0)
        if (step === 'fold') system.tend(laterMs)
        expect(seen(system.core, ROWS[2]!, laterMs)).toEqual([9n, 0n])
        expect(system.core.adjust(to(ROWS[2]!, 0n), laterMs)).toEqual(first)
      }
      const sum = system.delivered.reduce((total, { chargePico }) => total + chargePico, 0n)
      expect(sum).toBe(9n - HUGE)
      for (const { state, charged: at, detail } of system.delivered) {
        expect([state, at.length]).toEqual(['adjusted', 1])
        expect(detail).toMatchObject({ beforePico: String(HUGE), afterPico: '9' })
      }
    }))

  it('lets calls pass again, and is no request of anybody’s', () => {
    const { core } = charged()
    const limits = { budgets: [budget(100n)], rates: rates({ requestsPerMinute: 2 }) }
    const rows = [keyRow(limits), ROWS[1]!, ROWS[2]!]
    expect(refused(core.reserve(reserveOf(idAt(T0, 2), rows), T0)).reason).toBe('budget')
    core.adjust(to(ROWS[0]!, 99n), T0)
    admitted(core.reserve(reserveOf(idAt(T0, 2), rows), T0))
  })

  it('leaves holds as they are, and ends those that are due first', () => {
    const { core } = charged()
    admitted(core.reserve(reserveOf(idAt(T0, 2), ROWS, { expectedPico: 40n }), T0))
    core.adjust(to(ROWS[0]!, 10n), T0)
    expect(seen(core, ROWS[0]!, T0)).toEqual([10n, 40n])
    const answer = core.adjust(to(ROWS[0]!, 0n, idAt(T0, 51)), T0 + HOLD_MS)
    expect(answer).toMatchObject({ beforePico: 50n })
  })

  it('counts in the window that is open, and ends with it', () => {
    const row = keyRow({ budgets: [budget(null, '1m')] })
    const { core } = openLedger()
    core.settle(settleOf(idAt(T0, 1), [row], { chargePico: 100n }), T0)
    const request = { ...to(row, 30n), rows: [row] }
    core.adjust(request, T0 + 59_999)
    expect(seen(core, row, T0 + 59_999)[0]).toBe(30n)
    const late = { ...request, id: idAt(T0, 52), toPico: 0n }
    expect(core.adjust(late, T0 + 60_000)).toMatchObject({ beforePico: 0n })
  })

  it('waits for the opening', () => {
    const core = new LedgerCore(new MemoryStore())
    expect(core.adjust(to(ROWS[0]!, 0n), T0).kind).toBe('unopened')
  })
})
