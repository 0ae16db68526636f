import type { Pico } from '../money.ts'
import type { PolicyRow } from './policy.ts'
import type { RateBook } from './rates.ts'
import type { WindowRule } from './store.ts'
import type { WindowSum } from './types.ts'
import { type Now, rollWindow } from '../windows.ts'

export interface WindowBook {
  startMs: number
  endMs: number | null
  /** Of the rule by which it ends then. */
  version: number
  spentPico: Pico
}

/** One scope's sums, held in memory. */
export interface ScopeBook {
  /** By budget. */
  readonly windows: Map<string, WindowBook>
  readonly rules: Map<string, WindowRule>
  /** The newest that a call brought: who lends it limits may change them. */
  row: PolicyRow | null
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
    windows: new Map(),
    rules: new Map(),
    row: null,
    heldPico: 0n,
    heldTokens: 0,
    holds: 0,
    unfolded,
    rates: null,
    hadTraffic: false,
    usedMs,
  }
  for (const sum of sums) addTo(book.windows, sum)
  return book
}

/**
 * Windows roll here, exactly at their end, because nothing else looks at them. A window that is
 * ahead of the clock stays: ledger time never goes back.
 */
export function windowOf(book: ScopeBook, asked: WindowRule, now: Now): WindowBook {
  const rule = newestRule(book.rules, asked)
  const known = book.windows.get(rule.budget)
  // An older row, of a call that was long under way, does not end a window that a newer one keeps.
  if (known && known.version > rule.version && isOpen(known, now.nowMs)) return known
  const limited = { ...rule, limitPico: rule.limitPico ?? null }
  const { startMs, endMs, spentPico } = rollWindow(limited, known ?? null, now)
  const { version } = rule
  if (known?.startMs === startMs) return Object.assign(known, { endMs, version })
  const window = { startMs, endMs, version, spentPico }
  book.windows.set(rule.budget, window)
  return window
}

function isOpen({ endMs }: WindowBook, nowMs: number): boolean {
  return endMs === null || nowMs < endMs
}

/** The newer of two rules for a budget says how its windows lie. */
export function newestRule(rules: Map<string, WindowRule>, asked: WindowRule): WindowRule {
  const known = rules.get(asked.budget)
  if (known && isNewer(known, asked)) return known
  rules.set(asked.budget, asked)
  return asked
}

function isNewer(a: WindowRule, b: WindowRule): boolean {
  return a.version === b.version ? (a.lent ?? 0) > (b.lent ?? 0) : a.version > b.version
}

/** Of two windows of a budget the later one counts; the same one adds up. */
export function addTo(windows: Map<string, WindowBook>, sum: WindowSum): void {
  const { budget, startMs, endMs = null, version = 0, spentPico } = sum
  const known = windows.get(budget)
  if (!known || known.startMs < startMs) windows.set(budget, { startMs, endMs, version, spentPico })
  else if (known.startMs === startMs) {
    known.spentPico += spentPico
    if (version >= known.version) Object.assign(known, { endMs, version })
  }
}
