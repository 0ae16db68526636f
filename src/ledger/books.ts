import type { Pico } from '../money.ts'
import type { PolicyRow, ScopeId } from './policy.ts'
import { RateBook, RATE_WINDOW_MS } from './rates.ts'
import type { Policies } from './policies.ts'
import { Recent } from './recent.ts'
import { addTo, budgetOf, type ScopeBook } from './scope-book.ts'
import { ScopeBooks } from './scope-books.ts'
import { ScopeWindows } from './scope-windows.ts'
import type { Scope } from './scopes.ts'
import type { Charged, Entry, LedgerStore } from './store.ts'
import type { OpeningSpend, ScopeState, ScopeTraffic, Traffic } from './types.ts'

/** A scope as it is now. */
export interface Standing {
  readonly scope: Scope
  readonly book: ScopeBook
  readonly states: readonly ScopeState[]
  /** Null: nothing is limited per minute. */
  readonly rates: RateBook | null
}

/** Every scope's money and traffic: what was spent per window, what is held, what just happened. */
export class Books {
  readonly windows: ScopeWindows
  #store: LedgerStore
  #scopes: ScopeBooks
  #recent: Recent

  constructor(store: LedgerStore, policies: Policies, nowMs: number) {
    this.#store = store
    this.#recent = new Recent(store, nowMs)
    this.#scopes = new ScopeBooks(store, policies)
    this.windows = new ScopeWindows(store, this.#scopes, policies.resets)
    for (const entry of store.held()) {
      for (const scope of entry.scopes) put(this.#scopes.of(scope, entry.reservedMs), entry)
      // Its windows are known again, as when it was reserved: they may change before it ends.
      this.windows.at(entry.rules, entry.reservedMs)
    }
  }

  /** Whose limits come from this row, of the scopes in memory. */
  borrowersOf({ kind, id }: PolicyRow): PolicyRow[] {
    if (kind !== 'account' && kind !== 'budget') return []
    return [...this.#scopes.inMemory()].flatMap(({ row }) => {
      const borrows = kind === 'account' ? row?.kind === 'member' : row?.budgetId === id
      return row && borrows ? [row] : []
    })
  }

  /** Every budget of a scope at `nowMs`: what was spent in its window, and what is held. */
  budgets(scope: Scope, nowMs: number): ScopeState[] {
    return this.#statesOf(this.#scopes.of(scope.id, nowMs), scope, nowMs)
  }

  /** A scope's last minute. */
  traffic(scope: ScopeId, nowMs: number): Traffic[] {
    return this.#recent.of(scope, nowMs)
  }

  /** Every budget of these scopes, in their order. */
  states(scopes: readonly Scope[], nowMs: number): ScopeState[] {
    const all: ScopeState[] = []
    for (const scope of scopes) all.push(...this.budgets(scope, nowMs))
    return all
  }

  /** The same with what limits their requests and tokens. */
  look(scopes: readonly Scope[], nowMs: number): Standing[] {
    return scopes.map((scope) => {
      const book = this.#scopes.of(scope.id, nowMs)
      const states = this.#statesOf(book, scope, nowMs)
      return { scope, book, states, rates: this.#ratesOf(book, scope, nowMs) }
    })
  }

  hold(entry: Entry, standings: readonly Standing[]): void {
    for (const { book } of standings) {
      put(book, entry)
      book.hadTraffic = true
      book.rates?.hold(entry.reservedMs)
    }
  }

  /** The hold goes; its tokens count for another minute from `nowMs`. */
  end(entry: Entry, tokens: number, nowMs: number): void {
    for (const scope of entry.scopes) {
      const book = this.#scopes.of(scope, nowMs)
      book.holds--
      book.heldPico -= entry.holdPico
      book.heldTokens -= entry.holdTokens
      book.hadTraffic = true
      book.rates?.end(tokens, nowMs)
    }
  }

  /** An entry's charge counts in its window while that is open; afterwards in history only. */
  charge(charged: readonly Charged[], pico: Pico, nowMs: number): void {
    for (const [scope, budget, startMs, endMs = null, version = 0] of charged) {
      const book = this.#scopes.of(scope, nowMs)
      if (pico !== 0n) book.unfolded++
      addTo(book, { budget, startMs, endMs, version, spentPico: pico })
    }
  }

  /** Windows with what was spent elsewhere, as the checkpoint has them already. */
  bring(spends: readonly OpeningSpend[], traffic: readonly ScopeTraffic[], nowMs: number): void {
    for (const { scope, budget, startMs, endMs = null, version = 0, spentPico } of spends) {
      const window = { startMs, endMs, version, spentPico, rule: null }
      budgetOf(this.#scopes.of(scope, nowMs), budget).window = window
    }
    for (const minute of traffic) {
      this.#recent.arrive(minute)
      const book = this.#scopes.of(minute.scope, nowMs)
      // Older than what is in the ring: it is made again, in order.
      Object.assign(book, { rates: null, hadTraffic: true })
    }
  }

  /** The scope itself and those for single models of the same owner. */
  scopesOf(owner: ScopeId, nowMs: number): ScopeId[] {
    const called = this.#store.traffic(nowMs - RATE_WINDOW_MS).flatMap(({ scopes }) => scopes)
    return this.#scopes.namesOf(owner, called)
  }

  /** A charge that no hold announced: it counts as a request all the same. */
  unannounced(scopes: readonly ScopeId[], tokens: number, nowMs: number): void {
    for (const scope of scopes) {
      const book = this.#scopes.of(scope, nowMs)
      book.hadTraffic = true
      book.rates?.unannounced(tokens, nowMs)
    }
  }

  /** Makes sure that the sums are in memory before their entries move into the checkpoint. */
  load(scopes: readonly ScopeId[], nowMs: number): void {
    for (const scope of scopes) this.#scopes.of(scope, nowMs)
  }

  /** An entry's charge is in the checkpoint now. */
  folded(charged: readonly Charged[]): void {
    for (const [scope] of charged) {
      const book = this.#scopes.inMemoryOf(scope)
      if (book) book.unfolded--
    }
  }

  /** How many scopes memory holds. */
  get size(): number {
    return this.#scopes.size
  }

  /** The newest row that a call brought is kept: who lends it limits may change them. */
  #statesOf(book: ScopeBook, scope: Scope, nowMs: number): ScopeState[] {
    const { row } = scope
    if (row.version > book.rowVersion) Object.assign(book, { row, rowVersion: row.version })
    return this.windows.states(book, scope, nowMs)
  }

  /** Memory keeps traffic only for scopes that limit it; the store fills in the minute before. */
  #ratesOf(book: ScopeBook, { id, rates }: Scope, nowMs: number): RateBook | null {
    const { requestsPerMinute, tokensPerMinute, parallelRequests } = rates
    if (requestsPerMinute === null && tokensPerMinute === null && parallelRequests === null) {
      book.rates = null
      return null
    }
    book.rates ??= new RateBook(this.#lastMinute(book, id, nowMs), book)
    return book.rates
  }

  #lastMinute(book: ScopeBook, scope: ScopeId, nowMs: number): Traffic[] {
    const { hadTraffic } = book
    return hadTraffic ? this.traffic(scope, nowMs) : this.#recent.beforeWaking(scope, nowMs)
  }
}

function put(book: ScopeBook, { holdPico, holdTokens }: Entry): void {
  book.holds++
  book.heldPico += holdPico
  book.heldTokens += holdTokens
}
