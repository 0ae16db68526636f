import type { Pico } from '../money.ts'
import type { PolicyRow, ScopeId } from './policy.ts'
import { RateBook, RATE_WINDOW_MS } from './rates.ts'
import type { Policies } from './policies.ts'
import { Recent } from './recent.ts'
import { addTo, newestRule, type ScopeBook, type WindowBook, windowOf } from './scope-book.ts'
import { ScopeBooks } from './scope-books.ts'
import type { Scope } from './scopes.ts'
import type { Charged, Entry, LedgerStore, WindowRule } from './store.ts'
import type { OpeningSpend, ScopeState, ScopeTraffic, Traffic } from './types.ts'
import type { Resets } from '../windows.ts'

/** A scope as it is now. */
export interface Standing {
  readonly scope: Scope
  readonly states: readonly ScopeState[]
  /** Null: nothing is limited per minute. */
  readonly rates: RateBook | null
}

/** Every scope's money and traffic: what was spent per window, what is held, what just happened. */
export class Books {
  #store: LedgerStore
  #scopes: ScopeBooks
  #recent: Recent
  #resets: Resets

  constructor(store: LedgerStore, policies: Policies, nowMs: number) {
    this.#store = store
    this.#resets = policies.resets
    this.#recent = new Recent(store, nowMs)
    this.#scopes = new ScopeBooks(store, policies)
    for (const entry of store.held()) for (const scope of entry.scopes) this.#put(scope, entry)
  }

  /**
   * Rows that changed: their windows stand from now on, also for calls in flight. What is open goes
   * on by the new rule, and the checkpoint says so, because nobody may look at it for long.
   */
  turn(rules: readonly WindowRule[], nowMs: number): void {
    for (const rule of rules) {
      if (!this.#scopes.isUsed(rule.scope)) continue
      const book = this.#scopes.of(rule.scope, nowMs)
      if (!book.windows.has(rule.budget)) {
        newestRule(book.rules, rule)
        continue
      }
      const before = book.rules.get(rule.budget)
      if (before) this.#window(book, before, Math.min(nowMs, rule.anchorMs))
      const { startMs, endMs, version } = this.#window(book, rule, nowMs)
      const folded = this.#store.checkpoint(rule.scope).find(({ budget }) => budget === rule.budget)
      const spentPico = folded?.startMs === startMs ? folded.spentPico : 0n
      const sum = { budget: rule.budget, startMs, endMs, version, spentPico }
      this.#store.saveCheckpoint(rule.scope, sum)
    }
  }

  /** Windows of an owner that its row has no more: added again, they begin anew. */
  forget(owner: ScopeId, kept: readonly WindowRule[], nowMs: number): void {
    if (kept.length === 0) return
    const names = new Set(kept.map(({ scope, budget }) => `${scope} ${budget}`))
    for (const scope of this.#owned(owner, [])) {
      const { windows, rules } = this.#scopes.of(scope, nowMs)
      for (const { budget } of this.standing(scope)) {
        if (names.has(`${scope} ${budget}`)) continue
        windows.delete(budget)
        rules.delete(budget)
        this.#store.saveCheckpoint(scope, { budget, startMs: 0, endMs: 0, spentPico: 0n })
      }
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
    const book = this.#scopes.of(scope.id, nowMs)
    if (!book.row || book.row.version <= scope.row.version) book.row = scope.row
    return scope.rules.map((rule, i) => {
      const { startMs, endMs, spentPico } = this.#window(book, rule, nowMs)
      return {
        scope: scope.id,
        budget: rule.budget,
        spentPico,
        heldPico: book.heldPico,
        limitPico: scope.budgets[i]?.limitPico ?? null,
        startMs,
        resetAtMs: endMs,
      }
    })
  }

  /** Memory keeps traffic only for scopes that limit it; the store fills in the minute before. */
  rates(scope: Scope, nowMs: number): RateBook | null {
    const { requestsPerMinute, tokensPerMinute, parallelRequests } = scope.rates
    if (requestsPerMinute === null && tokensPerMinute === null && parallelRequests === null) {
      const known = this.#scopes.inMemoryOf(scope.id)
      if (known) known.rates = null
      return null
    }
    const book = this.#scopes.of(scope.id, nowMs)
    book.rates ??= new RateBook(this.#lastMinute(book, scope.id, nowMs), book)
    return book.rates
  }

  /** A scope's last minute. */
  traffic(scope: ScopeId, nowMs: number): Traffic[] {
    return this.#recent.of(scope, nowMs)
  }

  /** Every budget of these scopes, in their order. */
  states(scopes: readonly Scope[], nowMs: number): ScopeState[] {
    return scopes.flatMap((scope) => this.budgets(scope, nowMs))
  }

  /** The same with what limits their requests and tokens. */
  look(scopes: readonly Scope[], nowMs: number): Standing[] {
    return scopes.map((scope) => {
      return { scope, states: this.budgets(scope, nowMs), rates: this.rates(scope, nowMs) }
    })
  }

  hold(entry: Entry): void {
    for (const scope of entry.scopes) {
      const book = this.#put(scope, entry)
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

  /** The windows that a charge at `nowMs` counts in. */
  windows(rules: readonly WindowRule[], nowMs: number): Charged[] {
    return rules.map((rule): Charged => {
      const { startMs, endMs, version } = this.#window(
        this.#scopes.of(rule.scope, nowMs),
        rule,
        nowMs,
      )
      return [rule.scope, rule.budget, startMs, endMs, version]
    })
  }

  /** Where a charge of `atMs` counts now: a key that came may have made its window another's part. */
  joined(charged: readonly Charged[], atMs: number): Charged[] {
    return charged.map((one): Charged => {
      const [scope, budget, startMs] = one
      const window = this.#scopes.of(scope, atMs).windows.get(budget)
      if (!window || window.startMs <= startMs || window.startMs > atMs) return one
      return [scope, budget, window.startMs, window.endMs, window.version]
    })
  }

  /** A scope's windows as they stand, not rolled: what the copy in Postgres is set to. */
  standing(scope: ScopeId): OpeningSpend[] {
    const { windows } = this.#scopes.of(scope, 0)
    return [...windows].map(([budget, window]) => ({ scope, budget, ...window }))
  }

  /** An entry's charge counts in its window while that is open; afterwards in history only. */
  charge(charged: readonly Charged[], pico: Pico, nowMs: number): void {
    for (const [scope, budget, startMs, endMs = null, version = 0] of charged) {
      const book = this.#scopes.of(scope, nowMs)
      if (pico !== 0n) book.unfolded++
      addTo(book.windows, { budget, startMs, endMs, version, spentPico: pico })
    }
  }

  /** Windows with what was spent elsewhere, as the checkpoint has them already. */
  bring(spends: readonly OpeningSpend[], traffic: readonly ScopeTraffic[], nowMs: number): void {
    for (const { scope, budget, startMs, endMs = null, version = 0, spentPico } of spends) {
      this.#scopes.of(scope, nowMs).windows.set(budget, { startMs, endMs, version, spentPico })
    }
    for (const minute of traffic) {
      this.#recent.arrive(minute)
      const book = this.#scopes.of(minute.scope, nowMs)
      // Older than what is in the ring: it is made again, in order.
      Object.assign(book, { rates: null, hadTraffic: true })
    }
  }

  /** A scope starts anew: its spend was handed over. */
  clear(scope: ScopeId): void {
    for (const window of this.#scopes.of(scope, 0).windows.values()) window.spentPico = 0n
  }

  /** The scope itself and those for single models of the same owner. */
  scopesOf(owner: ScopeId, nowMs: number): ScopeId[] {
    const called = this.#store.traffic(nowMs - RATE_WINDOW_MS).flatMap(({ scopes }) => scopes)
    return this.#owned(owner, called)
  }

  #owned(owner: ScopeId, called: readonly ScopeId[]): ScopeId[] {
    const known = [...this.#store.checkpointScopes(owner), ...called, ...this.#scopes.names()]
    return [...new Set(known)].filter((scope) => scope === owner || scope.startsWith(`${owner}/`))
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

  #lastMinute(book: ScopeBook, scope: ScopeId, nowMs: number): Traffic[] {
    const { hadTraffic } = book
    return hadTraffic ? this.traffic(scope, nowMs) : this.#recent.beforeWaking(scope, nowMs)
  }

  #window(book: ScopeBook, rule: WindowRule, nowMs: number): WindowBook {
    const before = book.windows.get(rule.budget)
    const window = windowOf(book, rule, { nowMs, resets: this.#resets })
    const { startMs, spentPico } = window
    // Entries are counted from here on, also by who wakes before any is.
    if (before && before.startMs !== startMs && spentPico !== 0n) {
      this.#store.saveCheckpoint(rule.scope, { budget: rule.budget, ...window })
    }
    return window
  }

  #put(scope: ScopeId, entry: Entry): ScopeBook {
    const book = this.#scopes.of(scope, entry.reservedMs)
    book.holds++
    book.heldPico += entry.holdPico
    book.heldTokens += entry.holdTokens
    return book
  }
}
