import type { Pico } from '../money.ts'
import type { PolicyRow } from './policy.ts'
import type { RateBook } from './rates.ts'
import { MAIN } from './scopes.ts'
import type { WindowRule } from './store.ts'
import type { WindowSum } from './types.ts'
import { type Now, rollWindow, windowAt } from '../windows.ts'

export interface WindowBook {
  startMs: number
  endMs: number | null
  /** Of the rule by which it ends then. */
  version: number
  spentPico: Pico
  /** That rule; null: the window is as a charge or the checkpoint has it. */
  rule: WindowRule | null
}

/** One budget of a scope. */
export interface BudgetBook {
  readonly name: string
  window: WindowBook | null
  /** The newest that a call brought. */
  rule: WindowRule | null
}

/** One scope's sums, held in memory. */
export interface ScopeBook {
  readonly main: BudgetBook
  /** A handful at most: looking through them is faster than hashing a name. */
  readonly others: BudgetBook[]
  /** The newest that a call brought: who lends it limits may change them. */
  row: PolicyRow | null
  /** Of that row; below every row's while there is none. */
  rowVersion: number
  heldPico: Pico
  heldTokens: number
  holds: number
  /** Charges in these sums whose entries the checkpoint does not have yet. */
  unfolded: number
  rates: RateBook | null
  /** Whether it had calls since it was made here, which no ring counted. */
  hadTraffic: boolean
  usedMs: number
}

export function newScopeBook(
  sums: readonly WindowSum[],
  { unfolded, usedMs }: Pick<ScopeBook, 'unfolded' | 'usedMs'>,
): ScopeBook {
  const book: ScopeBook = {
    main: newBudget(MAIN.id),
    others: [],
    row: null,
    rowVersion: -1,
    heldPico: 0n,
    heldTokens: 0,
    holds: 0,
    unfolded,
    rates: null,
    hadTraffic: false,
    usedMs,
  }
  for (const sum of sums) addTo(book, sum)
  return book
}

/** Whether its row has it no more. It ends as it starts, and says since which version of the row. */
export function isForgotten({ startMs, endMs }: Pick<WindowSum, 'startMs' | 'endMs'>): boolean {
  return endMs === startMs
}

export function budgetOf({ main, others }: ScopeBook, name: string): BudgetBook {
  if (name === MAIN.id) return main
  for (const budget of others) if (budget.name === name) return budget
  const budget = newBudget(name)
  others.push(budget)
  return budget
}

function newBudget(name: string): BudgetBook {
  return { name, window: null, rule: null }
}

/**
 * Windows roll here, exactly at their end, because nothing else looks at them. A window that is
 * ahead of the clock stays: ledger time never goes back.
 */
export function windowOf(book: ScopeBook, asked: WindowRule, now: Now): WindowBook {
  const budget = budgetOf(book, asked.budget)
  const rule = newestRule(budget, asked)
  const known = budget.window
  if (known && isForgotten(known)) return openAnew(budget, { known, rule }, now)
  if (known && isOpen(known, now.nowMs)) {
    // By the same rule the windows lie as they did.
    if (known.rule === rule) return known
    // An older row, of a call that was long under way, does not end a window that a newer one keeps.
    if (known.version > rule.version) return known
  }
  const { version, limitPico = null } = rule
  const { startMs, endMs, spentPico } = rollWindow({ ...rule, limitPico }, known, now)
  if (known?.startMs === startMs) return Object.assign(known, { endMs, version, rule })
  budget.window = { startMs, endMs, version, spentPico, rule }
  return budget.window
}

/**
 * Added again, it starts where the forgotten one did at the earliest: entries of that one may not be
 * folded yet. By an older row, of a call that was long under way, it is not added again.
 */
function openAnew(
  budget: BudgetBook,
  { known, rule }: { readonly known: WindowBook; readonly rule: WindowRule },
  now: Now,
): WindowBook {
  const { version } = rule
  const { startMs, endMs } = windowAt(rule, now)
  const window = { startMs: Math.max(startMs, known.startMs), endMs, version, spentPico: 0n, rule }
  if (version >= known.version) budget.window = window
  return window
}

function isOpen({ endMs }: WindowBook, nowMs: number): boolean {
  return endMs === null || nowMs < endMs
}

/** The newer of two rules for a budget says how its windows lie. */
export function newestRule(budget: BudgetBook, asked: WindowRule): WindowRule {
  const { rule } = budget
  if (rule && (isSame(rule, asked) || isNewer(rule, asked))) return rule
  budget.rule = asked
  return asked
}

function isNewer(a: WindowRule, b: WindowRule): boolean {
  return a.version === b.version ? (a.lent ?? 0) > (b.lent ?? 0) : a.version > b.version
}

/** Of one scope and budget. Versions alone do not say: two rows may lend it limits. */
function isSame(a: WindowRule, b: WindowRule): boolean {
  return (
    a.version === b.version &&
    a.lent === b.lent &&
    a.anchorMs === b.anchorMs &&
    a.duration?.count === b.duration?.count &&
    a.duration?.unit === b.duration?.unit &&
    a.sinceMs === b.sinceMs &&
    a.alignment === b.alignment &&
    a.limitPico === b.limitPico
  )
}

/** Of two windows of a budget the later one counts; the same one adds up. */
export function addTo(book: ScopeBook, sum: WindowSum): void {
  const { startMs, endMs = null, version = 0, spentPico } = sum
  const budget = budgetOf(book, sum.budget)
  const known = budget.window
  if (!known || known.startMs < startMs) {
    budget.window = { startMs, endMs, version, spentPico, rule: null }
  } else if (known.startMs === startMs) {
    known.spentPico += spentPico
    if (version < known.version || (version === known.version && endMs === known.endMs)) return
    Object.assign(known, { endMs, version, rule: null })
  }
}
