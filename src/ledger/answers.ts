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

function statesOf(standings: readonly Standing[], addedPico: Pico): ScopeState[] {
  const states: ScopeState[] = []
  for (const standing of standings) {
    for (const state of standing.states) {
      states.push(addedPico === 0n ? state : { ...state, heldPico: state.heldPico + addedPico })
    }
  }
  return states
}

function ratesOf(standings: readonly Standing[], nowMs: number): RateState[] {
  return standings.flatMap(({ scope: { kind, row, model, rates }, rates: book }) =>
    book ? [{ kind, id: row.id, model, ...book.left(rates, nowMs) }] : [],
  )
}
