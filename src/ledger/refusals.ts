import { CHARGE_MAX_PICO, type Pico } from '../money.ts'
import { isAllowed } from './access.ts'
import type { Standing } from './books.ts'
import type { PolicyRow } from './policy.ts'
import type { RateRefusal } from './rates.ts'
import type { Scope } from './scopes.ts'
import type { Refusal, RefusalReason, ReserveRequest, ScopeState } from './types.ts'

/** What the rules say of a call, before anything is set aside. */
export interface Verdict {
  readonly refusal: Refusal | null
  /** What would have refused it, where budgets are only observed. */
  readonly wouldRefuse: Refusal | null
  readonly holdPico: Pico
}

/**
 * The first reason to refuse. Reasons go before scopes: every scope's money is looked at before any
 * scope's rates, what no waiting helps against before what it does, and within a reason the scopes
 * decide in their order (key, member, account, each followed by its model's own limits).
 */
export function judge(
  standings: readonly Standing[],
  request: ReserveRequest,
  nowMs: number,
): Verdict {
  const { holdPico, leastPico } = costOf(standings, request)
  const refused = rowRefusal(standings, request.model ?? null, nowMs)
  if (refused) return { refusal: refused, wouldRefuse: null, holdPico }
  const asked = { leastPico, tokens: request.expectedTokens, nowMs }
  let wouldRefuse: Refusal | null = null
  for (const check of CHECKS) {
    for (const standing of standings) {
      const refusal = check(standing, asked)
      if (!refusal) continue
      if (standing.scope.enforcement !== 'observe') return { refusal, wouldRefuse, holdPico }
      wouldRefuse ??= refusal
    }
  }
  return { refusal: null, wouldRefuse, holdPico }
}

/** What limits are asked for. */
interface Asked extends Pick<Cost, 'leastPico'> {
  readonly tokens: number
  readonly nowMs: number
}

type Check = (standing: Standing, asked: Asked) => Refusal | null

const CHECKS: readonly Check[] = [
  spentUp,
  full,
  ({ scope, rates }) => rate(scope, rates?.parallelRefusal(scope.rates)),
  ({ scope, rates }, { nowMs }) => rate(scope, rates?.requestsRefusal(scope.rates, nowMs)),
  ({ scope, rates }, { tokens, nowMs }) =>
    rate(scope, rates?.tokensRefusal(scope.rates, tokens, nowMs)),
]

/** Whether another call like this one might not fit beside what is spent and held by now. */
export function isTight(states: readonly ScopeState[], holdPico: Pico): boolean {
  return states.some(
    ({ spentPico, heldPico, limitPico }) =>
      limitPico !== null && spentPico + heldPico + holdPico >= limitPico,
  )
}

/** The output cap that a hold pays for; null where nothing is strict: as the client asked. */
export function outputCapOf(
  standings: readonly Standing[],
  { boundPico, output }: ReserveRequest,
  holdPico: Pico,
): number | null {
  if (!output || !isStrict(standings)) return null
  if (output.picoPerToken === 0n) return output.tokens
  return output.tokens - Number((boundPico - holdPico) / output.picoPerToken)
}

/** What a call holds, and the least that it could hold with its output cap at the floor. */
interface Cost {
  readonly holdPico: Pico
  readonly leastPico: Pico
}

/** Expected; or where a budget is strict the bound, lowered to what fits if an output cap can be. */
function costOf(standings: readonly Standing[], request: ReserveRequest): Cost {
  const { expectedPico, boundPico, output } = request
  if (!isStrict(standings)) return { holdPico: expectedPico, leastPico: expectedPico }
  if (!output || output.floorTokens === null || output.picoPerToken === 0n) {
    return { holdPico: boundPico, leastPico: boundPico }
  }
  const floor = Math.min(output.floorTokens, output.tokens)
  const inputPico = boundPico - output.picoPerToken * BigInt(output.tokens)
  const leastPico = inputPico + output.picoPerToken * BigInt(floor)
  const room = roomOf(standings)
  if (boundPico <= room || leastPico > room) return { holdPico: boundPico, leastPico }
  const tokens = (room - inputPico) / output.picoPerToken
  return { holdPico: inputPico + tokens * output.picoPerToken, leastPico }
}

/** The least that is left in any strict budget, and at most what one call may hold. */
function roomOf(standings: readonly Standing[]): Pico {
  let least: Pico = CHARGE_MAX_PICO
  for (const { scope, states } of standings) {
    if (scope.enforcement !== 'strict') continue
    for (const { limitPico, spentPico, heldPico } of states) {
      if (limitPico === null) continue
      const room = limitPico - spentPico - heldPico
      if (room < least) least = room
    }
  }
  return least
}

function isStrict(standings: readonly Standing[]): boolean {
  return standings.some(
    ({ scope, states }) =>
      scope.enforcement === 'strict' && states.some(({ limitPico }) => limitPico !== null),
  )
}

/** In order of refusal. */
const ROW_REASONS = ['deleted', 'blocked', 'expired', 'model'] as const
type RowReason = (typeof ROW_REASONS)[number]

/** What is wrong with the rows themselves; no mode lets this pass. */
function rowRefusal(
  standings: readonly Standing[],
  model: string | null,
  nowMs: number,
): Refusal | null {
  let first: { readonly reason: RowReason; readonly row: PolicyRow } | null = null
  for (const { scope } of standings) {
    const reason = wrongWith(scope.row, model, nowMs)
    if (reason && (!first || isBefore(reason, first.reason))) first = { reason, row: scope.row }
  }
  return first && plain(first.reason, first.row)
}

function isBefore(a: RowReason, b: RowReason): boolean {
  return ROW_REASONS.indexOf(a) < ROW_REASONS.indexOf(b)
}

function wrongWith(
  { kind, deleted, blocked, expiresAtMs, models }: PolicyRow,
  model: string | null,
  nowMs: number,
): RowReason | null {
  // Who left a team may still have a key in it, which is the key's affair.
  if (deleted && kind !== 'member') return 'deleted'
  if (blocked) return 'blocked'
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return 'expired'
  return model !== null && !isAllowed(models, model) ? 'model' : null
}

/** Spent up, or strict and this call is more than what is left even if every hold came to nothing. */
function spentUp({ scope, states }: Standing, { leastPico }: Asked): Refusal | null {
  for (const state of states) {
    const { spentPico, limitPico } = state
    if (limitPico === null) continue
    if (spentPico >= limitPico) return broke('budget', scope, state)
    if (scope.enforcement !== 'strict') continue
    if (spentPico + leastPico > limitPico) return broke('too_large', scope, state)
  }
  return null
}

/** There is money left, but calls in flight hold it. */
function full({ scope, states }: Standing, { leastPico }: Asked): Refusal | null {
  const isStrictScope = scope.enforcement === 'strict'
  for (const state of states) {
    const { limitPico } = state
    if (limitPico === null) continue
    const taken = state.spentPico + state.heldPico
    const isFull = isStrictScope ? taken + leastPico > limitPico : taken >= limitPico
    if (isFull) return { ...broke('held', scope, state), retryAfterMs: 1_000 }
  }
  return null
}

function broke(reason: RefusalReason, { row, model }: Scope, state: ScopeState): Refusal {
  const { budget, spentPico, heldPico, limitPico, resetAtMs } = state
  return { ...plain(reason, row), model, budget, spentPico, heldPico, limitPico, resetAtMs }
}

function rate({ row, model }: Scope, refusal: RateRefusal | null | undefined): Refusal | null {
  return refusal ? { ...plain(refusal.reason, row), model, ...refusal } : null
}

export function plain(reason: RefusalReason, scope: PolicyRow | null): Refusal {
  return {
    reason,
    scope,
    model: null,
    budget: null,
    spentPico: 0n,
    heldPico: 0n,
    limitPico: null,
    resetAtMs: null,
    limit: null,
    retryAfterMs: null,
  }
}
