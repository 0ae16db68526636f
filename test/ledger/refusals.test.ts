import { describe, expect, it } from 'vitest'
import type { Limits, PolicyRow } from '../../src/ledger/policy.ts'
import type { Refusal, RefusalReason, ReserveRequest } from '../../src/ledger/types.ts'
import {
  accountRow,
  BARE,
  budget,
  budgetRow,
  caller,
  idAt,
  keyRow,
  memberRow,
  openLedger,
  rates,
  refused,
  reserveOf,
  settleOf,
  T0,
} from './build.ts'

const MODEL = 'openai/gpt-5'
const PATTERN = 'openai/*'

/** What every call below is: 10 probably, 30 at its worst, and one token. */
const CALL = { model: MODEL, expectedPico: 10n, boundPico: 30n, expectedTokens: 1 } as const

/** Where limits hang, in order of refusal. */
const SCOPES = [
  { at: 'key', kind: 'key', model: null },
  { at: 'key for a model', kind: 'key', model: PATTERN },
  { at: 'member', kind: 'member', model: null },
  { at: 'member for a model', kind: 'member', model: PATTERN },
  { at: 'account', kind: 'account', model: null },
  { at: 'account for a model', kind: 'account', model: PATTERN },
] as const

type Place = (typeof SCOPES)[number]
type Cause = Partial<Omit<PolicyRow, keyof Limits>> & Partial<Limits>

/**
 * Every reason in order of refusal, with what gives rise to it where 100 and 10 tokens are spent
 * and another call is in flight that holds 50. A step goes before scopes: all scopes are asked for
 * one before any is asked for the next.
 */
const STEPS: readonly (readonly (readonly [RefusalReason, Cause])[])[] = [
  [['deleted', { deleted: true }]],
  [['blocked', { blocked: true }]],
  [['expired', { expiresAtMs: T0 }]],
  [['model', { models: ['anthropic/*'] }]],
  [
    ['budget', { budgets: [budget(100n)] }],
    ['too_large', { budgets: [budget(129n)], enforcement: 'strict' }],
  ],
  [['held', { budgets: [budget(150n)] }]],
  [['parallel', { rates: rates({ parallelRequests: 1 }) }]],
  [['requests', { rates: rates({ requestsPerMinute: 2 }) }]],
  [['tokens', { rates: rates({ tokensPerMinute: 10 }) }]],
]

/** What is wrong with a row is wrong for all models. */
const OF_ROWS: ReadonlySet<RefusalReason> = new Set(['deleted', 'blocked', 'expired', 'model'])

interface Cell {
  readonly reason: RefusalReason
  readonly place: Place
  readonly cause: Cause
}

/** The table, in order of refusal: the earlier cell wins. */
const CELLS: readonly Cell[] = STEPS.flatMap((step) =>
  SCOPES.flatMap((place) => step.map(([reason, cause]) => ({ reason, place, cause }))),
).filter(
  ({ reason, place }) =>
    (place.model === null || !OF_ROWS.has(reason)) &&
    !(reason === 'deleted' && place.kind === 'member'),
)

/** Rows with limits for a model that limit nothing yet, and what these cells add to them. */
function rowsWith(cells: readonly Cell[]): PolicyRow[] {
  return [keyRow(), memberRow(), accountRow()].map((bare) => {
    let row: PolicyRow = { ...bare, modelLimits: { [PATTERN]: bare } }
    for (const { place, cause } of cells.filter((cell) => cell.place.kind === row.kind)) {
      const { budgets = [], rates: added, ...rest } = cause
      const old = place.model === null ? row : row.modelLimits![PATTERN]!
      const limits = { budgets: tighter(old, budgets), rates: { ...old.rates, ...some(added) } }
      row = place.model
        ? { ...row, ...rest, modelLimits: { [PATTERN]: limits } }
        : { ...row, ...rest, ...limits }
    }
    return row
  })
}

function tighter(old: Limits, added: Limits['budgets']): Limits['budgets'] {
  const limits = [...old.budgets, ...added].flatMap(({ limitPico }) => limitPico ?? [])
  return limits.length > 0 ? [budget(limits.reduce((a, b) => (a < b ? a : b)))] : old.budgets
}

function some(limits: object = {}): object {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null))
}

/** One call spent 100 and 10 tokens, another is in flight; the third one is decided on. */
function refusalOf(rows: readonly PolicyRow[], rest: Partial<ReserveRequest> = {}): Refusal {
  const { core } = openLedger()
  const { reserve, lastId } = caller(core)
  const open = rowsWith([])
  reserve(open, T0, { ...CALL, expectedTokens: 0 })
  core.settle(settleOf(lastId(), open, { chargePico: 100n, tokens: 10, model: MODEL }), T0)
  reserve(open, T0, { ...CALL, expectedPico: 50n, expectedTokens: 0 })
  return refused(reserve(rows, T0, { ...CALL, ...rest }))
}

describe('a limit', () => {
  it.each(CELLS)('of the $place.at refuses: $reason', (cell) => {
    const rows = rowsWith([cell])
    const { reason, scope, model } = refusalOf(rows)
    const row = rows.find(({ kind }) => kind === cell.place.kind)
    expect({ reason, scope, model }).toEqual({
      reason: cell.reason,
      scope: row,
      model: cell.place.model,
    })
  })
})

describe('of two limits that refuse', () => {
  it.each(CELLS.slice(0, -1))('$reason of the $place.at goes before all that follow', (first) => {
    for (const second of CELLS.slice(CELLS.indexOf(first) + 1)) {
      // On one scope a budget that is spent up is what this call would be too large for.
      const { reason, scope, model } = refusalOf(rowsWith([first, second]))
      expect([reason, scope?.kind, model], `${second.reason} of the ${second.place.at}`).toEqual([
        first.reason,
        first.place.kind,
        first.place.model,
      ])
    }
  })

  it('the newer row’s is asked: what was told goes before any refusal', () => {
    const { core } = openLedger()
    core.tell(keyRow({ version: 2, blocked: true }), T0)
    const rows = [keyRow({ deleted: true }), accountRow({ budgets: [budget(0n)] })]
    expect(core.reserve(reserveOf(idAt(T0, 1), rows), T0).kind).toBe('stale')
  })
})

describe('a refusal', () => {
  it('changes nothing', () => {
    const { core, store } = openLedger()
    const { reserve } = caller(core)
    for (const cell of CELLS.filter(({ reason }) => OF_ROWS.has(reason))) {
      refused(reserve(rowsWith([cell]), T0, CALL))
    }
    refused(reserve([keyRow(), accountRow({ budgets: [budget(0n)] })], T0))
    expect(store.entries.size).toBe(0)
    expect(core.nextDeadlineMs).toBeNull()
  })

  it.each([
    ['deleted', { deleted: true }],
    ['blocked', { blocked: true }],
    ['expired', { expiresAtMs: T0 }],
    ['model', { models: ['other'] }],
  ] as const)('because of a row names it and no numbers: %s', (reason, fields) => {
    const scope = keyRow(fields)
    expect(refusalOf([scope, accountRow()])).toEqual({ ...BARE, reason, scope })
  })

  it.each<[RefusalReason, Cause, Partial<Refusal>]>([
    ['budget', { budgets: [budget(99n)] }, { limitPico: 99n }],
    ['too_large', { budgets: [budget(129n)], enforcement: 'strict' }, { limitPico: 129n }],
    ['held', { budgets: [budget(150n)] }, { limitPico: 150n, retryAfterMs: 1_000 }],
    [
      'held',
      { budgets: [budget(179n)], enforcement: 'strict' },
      { limitPico: 179n, retryAfterMs: 1_000 },
    ],
  ])('because of money says how the budget stands: %s', (reason, cause, numbers) => {
    const cell = { reason, cause, place: SCOPES[3] }
    const rows = rowsWith([cell])
    const standing = { budget: 'main', spentPico: 100n, heldPico: 50n, ...numbers }
    const named = { scope: rows[1], model: PATTERN, ...standing }
    expect(refusalOf(rows)).toEqual({ ...BARE, reason, ...named })
  })
})

describe('a row', () => {
  it('of a member who left refuses nothing: the key is in the team', () => {
    const { core } = openLedger()
    const rows = [keyRow(), memberRow({ deleted: true }), accountRow()]
    expect(caller(core).reserve(rows, T0).kind).toBe('admitted')
  })

  it('of a shared budget that was blocked or deleted refuses nothing either', () => {
    const { core } = openLedger()
    for (const fields of [{ blocked: true }, { deleted: true }]) {
      const rows = [keyRow({ budgetId: 'shared' }), accountRow(), budgetRow(fields)]
      expect(caller(core).reserve(rows, T0).kind).toBe('admitted')
    }
  })

  it('expires at its millisecond, not before', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    const row = keyRow({ expiresAtMs: T0 + 5 })
    expect(reserve([row], T0 + 4).kind).toBe('admitted')
    expect(refused(reserve([row], T0 + 5)).reason).toBe('expired')
    expect(refused(reserve([row], T0 + 6)).reason).toBe('expired')
  })

  it('without a list of models allows all of them, and a call without one passes any list', () => {
    const { core } = openLedger()
    const { reserve } = caller(core)
    expect(reserve([keyRow()], T0, { model: MODEL }).kind).toBe('admitted')
    expect(reserve([keyRow({ models: ['other'] })], T0).kind).toBe('admitted')
  })
})
