import type { ScopeId } from './policy.ts'
import { RATE_WINDOW_MS } from './rates.ts'
import type { LedgerStore } from './store.ts'
import type { ScopeTraffic, Traffic } from './types.ts'

/** The last minute of scopes whose traffic memory did not count, from the store. */
export class Recent {
  #store: LedgerStore
  /** Traffic that other ledgers had seen of keys that moved here. */
  #arrived = new Map<ScopeId, readonly Traffic[]>()
  /** The minute before the ledger woke, by scope; looked up when a limit first asks. */
  #slept: Map<ScopeId, Traffic[]> | null = null
  #sleptMs = 0

  constructor(store: LedgerStore, nowMs: number) {
    this.#store = store
    for (const one of store.arrivals(nowMs - RATE_WINDOW_MS)) this.arrive(one)
  }

  arrive({ scope, traffic }: ScopeTraffic): void {
    this.#arrived.set(scope, traffic)
  }

  /** A scope's last minute. */
  of(scope: ScopeId, nowMs: number): Traffic[] {
    const calls = this.#store.traffic(nowMs - RATE_WINDOW_MS)
    return this.#with(
      scope,
      calls.filter(({ scopes }) => scopes.includes(scope)),
    )
  }

  /** The same for a scope without calls since the ledger woke: one look serves all of them. */
  beforeWaking(scope: ScopeId, nowMs: number): Traffic[] {
    if (!this.#slept) this.#look(nowMs)
    if (nowMs - this.#sleptMs > RATE_WINDOW_MS) this.#slept?.clear()
    return this.#with(scope, this.#slept?.get(scope) ?? [])
  }

  /** A key that comes back brings its calls here along, too: it is in one place at a time. */
  #with(scope: ScopeId, own: readonly Traffic[]): Traffic[] {
    const ids = new Set(own.map(({ id }) => id))
    const arrived = this.#arrived.get(scope) ?? []
    return [...arrived.filter(({ id }) => !ids.has(id)), ...own]
  }

  #look(nowMs: number): void {
    this.#sleptMs = nowMs
    this.#slept = new Map()
    for (const { scopes, ...call } of this.#store.traffic(nowMs - RATE_WINDOW_MS)) {
      for (const scope of scopes) {
        const calls = this.#slept.get(scope)
        if (calls) calls.push(call)
        else this.#slept.set(scope, [call])
      }
    }
  }
}
