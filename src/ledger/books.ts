import { windowAt } from '../duration.ts'
import type { Pico } from '../money.ts'
import { RateBook, RATE_WINDOW_MS } from './rates.ts'
import type {
  BudgetPolicy,
  Charged,
  Entry,
  LedgerStore,
  PolicyRow,
  ScopeId,
  ScopeState,
  WindowRule,
  WindowSum,
} from './types.ts'

interface WindowBook {
  startMs: number
  spentPico: Pico
}

/** One scope's sums, held in memory; the store can always make them again. */
interface ScopeBook {
  readonly windows: Map<string, WindowBook>
  readonly rules: Map<string, WindowRule>
  readonly held: Map<string, Entry>
  heldPico: Pico
  rates: RateBook | null
}

export function scopeOf(row: PolicyRow): ScopeId {
  return row.kind === 'account' ? 'account' : `${row.kind}:${row.id}`
}

/** Every scope's money and traffic: what was spent per window, what is held, what just happened. */
export class Books {
  #store: LedgerStore
  #scopes = new Map<ScopeId, ScopeBook>()

  constructor(store: LedgerStore) {
    this.#store = store
    for (const rule of store.rules()) this.#rule(rule)
    for (const entry of store.held()) for (const scope of entry.scopes) this.#put(scope, entry)
  }

  /** A row that changed: its windows stand from now on, also for calls that carry an older one. */
  learn(row: PolicyRow): void {
    for (const rule of rulesOf([row])) this.#rule(rule)
  }

  /** A budget at `nowMs`: what was spent in its window, and what is held. */
  budget(row: PolicyRow, budget: BudgetPolicy, nowMs: number): ScopeState {
    const scope = scopeOf(row)
    const { window, endMs } = this.#window(ruleOf(row, budget), nowMs)
    const { heldPico } = this.#scope(scope)
    const { limitPico } = budget
    return { scope, ...window, heldPico, limitPico, resetAtMs: endMs }
  }

  /** The scope's main budget; a row without any has one that is unlimited and for ever. */
  main(row: PolicyRow, nowMs: number): ScopeState {
    return this.budget(row, budgetsOf(row)[0] ?? UNLIMITED, nowMs)
  }

  /** Memory keeps traffic only for scopes that limit it; the store fills in the minute before. */
  rates(row: PolicyRow, nowMs: number): RateBook | null {
    const { requestsPerMinute, tokensPerMinute, parallelRequests } = row.rates
    const scope = scopeOf(row)
    const book = this.#scope(scope)
    if (requestsPerMinute === null && tokensPerMinute === null && parallelRequests === null) {
      book.rates = null
    } else if (!book.rates) {
      const recent = this.#store.traffic(scope, nowMs - RATE_WINDOW_MS)
      book.rates = new RateBook(recent, [...book.held.values()])
    }
    return book.rates
  }

  hold(entry: Entry): void {
    for (const scope of entry.scopes) {
      this.#put(scope, entry)
      this.#scope(scope).rates?.hold(entry.holdTokens, entry.reservedMs)
    }
  }

  /** The hold goes; its tokens count for another minute from `nowMs`. */
  end(entry: Entry, tokens: number, nowMs: number): void {
    for (const scope of entry.scopes) {
      const book = this.#scope(scope)
      if (!book.held.delete(entry.id)) continue
      book.heldPico -= entry.holdPico
      book.rates?.end(entry.holdTokens, tokens, nowMs)
    }
  }

  /** The windows that a charge at `nowMs` counts in. */
  windows(rules: readonly WindowRule[], nowMs: number): Charged[] {
    return rules.map((rule): Charged => {
      return [rule.scope, rule.budget, this.#window(rule, nowMs).window.startMs]
    })
  }

  /** A scope's main window as it stands, not rolled: what the copy in Postgres is set to. */
  standing(scope: ScopeId): WindowSum | null {
    const window = this.#scope(scope).windows.get('main')
    return window ? { budget: 'main', ...window } : null
  }

  /** A charge counts in its window while that is open; afterwards in history only. */
  charge(charged: readonly Charged[], pico: Pico): void {
    for (const [scope, budget, startMs] of charged) {
      const windows = this.#scope(scope).windows
      const window = windows.get(budget)
      if (!window || window.startMs < startMs) windows.set(budget, { startMs, spentPico: pico })
      else if (window.startMs === startMs) window.spentPico += pico
    }
  }

  /** A charge that no hold announced: it counts as a request all the same. */
  unannounced(scopes: readonly ScopeId[], tokens: number, nowMs: number): void {
    for (const scope of scopes) this.#scope(scope).rates?.unannounced(tokens, nowMs)
  }

  /** Makes sure that a scope's sums are in memory before its entries move in the store. */
  load(scopes: readonly ScopeId[]): void {
    for (const scope of scopes) this.#scope(scope)
  }

  /**
   * Windows roll here, exactly at their end, because nothing else looks at them. A window that is
   * ahead of the clock stays: ledger time never goes back.
   */
  #window(asked: WindowRule, nowMs: number): { window: WindowBook; endMs: number | null } {
    const { duration, anchorMs } = this.#rule(asked)
    const { startMs, endMs } = windowAt(duration, anchorMs, nowMs)
    const { windows } = this.#scope(asked.scope)
    let window = windows.get(asked.budget)
    if (!window || window.startMs < startMs) {
      window = { startMs, spentPico: 0n }
      windows.set(asked.budget, window)
    }
    return { window, endMs }
  }

  #rule(asked: WindowRule): WindowRule {
    const { rules } = this.#scope(asked.scope)
    const known = rules.get(asked.budget)
    if (known && known.version > asked.version) return known
    rules.set(asked.budget, asked)
    return asked
  }

  #put(scope: ScopeId, entry: Entry): void {
    const book = this.#scope(scope)
    book.held.set(entry.id, entry)
    book.heldPico += entry.holdPico
  }

  #scope(scope: ScopeId): ScopeBook {
    let book = this.#scopes.get(scope)
    if (book) return book
    const windows = new Map<string, WindowBook>()
    for (const { budget, startMs, spentPico } of this.#store.sums(scope)) {
      const known = windows.get(budget)
      if (!known || known.startMs < startMs) windows.set(budget, { startMs, spentPico })
      else if (known.startMs === startMs) known.spentPico += spentPico
    }
    book = { windows, rules: new Map(), held: new Map(), heldPico: 0n, rates: null }
    this.#scopes.set(scope, book)
    const told = scope.startsWith('key:') ? this.#store.told('key', scope.slice(4)) : null
    if (told) this.learn(told)
    return book
  }
}

const UNLIMITED: BudgetPolicy = { id: 'main', limitPico: null, duration: null, anchorMs: 0 }

export function budgetsOf(row: PolicyRow): readonly BudgetPolicy[] {
  return row.budgets.length > 0 ? row.budgets : [UNLIMITED]
}

export function rulesOf(rows: readonly PolicyRow[]): WindowRule[] {
  return rows.flatMap((row) => budgetsOf(row).map((budget) => ruleOf(row, budget)))
}

function ruleOf(row: PolicyRow, { id, duration, anchorMs }: BudgetPolicy): WindowRule {
  return { scope: scopeOf(row), version: row.version, budget: id, duration, anchorMs }
}
