import { entryId } from '../ids.ts'
import { adjustments } from './entries.ts'
import type { ScopeId } from './policy.ts'
import {
  budgetOf,
  forgotten,
  newestRule,
  type ScopeBook,
  type WindowBook,
  windowOf,
} from './scope-book.ts'
import type { ScopeBooks } from './scope-books.ts'
import type { Scope } from './scopes.ts'
import type { Charged, LedgerStore, WindowRule } from './store.ts'
import type { OpeningSpend, ScopeState } from './types.ts'
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
      if (!budget.window) {
        newestRule(budget, rule)
        continue
      }
      if (before) this.#of(book, before, Math.min(nowMs, rule.anchorMs))
      const { startMs, endMs, version } = this.#of(book, rule, nowMs)
      const folded = this.#store.checkpoint(rule.scope).find((sum) => sum.budget === rule.budget)
      const spentPico = folded?.startMs === startMs ? folded.spentPico : 0n
      const sum = { budget: rule.budget, startMs, endMs, version, spentPico }
      this.#store.saveCheckpoint(rule.scope, sum)
    }
  }

  /** Windows of an owner that its row has no more: added again, they begin anew. */
  forget(owner: ScopeId, kept: readonly WindowRule[], nowMs: number): void {
    if (kept.length === 0) return
    const names = new Set(kept.map(({ scope, budget }) => `${scope} ${budget}`))
    for (const scope of this.#scopes.namesOf(owner)) {
      for (const { budget } of this.standing(scope)) {
        if (names.has(`${scope} ${budget}`)) continue
        Object.assign(budgetOf(this.#scopes.of(scope, nowMs), budget), { window: null, rule: null })
        this.#store.saveCheckpoint(scope, forgotten(budget))
      }
    }
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
    return rules.map((rule): Charged => {
      const book = this.#scopes.of(rule.scope, nowMs)
      const { startMs, endMs, version } = this.#of(book, rule, nowMs)
      return [rule.scope, rule.budget, startMs, endMs, version]
    })
  }

  /** Where a charge of `atMs` counts now: a key that came may have made its window another's part. */
  joined(charged: readonly Charged[], atMs: number): Charged[] {
    return charged.map((one): Charged => {
      const [scope, budget, startMs] = one
      const window = budgetOf(this.#scopes.of(scope, atMs), budget).window
      if (!window || window.startMs <= startMs || window.startMs > atMs) return one
      return [scope, budget, window.startMs, window.endMs, window.version]
    })
  }

  /** A scope's windows as they stand, not rolled: what the copy in Postgres is set to. */
  standing(scope: ScopeId): OpeningSpend[] {
    const { main, others } = this.#scopes.of(scope, 0)
    return [main, ...others].flatMap(({ name: budget, window }) => {
      if (!window) return []
      const { rule: _rule, ...sum } = window
      return [{ scope, budget, ...sum }]
    })
  }

  /** A scope starts anew: its spend was handed over. */
  clear(scope: ScopeId): void {
    const { main, others } = this.#scopes.of(scope, 0)
    for (const { window } of [main, ...others]) if (window) window.spentPico = 0n
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
