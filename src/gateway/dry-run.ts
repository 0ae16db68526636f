import { isoMicros } from '../duration.ts'
import type { ApiError } from '../errors.ts'
import type { CallPolicy, ScopeId } from '../ledger/policy.ts'
import { partsOf, scopesOf } from '../ledger/scopes.ts'
import type { Decision, RateState, Refusal, ScopeState } from '../ledger/types.ts'
import { picoToDecimal, picoToUsd } from '../money.ts'
import { type AdmitDeps, ask, refusedCall } from './admit.ts'
import { type Call, capToSend } from './call.ts'
import type { LlmRequest } from './prepare.ts'
import { nameOf, type RowId } from './scope-names.ts'

/** What would become of the call: nothing is held, and no provider is asked. */
export async function dryRun(deps: AdmitDeps, request: LlmRequest) {
  const { call, caller, answer } = await ask(deps, request, ({ ledger }, reserve) =>
    ledger.decide(reserve),
  )
  const asTold = (refusal: Refusal | null) =>
    refusal && refusalBody(refusedCall(deps, { call, caller }, refusal))
  return {
    decision: answer.refusal ? 'refused' : 'admitted',
    refusal: asTold(answer.refusal),
    would_refuse: asTold(answer.wouldRefuse),
    model: call.group,
    ...amounts(call, answer),
    max_tokens: capToSend(call, answer),
    scopes: scopeRows(call, answer.scopes, deps.nowMs()),
    rates: answer.rates.map(rateRow),
  }
}

/** As the client would have got it. */
function refusalBody(error: ApiError) {
  return { status: error.status, ...error.toJSON(), headers: error.headers }
}

/** USD as JSON numbers, and as exact text beside them. */
function amounts({ estimate }: Call, { holdPico }: Decision) {
  const { expectedPico, boundPico } = estimate
  return {
    expected: picoToUsd(expectedPico),
    bound: picoToUsd(boundPico),
    hold: picoToUsd(holdPico),
    expected_usd: picoToDecimal(expectedPico),
    bound_usd: picoToDecimal(boundPico),
    hold_usd: picoToDecimal(holdPico),
  }
}

function scopeRows({ policy }: Call, states: readonly ScopeState[], nowMs: number) {
  const scopes = new Map(scopesOf(policy, nowMs).map((scope) => [scope.id, scope]))
  return states.map((state) => {
    const { scope, budget, spentPico, heldPico, limitPico, resetAtMs } = state
    const leftPico = limitPico === null ? null : limitPico - spentPico - heldPico
    return {
      ...told(rowOf(scope, policy)),
      model: partsOf(scope).model,
      budget,
      enforcement: scopes.get(scope)?.enforcement ?? null,
      limit: limitPico === null ? null : picoToUsd(limitPico),
      spent: picoToUsd(spentPico),
      held: picoToUsd(heldPico),
      remaining: leftPico === null ? null : picoToUsd(leftPico),
      reset_at: resetAtMs === null ? null : isoMicros(resetAtMs),
    }
  })
}

function rateRow({ kind, id, model, requests, tokens }: RateState) {
  return { ...told({ kind, id }), model, requests, tokens }
}

function rowOf(scope: ScopeId, { rows }: CallPolicy): RowId {
  const { kind, id } = partsOf(scope)
  if (kind === 'member' || kind === 'key') return { kind, id }
  return { kind: 'account', id: rows.find((row) => row.kind === 'account')?.id ?? '' }
}

function told(row: RowId) {
  const { word, id } = nameOf(row)
  return { scope: word, id }
}
