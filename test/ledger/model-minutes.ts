import type { RatePolicy } from '../../src/ledger/policy.ts'

const MINUTE = 60_000

/** Something that counts for a minute: whose, when, how much. */
export interface Stamp {
  readonly id: string
  readonly atMs: number
  readonly amount: number
}

type Stamps = readonly (readonly [scope: string, stamps: readonly Stamp[]])[]

export interface Taken {
  readonly requests: Stamps
  readonly tokens: Stamps
}

interface Flying {
  readonly holdTokens: number
}

/** Every request and every token there ever was, scope by scope, in lists. */
export class Minutes {
  readonly #requests = new Map<string, Stamp[]>()
  readonly #tokens = new Map<string, Stamp[]>()

  request(scope: string, stamp: Stamp): void {
    put(this.#requests, scope, stamp)
  }

  token(scope: string, stamp: Stamp): void {
    put(this.#tokens, scope, stamp)
  }

  /** What a key takes along. */
  take(owner: string, nowMs: number): Taken {
    const taken = (stamps: Map<string, Stamp[]>) =>
      [...stamps.keys()]
        .filter((scope) => scope === owner || scope.startsWith(`${owner}/`))
        .map((scope) => [scope, lastMinute(stamps, scope, nowMs)] as const)
    return { requests: taken(this.#requests), tokens: taken(this.#tokens) }
  }

  /** A stamp that is there already stays one. */
  bring({ requests, tokens }: Taken): void {
    for (const [scope, stamps] of requests) merge(this.#requests, scope, stamps)
    for (const [scope, stamps] of tokens) merge(this.#tokens, scope, stamps)
  }

  tooMany(flying: readonly Flying[], limit: number | null) {
    return limit !== null && flying.length + 1 > limit ? { limit, retryAfterMs: 1_000 } : null
  }

  tooOften(scope: string, limit: number | null, nowMs: number) {
    const last = lastMinute(this.#requests, scope, nowMs)
    if (limit === null || last.length + 1 <= limit) return null
    return { limit, retryAfterMs: wait(last, { wanted: 1, limit }, nowMs) }
  }

  tooLarge(
    scope: string,
    call: { readonly limit: number | null; readonly tokens: number; readonly flying: number },
    nowMs: number,
  ) {
    const { limit, tokens, flying } = call
    if (limit === null) return null
    // No waiting helps.
    if (limit === 0) return { limit, retryAfterMs: MINUTE }
    const last = lastMinute(this.#tokens, scope, nowMs)
    const wanted = Math.min(tokens, limit) + flying
    if (sum(last) + wanted <= limit) return null
    const isFull = wanted > limit
    return { limit, retryAfterMs: isFull ? 1_000 : wait(last, { wanted, limit }, nowMs) }
  }

  left(
    scope: string,
    { rates, flying }: { readonly rates: RatePolicy; readonly flying: number },
    nowMs: number,
  ) {
    const requests = sum(lastMinute(this.#requests, scope, nowMs))
    const tokens = sum(lastMinute(this.#tokens, scope, nowMs)) + flying
    return {
      requests: leftOf(rates.requestsPerMinute, requests),
      tokens: leftOf(rates.tokensPerMinute, tokens),
    }
  }
}

function leftOf(limit: number | null, used: number) {
  return limit === null ? null : { limit, remaining: used > limit ? 0 : limit - used }
}

/** The least wait after which what is then left of the last minute has room for `wanted`. */
function wait(
  last: readonly Stamp[],
  { wanted, limit }: { readonly wanted: number; readonly limit: number },
  nowMs: number,
): number {
  for (const { atMs } of last) {
    const left = last.filter((one) => one.atMs > atMs)
    if (sum(left) + wanted <= limit) return atMs + MINUTE - nowMs
  }
  return MINUTE
}

function lastMinute(stamps: Map<string, Stamp[]>, scope: string, nowMs: number): Stamp[] {
  const all = stamps.get(scope) ?? []
  let from = all.length
  while (from > 0 && all[from - 1]!.atMs > nowMs - MINUTE) from--
  return all.slice(from)
}

function put(stamps: Map<string, Stamp[]>, scope: string, stamp: Stamp): void {
  const list = stamps.get(scope) ?? []
  list.push(stamp)
  stamps.set(scope, list)
}

function merge(mine: Map<string, Stamp[]>, scope: string, theirs: readonly Stamp[]): void {
  const known = new Set(mine.get(scope)?.map(({ id }) => id))
  const all = [...(mine.get(scope) ?? []), ...theirs.filter(({ id }) => !known.has(id))]
  mine.set(
    scope,
    all.toSorted((a, b) => a.atMs - b.atMs),
  )
}

function sum(stamps: readonly Stamp[]): number {
  return stamps.reduce((total, { amount }) => total + amount, 0)
}
