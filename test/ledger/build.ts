import { parseDuration } from '../../src/duration.ts'
import { LedgerCore } from '../../src/ledger/core.ts'
import { unlimitedRow } from '../../src/ledger/policy.ts'
import type { BudgetPolicy, PolicyRow, RatePolicy } from '../../src/ledger/policy.ts'
import type {
  Opening,
  Refusal,
  ReserveAnswer,
  ReserveRequest,
  ScopeState,
  SettleRequest,
} from '../../src/ledger/types.ts'
import { MemoryStore } from './memory-store.ts'

/** Noon of a day: every test's clock starts here. */
export const T0 = Date.UTC(2026, 9, 1, 12)

export const KEY = 'a1b2'
export const KEY_SCOPE = `key:${KEY}`
export const USER = 'u1'
export const TEAM = 'team:qa'

/** An entry id made at `ms`, as ids.ts lays it out, without chance in it. */
export function idAt(ms: number, n = 0): string {
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`
}

export function budget(
  limitPico: bigint | null,
  duration: string | null = null,
  rest: Partial<BudgetPolicy> = {},
): BudgetPolicy {
  const parsed = duration === null ? null : parseDuration(duration)
  return { id: 'main', limitPico, duration: parsed, anchorMs: T0, ...rest }
}

export function rates(limits: Partial<RatePolicy>): RatePolicy {
  return { requestsPerMinute: null, tokensPerMinute: null, parallelRequests: null, ...limits }
}

export function keyRow(rest: Partial<PolicyRow> = {}): PolicyRow {
  return { ...unlimitedRow('key', KEY), version: 1, budgets: [budget(null)], ...rest }
}

export function memberRow(rest: Partial<PolicyRow> = {}): PolicyRow {
  return { ...unlimitedRow('member', USER), version: 1, budgets: [budget(null)], ...rest }
}

export function budgetRow(rest: Partial<PolicyRow> = {}): PolicyRow {
  return { ...unlimitedRow('budget', 'shared'), version: 1, ...rest }
}

export function accountRow(rest: Partial<PolicyRow> = {}): PolicyRow {
  return { ...unlimitedRow('account', TEAM), version: 1, budgets: [budget(null)], ...rest }
}

export function opening(rest: Partial<Opening> = {}): Opening {
  return { epoch: 1, account: accountRow(), spends: [], changed: [], ...rest }
}

export function reserveOf(
  id: string,
  rows: readonly PolicyRow[],
  rest: Partial<ReserveRequest> = {},
): ReserveRequest {
  const nothing = { expectedPico: 0n, boundPico: 0n, expectedTokens: 0, detail: {} }
  return { id, rows, ...nothing, ...rest }
}

export function settleOf(
  id: string,
  rows: readonly PolicyRow[],
  rest: Partial<SettleRequest> = {},
): SettleRequest {
  return { id, rows, chargePico: 0n, tokens: 0, detail: {}, ...rest }
}

/** A refusal that names no limit; tests add what theirs does. */
export const BARE: Refusal = {
  reason: 'blocked',
  scope: null,
  model: null,
  budget: null,
  spentPico: 0n,
  heldPico: 0n,
  limitPico: null,
  resetAtMs: null,
  limit: null,
  retryAfterMs: null,
}

export interface Fixture {
  readonly store: MemoryStore
  readonly core: LedgerCore
}

/** An opened ledger over a store of its own. */
export function openLedger(rest: Partial<Opening> = {}): Fixture {
  const store = new MemoryStore()
  const core = new LedgerCore(store)
  core.open(opening(rest), T0)
  return { store, core }
}

/** Reserves with an id of its own each time, so that ids never repeat. */
export function caller(core: LedgerCore) {
  let n = 0
  let last = ''
  return {
    reserve: (rows: readonly PolicyRow[], nowMs: number, rest: Partial<ReserveRequest> = {}) =>
      core.reserve(reserveOf((last = idAt(nowMs, ++n)), rows, rest), nowMs),
    lastId: () => last,
  }
}

export function refused(answer: ReserveAnswer): Refusal {
  if (answer.kind !== 'refused') throw new Error(`not refused but ${answer.kind}`)
  return answer.refusal
}

export function admitted(answer: ReserveAnswer): Extract<ReserveAnswer, { kind: 'admitted' }> {
  if (answer.kind === 'refused') throw new Error(`refused: ${answer.refusal.reason}`)
  if (answer.kind !== 'admitted') throw new Error(`not admitted but ${answer.kind}`)
  return answer
}

/** What one row's main budget shows at an instant: [spent, held]. */
export function seen(core: LedgerCore, row: PolicyRow, nowMs: number): readonly [bigint, bigint] {
  const { spentPico, heldPico } = state(core, row, nowMs)
  return [spentPico, heldPico]
}

export function state(core: LedgerCore, row: PolicyRow, nowMs: number): ScopeState {
  const [first] = core.read([row], nowMs) ?? []
  if (!first) throw new Error('a row was read and none came back')
  return first
}
