import { describe, expect, it } from 'vitest'
import type { LedgerCore } from '../../src/ledger/core.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { OutputBound, RefusalReason } from '../../src/ledger/types.ts'
import { CHARGE_MAX_PICO } from '../../src/money.ts'
import {
  accountRow,
  admitted,
  budget,
  caller,
  idAt,
  keyRow,
  memberRow,
  openLedger,
  rates,
  refused,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'

const strict = (limitPico: bigint | null, rest: Partial<PolicyRow> = {}): PolicyRow =>
  accountRow({ enforcement: 'strict', budgets: [budget(limitPico)], ...rest })

/** 100 for the input and 10 for each of 40 tokens: 500 at its worst, 200 with ten. */
const BOUND = 500n
const OUTPUT: OutputBound = { picoPerToken: 10n, tokens: 40, floorTokens: 10 }

/** A ledger in which this much was spent, and this much is held by another call. */
function ledgerWith(spentPico: bigint, heldPico = 0n): LedgerCore {
  const spends = [{ scope: 'account', budget: 'main', startMs: 0, spentPico }]
  const { core } = openLedger({ spends })
  if (heldPico > 0n) {
    admitted(core.reserve(reserveOf(idAt(T0, 99), [accountRow()], { expectedPico: heldPico }), T0))
  }
  return core
}

interface Ask {
  readonly rows: readonly PolicyRow[]
  readonly boundPico?: bigint
  readonly output?: OutputBound
}

/** What a strict call is told: [its hold, its cap], or why not. */
function ask(core: LedgerCore, { rows, boundPico = BOUND, output = OUTPUT }: Ask) {
  const answer = caller(core).reserve(rows, T0, { expectedPico: 7n, boundPico, output })
  if (answer.kind === 'refused') return answer.refusal.reason
  const { heldPico, outputTokens } = admitted(answer)
  return [heldPico, outputTokens]
}

describe('a strict budget', () => {
  /** What is left of it, with nothing held → what the call hears. */
  it.each<[bigint, readonly [bigint, number] | RefusalReason]>([
    [501n, [500n, 40]],
    [500n, [500n, 40]],
    [499n, [490n, 39]],
    [491n, [490n, 39]],
    [490n, [490n, 39]],
    [489n, [480n, 38]],
    [210n, [210n, 11]],
    [209n, [200n, 10]],
    [200n, [200n, 10]],
    [199n, 'too_large'],
    [1n, 'too_large'],
    [0n, 'budget'],
  ])('that has %s left: %s', (left, expected) => {
    const limitPico = 10_000n
    expect(ask(ledgerWith(limitPico - left), { rows: [strict(limitPico)] })).toEqual(expected)
    const other = { picoPerToken: 10n, tokens: 40, floorTokens: null }
    const whole = left >= 500n ? [500n, 40] : left > 0n ? 'too_large' : 'budget'
    const core = ledgerWith(limitPico - left)
    expect(ask(core, { rows: [strict(limitPico)], output: other })).toEqual(whole)
  })

  /** Spent and held of a limit of 1,000. */
  it.each<[bigint, bigint, readonly [bigint, number] | RefusalReason]>([
    [0n, 500n, [500n, 40]],
    [0n, 501n, [490n, 39]],
    [0n, 800n, [200n, 10]],
    [0n, 801n, 'held'],
    [800n, 0n, [200n, 10]],
    [800n, 1n, 'held'],
    [801n, 0n, 'too_large'],
    [801n, 199n, 'too_large'],
    [999n, 5_000n, 'too_large'],
    [1_000n, 0n, 'budget'],
    [300n, 9_000n, 'held'],
  ])('of 1,000 with %s spent and %s held: %s', (spent, held, expected) => {
    expect(ask(ledgerWith(spent, held), { rows: [strict(1_000n)] })).toEqual(expected)
  })

  it.each<[string, OutputBound, readonly [bigint, number] | RefusalReason]>([
    ['a floor above the cap is the cap', { ...OUTPUT, floorTokens: 41 }, 'too_large'],
    ['a floor at the cap', { ...OUTPUT, floorTokens: 40 }, 'too_large'],
    ['a floor just below what fits', { ...OUTPUT, floorTokens: 34 }, [450n, 35]],
    ['a floor at what fits', { ...OUTPUT, floorTokens: 35 }, [450n, 35]],
    ['a floor just above what fits', { ...OUTPUT, floorTokens: 36 }, 'too_large'],
    ['no floor: never lowered', { ...OUTPUT, floorTokens: null }, 'too_large'],
    ['a floor of none', { ...OUTPUT, floorTokens: 0 }, [450n, 35]],
    ['output that costs nothing', { ...OUTPUT, picoPerToken: 0n }, 'too_large'],
  ])('that has 450 left: %s', (_name, output, expected) => {
    expect(ask(ledgerWith(550n), { rows: [strict(1_000n)], output })).toEqual(expected)
  })

  it('lets output that costs nothing have its whole cap', () => {
    const output = { picoPerToken: 0n, tokens: 40, floorTokens: 10 }
    const call = { rows: [strict(1_000n)], boundPico: 450n, output }
    expect(ask(ledgerWith(550n), call)).toEqual([450n, 40])
  })

  it('lowers a cap to nothing if that is the floor and the input just fits', () => {
    const output = { ...OUTPUT, floorTokens: 0 }
    expect(ask(ledgerWith(900n), { rows: [strict(1_000n)], output })).toEqual([100n, 0])
    expect(ask(ledgerWith(901n), { rows: [strict(1_000n)], output })).toEqual('too_large')
  })

  it('sends a call without an output cap as it is, holding its bound', () => {
    const call = reserveOf(idAt(T0), [strict(1_000n)], { expectedPico: 7n, boundPico: 500n })
    expect(admitted(ledgerWith(0n).reserve(call, T0))).toMatchObject({
      heldPico: 500n,
      outputTokens: null,
    })
  })

  it('is never passed, however many calls come', () => {
    const core = ledgerWith(0n)
    const { reserve } = caller(core)
    const rest = { expectedPico: 7n, boundPico: BOUND, output: OUTPUT }
    const answers = Array.from({ length: 20 }, () => reserve([strict(1_730n)], T0, rest))
    const holds = answers.flatMap((one) => (one.kind === 'admitted' ? [one.heldPico] : []))
    expect(holds).toEqual([500n, 500n, 500n, 230n])
    expect(answers.slice(4).map((answer) => refused(answer).reason)).toContain('held')
  })

  it('says again what it said when the same call comes again', () => {
    const core = ledgerWith(550n)
    const rest = { expectedPico: 7n, boundPico: BOUND, output: OUTPUT }
    const call = reserveOf(idAt(T0), [strict(1_000n)], rest)
    const first = core.reserve(call, T0)
    expect(first).toMatchObject({ heldPico: 450n, outputTokens: 35 })
    expect(core.reserve(call, T0)).toEqual(first)
  })

  it('says what was set aside, also of a call that is larger than any may be', () => {
    const core = ledgerWith(0n)
    const call = reserveOf(idAt(T0), [strict(null)], { expectedPico: CHARGE_MAX_PICO + 5n })
    const first = core.reserve(call, T0)
    expect(first).toMatchObject({ heldPico: CHARGE_MAX_PICO })
    expect(core.reserve(call, T0)).toEqual(first)
  })
})

describe('several budgets', () => {
  it('lower the cap to the least that is left in a strict one of them', () => {
    const day = budget(1_000n, '1d', { id: '1d' })
    const rows = [
      keyRow({ enforcement: 'strict', budgets: [budget(480n), day] }),
      strict(1_000n, { modelLimits: { m: { budgets: [budget(333n)], rates: rates({}) } } }),
    ]
    const rest = { boundPico: BOUND, output: OUTPUT }
    const answer = ledgerWith(0n).reserve(reserveOf(idAt(T0), rows, { ...rest, model: 'm' }), T0)
    expect(admitted(answer)).toMatchObject({ heldPico: 330n, outputTokens: 23 })
    expect(ask(ledgerWith(0n), { rows })).toEqual([480n, 38])
  })

  it.each<[string, readonly PolicyRow[], readonly [bigint, number | null]]>([
    [
      'one is strict: the bound',
      [keyRow({ budgets: [budget(1n)] }), strict(9_000n, { enforcement: 'strict' })],
      [500n, 40],
    ],
    [
      'the strict one has no limit: what is expected',
      [keyRow({ enforcement: 'headroom', budgets: [budget(1n)] }), strict(null)],
      [7n, null],
    ],
    [
      'the strict ones are the member’s',
      [memberRow({ enforcement: 'strict', budgets: [budget(450n)] }), accountRow()],
      [450n, 35],
    ],
    [
      'none is strict: what is expected',
      [keyRow({ budgets: [budget(1n)] }), accountRow({ budgets: [budget(2n)] })],
      [7n, null],
    ],
    [
      'one is observed',
      [accountRow({ enforcement: 'observe', budgets: [budget(1n)] })],
      [7n, null],
    ],
  ])('hold what the strictest of them needs: %s', (_name, rows, expected) => {
    const modes = rows.map((row) =>
      row.enforcement === undefined ? { ...row, enforcement: 'headroom' as const } : row,
    )
    expect(ask(ledgerWith(0n), { rows: modes })).toEqual(expected)
  })
})

describe('a settle of more than the bound', () => {
  it('is charged in full: money was spent', () => {
    const core = ledgerWith(0n)
    const { reserve, lastId } = caller(core)
    admitted(reserve([strict(500n)], T0, { boundPico: 500n }))
    core.settle(settleOf(lastId(), [strict(500n)], { chargePico: 700n }), T0)
    expect(seen(core, strict(500n), T0)).toEqual([700n, 0n])
  })
})
