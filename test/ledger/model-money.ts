import type { BudgetPolicy } from '../../src/ledger/policy.ts'
import { type Span, Timeline } from './model-windows.ts'

/** A budget of a scope: its name in this model. */
/** What a key takes along from one window; where it may say that it starts. */
export interface Purse {
  readonly scope: string
  readonly budget: string
  readonly window: string
  readonly starts: readonly number[]
  readonly pico: bigint
}

export function budgetName(scope: string, budget: string): string {
  return `${scope}#${budget}`
}

/**
 * Every charge there ever was, under the name of the window that it fell into. What a window has
 * spent is the sum of the charges that bear its name.
 */
export class Money {
  readonly charges: { readonly window: string; readonly pico: bigint }[] = []
  /** Of them, what came or went with a key, or was there at the opening. */
  readonly handed: { readonly window: string; readonly pico: bigint }[] = []
  #spent = new Map<string, bigint>()
  #timelines = new Map<string, Timeline>()
  /** Where a window may as well start, because nothing was spent in it before its rule changed. */
  #starts = new Map<string, Set<number>>()

  /** The window of this budget that is open now. */
  window(scope: string, budget: BudgetPolicy, nowMs: number): Span & { readonly name: string } {
    const name = budgetName(scope, budget.id)
    const timeline = this.#timelines.get(name) ?? new Timeline(budget)
    this.#timelines.set(name, timeline)
    const span = timeline.at(nowMs)
    return { ...span, name: `${name}@${span.startMs}` }
  }

  /** A budget's windows lie otherwise from now on; what is open goes on. */
  edit(scope: string, budgets: readonly [BudgetPolicy, BudgetPolicy], nowMs: number): void {
    const [old, policy] = budgets
    const { name, startMs } = this.window(scope, old, nowMs)
    if (this.spent(name) === 0n) {
      const starts = this.#starts.get(name) ?? new Set([startMs])
      this.#starts.set(name, starts.add(policy.anchorMs).add(policy.duration ? startMs : 0))
    }
    this.#timelines.get(budgetName(scope, policy.id))!.edit(policy)
  }

  charge(windows: readonly string[], pico: bigint): void {
    for (const window of windows) {
      this.charges.push({ window, pico })
      this.#spent.set(window, this.spent(window) + pico)
    }
  }

  hand(window: string, pico: bigint): void {
    this.handed.push({ window, pico })
    this.charge([window], pico)
  }

  spent(window: string): bigint {
    return this.#spent.get(window) ?? 0n
  }

  /** Whether all starts of this budget's windows are certain. */
  isCertain(scope: string, budget: string): boolean {
    const prefix = `${budgetName(scope, budget)}@`
    return ![...this.#starts.keys()].some((window) => window.startsWith(prefix))
  }

  /** Whether `startMs` is where the window may start. */
  mayStart(window: string, startMs: number): boolean {
    return this.#starts.get(window)?.has(startMs) ?? false
  }

  /** What is spent in the open windows of a key goes; it is said where it was. */
  take(owner: string, nowMs: number): Purse[] {
    const purses: Purse[] = []
    for (const name of this.#timelines.keys()) {
      const [scope = '', budget = ''] = name.split('#')
      if (scope !== owner && !scope.startsWith(`${owner}/`)) continue
      const { startMs } = this.#timelines.get(name)!.at(nowMs)
      const window = `${name}@${startMs}`
      const pico = this.spent(window)
      this.hand(window, -pico)
      const starts = [startMs, ...(this.#starts.get(window) ?? [])]
      purses.push({ scope, budget, window, starts, pico })
    }
    return purses
  }

  bring(purses: readonly Purse[]): void {
    for (const { window, starts, pico } of purses) {
      const known = this.#starts.get(window) ?? new Set()
      this.#starts.set(window, known.union(new Set(starts)))
      this.hand(window, pico)
    }
  }
}
