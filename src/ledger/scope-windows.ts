import { entryId } from '../ids.ts'
import { adjustments } from './entries.ts'
import type { Pico } from '../money.ts'
import type { PolicyRow, ScopeId } from './policy.ts'
import {
  type BudgetBook,
  budgetOf,
  isForgotten,
  newestRule,
  type ScopeBook,
  type WindowBook,
  windowOf,
} from './scope-book.ts'
import type { ScopeBooks } from './scope-books.ts'
import { type Scope, scopeOf } from './scopes.ts'
import type { Charged, LedgerStore, WindowRule } from './store.ts'
import type { OpeningSpend, ScopeState, WindowSum } from './types.ts'
import type { Resets } from '../windows.ts'

const CARRIED = { status: 'success', callType: 'rollover' } as const

/** Every scope's windows: where they stand, how they lie from now on, and which of them charges mean. */
export class ScopeWindows {
  #store: LedgerStore
  #scopes: ScopeBooks
  #resets: Resets

  constructor(store: LedgerStore, scopes: ScopeBooks, resets: Resets) {
    this.#store = store
    this.#scopes = scopes
    this.#resets = resets
  }

  /**
   * Rows that changed: their windows stand from now on, also for calls in flight. What is open goes
   * on by the new rule, and the checkpoint says so, because nobody may look at it for long.
   */
  turn(rules: readonly WindowRule[], nowMs: number): void {
    for (const rule of rules) {
      if (!this.#scopes.isUsed(rule.scope)) continue
      const book = this.#scopes.of(rule.scope, nowMs)
      const budget = budgetOf(book, rule.budget)
      const before = budget.rule
      if (!budget.window || isForgotten(budget.window)) {
        newestRule(budget, rule)
        continue
      }
      if (before) this.#of(book, before, Math.min(nowMs, rule.anchorMs))
      const { startMs, endMs, version } = this.#of(book, rule, nowMs)
      const sum = { budget: rule.budget, startMs, endMs, version }
      const spentPico = this.folded(rule.scope, sum)
      this.#store.saveCheckpoint(rule.scope, { ...sum, spentPico })
    }
  }

  /** Windows that the row has no more: added again, they begin anew. */
  forget(row: PolicyRow, kept: readonly WindowRule[], nowMs: number): void {
    const { version, deleted } = row
    if (deleted || kept.length === 0) return
    const names = new Set(kept.map(({ scope, budget }) => `${scope} ${budget}`))
    for (const scope of this.#scopes.namesOf(scopeOf(row))) {
      for (const budget of this.#budgets(scope, nowMs)) {
        const { name, window } = budget
        // A later row, which came with a call before it was told, has it again.
        const isLater = window !== null && window.version > version
        if (names.has(`${scope} ${name}`) || isLater) continue
        budget.rule = null
        if (!window) continue
        const { startMs, spentPico } = window
        const sum = { budget: name, startMs, endMs: startMs, version }
        // What is not folded yet will be, and then comes to nothing with this.
        const foldedPico = this.folded(scope, sum) - spentPico
        this.#store.saveCheckpoint(scope, { ...sum, spentPico: foldedPico })
        budget.window = { startMs, endMs: startMs, version, spentPico: 0n, rule: null }
      }
    }
  }

  /** What the checkpoint has of a window. */
  folded(scope: ScopeId, { budget, startMs }: Pick<WindowSum, 'budget' | 'startMs'>): Pico {
    const sums = this.#store.checkpoint(scope)
    const known = sums.find((sum) => sum.budget === budget && sum.startMs === startMs)
    return known?.spentPico ?? 0n
  }

  /** Every budget of a scope at `nowMs`: what was spent in its window, and what is held. */
  states(book: ScopeBook, scope: Scope, nowMs: number): ScopeState[] {
    return scope.rules.map((rule, i) => {
      const { startMs, endMs, spentPico } = this.#of(book, rule, nowMs)
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

  /** Those that a charge at `nowMs` counts in. */
  at(rules: readonly WindowRule[], nowMs: number): Charged[] {
    const all: Charged[] = []
    for (const rule of rules) {
      const { scope, budget } = rule
      const book = this.#scopes.of(scope, nowMs)
      const window = this.#of(book, rule, nowMs)
      // Forgotten while its call was under way.
      if (budgetOf(book, budget).window !== window) continue
      all.push([scope, budget, window.startMs, window.endMs, window.version])
    }
    return all
  }

  /** Where a charge of `atMs` counts now: a key that came may have made its window another's part. */
  joined(charged: readonly Charged[], atMs: number): Charged[] {
    return charged.flatMap((one): Charged[] => {
      const [scope, budget, startMs] = one
      const book = this.#scopes.of(scope, atMs)
      const { window, rule } = budgetOf(book, budget)
      if (window && isForgotten(window)) return rule ? this.at([rule], atMs) : []
      if (!window || window.startMs < startMs || window.startMs > atMs) return [one]
      return [[scope, budget, window.startMs, window.endMs, window.version]]
    })
  }

  /** A scope's windows as they stand, not rolled: what the copy in Postgres is set to. */
  standing(scope: ScopeId): OpeningSpend[] {
    return this.#budgets(scope, 0).flatMap(({ name: budget, window }) => {
      if (!window || isForgotten(window)) return []
      const { rule: _rule, ...sum } = window
      return [{ scope, budget, ...sum }]
    })
  }

  /** One of them, also if it is forgotten. */
  last(scope: ScopeId, budget: string): WindowSum | null {
    const { window } = budgetOf(this.#scopes.of(scope, 0), budget)
    if (!window) return null
    const { rule: _rule, ...sum } = window
    return { budget, ...sum }
  }

  /** A scope starts anew: its spend was handed over. */
  clear(scope: ScopeId): void {
    for (const { window } of this.#budgets(scope, 0)) if (window) window.spentPico = 0n
  }

  #budgets(scope: ScopeId, nowMs: number): BudgetBook[] {
    const { main, others } = this.#scopes.of(scope, nowMs)
    return [main, ...others]
  }

  #of(book: ScopeBook, rule: WindowRule, nowMs: number): WindowBook {
    const { window: before } = budgetOf(book, rule.budget)
    const window = windowOf(book, rule, { nowMs, resets: this.#resets })
    if (before && before !== window) this.#carry(book, { rule, window }, nowMs)
    return window
  }

  /** What a window begins with is written as entries, so that these add up to all that it spent. */
  #carry(
    book: ScopeBook,
    { rule, window }: { readonly rule: WindowRule; readonly window: WindowBook },
    nowMs: number,
  ): void {
    const { startMs, endMs, version, spentPico: pico } = window
    if (pico === 0n) return
    const charged: Charged[] = [[rule.scope, rule.budget, startMs, endMs, version]]
    const carried = { id: entryId(nowMs), pico, charged, detail: CARRIED }
    for (const entry of adjustments(carried, nowMs)) {
      this.#store.insert(entry)
      book.unfolded++
    }
  }
}
