import type { Policies } from './policies.ts'
import type { ScopeId } from './policy.ts'
import { RATE_WINDOW_MS } from './rates.ts'
import { budgetOf, newestRule, newScopeBook, type ScopeBook } from './scope-book.ts'
import type { LedgerStore, Unfolded } from './store.ts'
import type { WindowSum } from './types.ts'

/** Beyond this many scopes the idle ones are forgotten; the store can always make them again. */
const SCOPES_MAX = 5_000
const FORGET_AT_ONCE = 4

/** What entries charged to a scope that the checkpoint did not have when the ledger woke. */
interface Waiting {
  count: number
  readonly sums: WindowSum[]
}

/** The books of those scopes that memory holds; another is made from the store when it is asked for. */
export class ScopeBooks {
  #store: LedgerStore
  #policies: Policies
  #books = new Map<ScopeId, ScopeBook>()
  /** Moved into a scope's book when that is made. */
  #waiting: Map<ScopeId, Waiting>

  constructor(store: LedgerStore, policies: Policies) {
    this.#store = store
    this.#policies = policies
    this.#waiting = waitingOf(store.unfolded())
  }

  of(scope: ScopeId, nowMs: number): ScopeBook {
    const known = this.#books.get(scope)
    if (known) {
      if (nowMs > known.usedMs) known.usedMs = nowMs
      return known
    }
    this.#forget(nowMs)
    const waiting = this.#waiting.get(scope)
    const sums = [...this.#store.checkpoint(scope), ...(waiting?.sums ?? [])]
    const rules = this.#policies.toldRules(scope, nowMs)
    // From here it must succeed: outside of an operation nothing makes memory anew.
    const book = newScopeBook(sums, { unfolded: waiting?.count ?? 0, usedMs: nowMs })
    for (const rule of rules) newestRule(budgetOf(book, rule.budget), rule)
    this.#waiting.delete(scope)
    this.#books.set(scope, book)
    return book
  }

  inMemoryOf(scope: ScopeId): ScopeBook | undefined {
    return this.#books.get(scope)
  }

  inMemory(): Iterable<ScopeBook> {
    return this.#books.values()
  }

  /** Whether anything is known of the scope: most keys that are changed were never called. */
  isUsed(scope: ScopeId): boolean {
    if (this.#books.has(scope) || this.#waiting.has(scope)) return true
    return this.#store.checkpoint(scope).length > 0
  }

  /** The owner's own scope and those for single models, of all that are known and of `others`. */
  namesOf(owner: ScopeId, others: readonly ScopeId[] = []): ScopeId[] {
    const kept = this.#store.checkpointScopes(owner)
    const known = [...kept, ...others, ...this.#waiting.keys(), ...this.#books.keys()]
    return [...new Set(known)].filter((scope) => scope === owner || scope.startsWith(`${owner}/`))
  }

  get size(): number {
    return this.#books.size
  }

  /** Looks at the scopes that came first; those in use go to the back. */
  #forget(nowMs: number): void {
    if (this.#books.size < SCOPES_MAX) return
    let looks = FORGET_AT_ONCE
    for (const [scope, book] of this.#books) {
      this.#books.delete(scope)
      const isQuiet = !book.hadTraffic || book.usedMs < nowMs - RATE_WINDOW_MS
      if (!isQuiet || book.holds + book.unfolded > 0) this.#books.set(scope, book)
      if (--looks === 0) return
    }
  }
}

function waitingOf(unfolded: readonly Unfolded[]): Map<ScopeId, Waiting> {
  const all = new Map<ScopeId, Waiting>()
  for (const { charged, count, pico: spentPico } of unfolded) {
    for (const [scope, budget, startMs, endMs = null, version = 0] of charged) {
      const waiting = all.get(scope) ?? { count: 0, sums: [] }
      waiting.count += count
      waiting.sums.push({ budget, startMs, endMs, version, spentPico })
      all.set(scope, waiting)
    }
  }
  return all
}
