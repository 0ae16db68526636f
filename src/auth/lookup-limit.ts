const BURST = 500
const REFILL_PER_SECOND = 50

/** Cloudflare's binding, per location; absent under plain workerd. */
export interface RateLimitBinding {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>
}

/** How many keys may be looked up in Postgres: a flood of unknown ones must not reach it. */
export class LookupLimit {
  #binding: RateLimitBinding | null
  #tokens = BURST
  #refilledMs = 0

  constructor(binding: RateLimitBinding | null) {
    this.#binding = binding
  }

  async allows(nowMs: number): Promise<boolean> {
    const elapsedMs = Math.max(0, nowMs - this.#refilledMs)
    this.#tokens = Math.min(BURST, this.#tokens + (elapsedMs / 1_000) * REFILL_PER_SECOND)
    this.#refilledMs = Math.max(this.#refilledMs, nowMs)
    if (this.#tokens < 1) return false
    this.#tokens--
    return this.#binding ? (await this.#binding.limit({ key: 'lookup' })).success : true
  }

  /** For a key that was found: it is part of no flood, however many are new to this isolate. */
  refund(): void {
    this.#tokens = Math.min(BURST, this.#tokens + 1)
  }
}
