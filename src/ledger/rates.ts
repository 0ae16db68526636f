import type { RatePolicy } from './policy.ts'
import type { RateLeft, Traffic } from './types.ts'

export const RATE_WINDOW_MS = 60_000

/** What happened in the last minute, oldest first; amounts of one millisecond share a slot. */
class Ring {
  #times: number[] = []
  #amounts: number[] = []
  #head = 0
  #total = 0

  add(atMs: number, amount: number): void {
    const last = this.#times.length - 1
    if (last >= this.#head && this.#times[last] === atMs) this.#amounts[last]! += amount
    else {
      this.#times.push(atMs)
      this.#amounts.push(amount)
    }
    this.#total += amount
    this.#forget(atMs)
  }

  total(nowMs: number): number {
    this.#forget(nowMs)
    return this.#total
  }

  #forget(nowMs: number): void {
    while (this.#head < this.#times.length && this.#times[this.#head]! <= nowMs - RATE_WINDOW_MS) {
      this.#total -= this.#amounts[this.#head]!
      this.#head++
    }
    if (this.#head > 1024 && this.#head * 2 > this.#times.length) {
      this.#times.splice(0, this.#head)
      this.#amounts.splice(0, this.#head)
      this.#head = 0
    }
  }

  /** How long until `amount` of what is in the ring has left it. */
  freeInMs(amount: number, nowMs: number): number {
    let freed = 0
    for (let i = this.#head; i < this.#times.length; i++) {
      freed += this.#amounts[i]!
      if (freed >= amount) return this.#times[i]! + RATE_WINDOW_MS - nowMs
    }
    return RATE_WINDOW_MS
  }
}

export interface RateRefusal {
  readonly reason: 'parallel' | 'requests' | 'tokens'
  readonly limit: number
  readonly retryAfterMs: number
}

/** Calls of a scope that are under way. */
export interface Flight {
  readonly holds: number
  readonly heldTokens: number
}

/**
 * One scope's traffic over the true last 60 seconds. Requests count from their reserve, tokens
 * while they are held and for 60 seconds after their settle.
 */
export class RateBook {
  #requests = new Ring()
  #tokens = new Ring()
  #flight: Flight

  constructor(recent: readonly Traffic[], flight: Flight) {
    this.#flight = flight
    for (const { reservedMs } of recent.toSorted((a, b) => a.reservedMs - b.reservedMs)) {
      this.#requests.add(reservedMs, 1)
    }
    const ended = recent.flatMap(({ endedMs, tokens }) =>
      endedMs === null ? [] : [{ endedMs, tokens }],
    )
    for (const { endedMs, tokens } of ended.toSorted((a, b) => a.endedMs - b.endedMs)) {
      this.#tokens.add(endedMs, tokens)
    }
  }

  parallelRefusal(policy: RatePolicy): RateRefusal | null {
    const limit = policy.parallelRequests
    if (limit === null || this.#flight.holds < limit) return null
    return { reason: 'parallel', limit, retryAfterMs: 1_000 }
  }

  requestsRefusal(policy: RatePolicy, nowMs: number): RateRefusal | null {
    const limit = policy.requestsPerMinute
    if (limit === null) return null
    const excess = this.#requests.total(nowMs) + 1 - limit
    if (excess <= 0) return null
    return { reason: 'requests', limit, retryAfterMs: this.#requests.freeInMs(excess, nowMs) }
  }

  /** A hold never exceeds the whole limit: an idle scope admits a call of any size. */
  tokensRefusal(policy: RatePolicy, tokens: number, nowMs: number): RateRefusal | null {
    const limit = policy.tokensPerMinute
    if (limit === null) return null
    const used = this.#tokens.total(nowMs)
    const excess = used + this.#flight.heldTokens + Math.min(tokens, limit) - limit
    if (excess <= 0 && limit > 0) return null
    const retryAfterMs = excess > used ? 1_000 : this.#tokens.freeInMs(excess, nowMs)
    return { reason: 'tokens', limit, retryAfterMs: limit > 0 ? retryAfterMs : RATE_WINDOW_MS }
  }

  /** What is left of each limit at this instant. */
  left({ requestsPerMinute, tokensPerMinute }: RatePolicy, nowMs: number) {
    const tokens = this.#tokens.total(nowMs) + this.#flight.heldTokens
    return {
      requests: leftOf(requestsPerMinute, this.#requests.total(nowMs)),
      tokens: leftOf(tokensPerMinute, tokens),
    }
  }

  hold(nowMs: number): void {
    this.#requests.add(nowMs, 1)
  }

  unannounced(tokens: number, nowMs: number): void {
    this.#requests.add(nowMs, 1)
    this.#tokens.add(nowMs, tokens)
  }

  end(tokens: number, nowMs: number): void {
    this.#tokens.add(nowMs, tokens)
  }
}

function leftOf(limit: number | null, used: number): RateLeft | null {
  return limit === null ? null : { limit, remaining: Math.max(0, limit - used) }
}
