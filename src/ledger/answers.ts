import type { Pico } from '../money.ts'
import type { Standing } from './books.ts'
import { isTight, outputCapOf, type Verdict } from './refusals.ts'
import type { Admitted, Decision, RateState, ReserveRequest, ScopeState } from './types.ts'

interface Asked {
  readonly request: ReserveRequest
  readonly standings: readonly Standing[]
}

interface Given extends Asked, Pick<Verdict, 'wouldRefuse' | 'holdPico'> {
  /** What these standings do not show yet of the hold. */
  readonly addedPico: Pico
}

/** What a caller is told whose hold is in the books. */
export function admitted(given: Given, nowMs: number): Admitted {
  const { request, standings, holdPico, wouldRefuse, addedPico } = given
  const scopes = statesOf(standings, addedPico)
  return {
    kind: 'admitted',
    tight: isTight(scopes, holdPico),
    scopes,
    rates: ratesOf(standings, nowMs),
    heldPico: holdPico,
    outputTokens: outputCapOf(standings, request, holdPico),
    wouldRefuse,
  }
}

/** What it would be told, and how everything stands; nothing is held. */
export function decided({ request, standings }: Asked, verdict: Verdict, nowMs: number): Decision {
  return {
    kind: 'decided',
    ...verdict,
    outputTokens: outputCapOf(standings, request, verdict.holdPico),
    scopes: statesOf(standings, 0n),
    rates: ratesOf(standings, nowMs),
  }
}

/** Spelled out, as all is that each call makes: a spread costs several times as much. */
function statesOf(standings: readonly Standing[], addedPico: Pico): ScopeState[] {
  const all: ScopeState[] = []
  for (const { states } of standings) {
    for (const { scope, budget, spentPico, heldPico, limitPico, startMs, resetAtMs } of states) {
      const withPico = heldPico + addedPico
      all.push({ scope, budget, spentPico, heldPico: withPico, limitPico, startMs, resetAtMs })
    }
  }
  return all
}

function ratesOf(standings: readonly Standing[], nowMs: number): RateState[] {
  const all: RateState[] = []
  for (const { scope, rates } of standings) {
    if (!rates) continue
    const { kind, row, model } = scope
    const { requests, tokens } = rates.left(scope.rates, nowMs)
    all.push({ kind, id: row.id, model, requests, tokens })
  }
  return all
}
