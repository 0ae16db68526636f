import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { Refusal, RefusalReason, ReserveRequest } from '../../src/ledger/types.ts'
import { BARE } from './build.ts'
import { means, type ModelScope } from './model-scopes.ts'

export interface Standing {
  readonly budget: string
  readonly spentPico: bigint
  readonly heldPico: bigint
  readonly limitPico: bigint | null
  readonly resetAtMs: number | null
}

/** What the rules look at; the model knows. */
export interface Facts {
  readonly nowMs: number
  standings(scope: ModelScope): Standing[]
  /** Why this scope has no room for one more call in the last minute, if so. */
  parallel(scope: ModelScope): Partial<Refusal> | null
  requests(scope: ModelScope): Partial<Refusal> | null
  tokens(scope: ModelScope, tokens: number): Partial<Refusal> | null
}

export interface Verdict {
  readonly refusal: Refusal | null
  readonly wouldRefuse: Refusal | null
  readonly holdPico: bigint
  readonly outputTokens: number | null
  readonly clamped: boolean
}

type Check = (scope: ModelScope) => Refusal | null

/** The rules of design.md, one after the other. */
export function judge(
  facts: Facts,
  scopes: readonly ModelScope[],
  request: ReserveRequest,
): Verdict {
  const cost = costOf(facts, scopes, request)
  const money =
    (
      check: (state: Standing & { limitPico: bigint }, strict: boolean) => Partial<Refusal> | null,
    ) =>
    (scope: ModelScope): Refusal | null => {
      for (const state of facts.standings(scope)) {
        const { limitPico } = state
        if (limitPico === null) continue
        const found = check({ ...state, limitPico }, scope.enforcement === 'strict')
        if (found) return named(found.reason!, scope, { ...state, ...found })
      }
      return null
    }
  const steps: Check[] = [
    money(({ spentPico, limitPico }, strict) => {
      if (spentPico >= limitPico) return { reason: 'budget' }
      return strict && spentPico + cost.least > limitPico ? { reason: 'too_large' } : null
    }),
    money(({ spentPico, heldPico, limitPico }, strict) => {
      const taken = spentPico + heldPico
      const full = strict ? taken + cost.least > limitPico : taken >= limitPico
      return full ? { reason: 'held', retryAfterMs: 1_000 } : null
    }),
    rate('parallel', (scope) => facts.parallel(scope)),
    rate('requests', (scope) => facts.requests(scope)),
    rate('tokens', (scope) => facts.tokens(scope, request.expectedTokens)),
  ]
  const ofRows = rowRefusal(scopes, request.model ?? null, facts.nowMs)
  if (ofRows) return { ...cost, refusal: ofRows, wouldRefuse: null }
  let wouldRefuse: Refusal | null = null
  for (const step of steps) {
    for (const scope of scopes) {
      const refusal = step(scope)
      if (!refusal) continue
      if (scope.enforcement !== 'observe') return { ...cost, refusal, wouldRefuse }
      wouldRefuse ??= refusal
    }
  }
  return { ...cost, refusal: null, wouldRefuse }
}

function rate(reason: RefusalReason, check: (scope: ModelScope) => Partial<Refusal> | null): Check {
  return (scope) => {
    const found = check(scope)
    return found && named(reason, scope, found)
  }
}

function named(reason: RefusalReason, scope: ModelScope, rest: object): Refusal {
  return { ...BARE, ...rest, reason, scope: scope.row, model: scope.model }
}

function rowRefusal(scopes: readonly ModelScope[], model: string | null, nowMs: number) {
  const reasons: [RefusalReason, (row: PolicyRow) => boolean][] = [
    ['deleted', (row) => row.deleted && row.kind !== 'member'],
    ['blocked', (row) => row.blocked],
    ['expired', (row) => (row.expiresAtMs ?? Infinity) <= nowMs],
    [
      'model',
      ({ models }) =>
        model !== null && models.length > 0 && !models.some((one) => means(one, model)),
    ],
  ]
  for (const [reason, holds] of reasons) {
    const scope = scopes.find((one) => one.model === null && holds(one.row))
    if (scope) return { ...BARE, reason, scope: scope.row }
  }
  return null
}

/** The largest cap whose bound fits every strict budget, found by trying all of them. */
function costOf(facts: Facts, scopes: readonly ModelScope[], request: ReserveRequest) {
  const { expectedPico, boundPico, output } = request
  const rooms = scopes
    .filter(({ enforcement }) => enforcement === 'strict')
    .flatMap((scope) => facts.standings(scope))
    .flatMap(({ limitPico, spentPico, heldPico }) =>
      limitPico === null ? [] : [limitPico - spentPico - heldPico],
    )
  if (rooms.length === 0) {
    return { holdPico: expectedPico, least: expectedPico, outputTokens: null, clamped: false }
  }
  if (!output) return { holdPico: boundPico, least: boundPico, outputTokens: null, clamped: false }
  const { picoPerToken, tokens, floorTokens } = output
  const boundWith = (cap: number): bigint => boundPico - picoPerToken * BigInt(tokens - cap)
  const floor = Math.min(floorTokens ?? tokens, tokens)
  const least = boundWith(floor)
  // Output that costs nothing fits with its whole cap or not at all.
  for (let cap = tokens; cap >= (picoPerToken > 0n ? floor : tokens); cap--) {
    if (!rooms.every((room) => boundWith(cap) <= room)) continue
    return { holdPico: boundWith(cap), least, outputTokens: cap, clamped: cap < tokens }
  }
  return { holdPico: boundPico, least, outputTokens: tokens, clamped: false }
}
