import { calendarWindow, type Zone } from './calendar.ts'
import { addDuration, type Duration, monthsBetween, UNIT_MS } from './duration.ts'
import { CHARGE_MAX_PICO, type Pico } from './money.ts'

/** One period of a budget: from `startMs` up to, not including, `endMs` (null: for ever). */
export interface Window {
  readonly startMs: number
  readonly endMs: number | null
}

/** Windows of fixed length from when a budget was made, or as the calendar and the clock have them. */
export type Alignment = 'rolling' | 'calendar'

/** How the windows of one budget lie in time. Without a duration there is one, for ever. */
export interface Schedule {
  readonly duration: Duration | null
  /** Since when this duration holds; rolling windows count from here. */
  readonly anchorMs: number
  /** Since when it holds for who took it from another row, if that is later. */
  readonly sinceMs?: number
  /** Null: as the deployment has it. */
  readonly alignment?: Alignment | null
}

/** What a deployment says about all of its budgets' windows. */
export interface Resets extends Zone {
  readonly alignment: Alignment
  /** How many times its own size a budget may have left over; absent: windows begin anew. */
  readonly rolloverMax?: number
}

/** An instant, and how windows lie in this deployment. */
export interface Now {
  readonly nowMs: number
  readonly resets: Resets
}

export const ROLLING: Resets = { alignment: 'rolling', timezone: 'UTC', resetMinute: 0 }

/** The window that holds `nowMs`. They follow each other without a gap. */
export function windowAt(rule: Schedule, { nowMs, resets }: Now): Window {
  const { duration, anchorMs, alignment } = rule
  if (!duration) return { startMs: 0, endMs: null }
  return (alignment ?? resets.alignment) === 'calendar'
    ? calendarWindow({ duration, anchorMs }, resets, nowMs)
    : rollingWindow(duration, anchorMs, nowMs)
}

/**
 * The window that is open at `nowMs`, given the last one that is known (its end as it was then to
 * be). A rule that changes does not end the window that is open when it comes: spend is kept, and
 * the reset is the new rule's.
 */
export function openWindow(rule: Schedule, known: Window | null, now: Now): Window {
  // A window that is ahead of the clock stays.
  const atMs = Math.max(now.nowMs, known?.startMs ?? now.nowMs)
  const { startMs, endMs } = windowAt(rule, { ...now, nowMs: atMs })
  if (!known) return { startMs, endMs }
  const sinceMs = Math.max(rule.anchorMs, rule.sinceMs ?? rule.anchorMs)
  const isFirst = startMs <= sinceMs
  const endedBefore = known.endMs !== null && known.endMs <= sinceMs
  if (isFirst && endedBefore) return { startMs: sinceMs, endMs }
  if (isFirst || known.startMs >= startMs) return { startMs: known.startMs, endMs }
  // Opened under this rule and not over: the deployment's zone or alignment is another now.
  if (known.startMs > sinceMs && known.endMs !== null && known.endMs > atMs) return known
  return { startMs, endMs }
}

interface SpentWindow extends Window {
  readonly spentPico: Pico
}

/** The same with what counts as spent in it: nothing where a new one begins, or what is carried over. */
export function rollWindow(
  rule: Schedule & { readonly limitPico: Pico | null },
  known: SpentWindow | null,
  now: Now,
): SpentWindow {
  const open = openWindow(rule, known, now)
  if (!known) return { ...open, spentPico: 0n }
  if (known.startMs === open.startMs) return { ...open, spentPico: known.spentPico }
  return { ...open, spentPico: carriedOver(rule, [known, open], now) }
}

/** That many entries a ledger writes at once, and their sum fits into a log row of Postgres. */
export const CARRIED_MAX_PICO: Pico = 1_000n * CHARGE_MAX_PICO

/**
 * What was left of a budget, as a negative spend, or what was spent beyond it. Windows between that
 * nobody looked at were not spent in.
 */
function carriedOver(
  rule: Schedule & { readonly limitPico: Pico | null },
  [known, open]: readonly [SpentWindow, Window],
  { resets }: Now,
): Pico {
  const { limitPico } = rule
  const { rolloverMax } = resets
  if (rolloverMax === undefined || !limitPico || known.endMs === null) return 0n
  const share = (limitPico * BigInt(Math.round(rolloverMax * 1_000))) / 1_000n
  const most = -lesser(share, CARRIED_MAX_PICO)
  let { endMs, spentPico } = known as { endMs: number | null; spentPico: Pico }
  for (let windows = 0; windows < CARRIED_WINDOWS_MAX; windows++) {
    spentPico -= limitPico
    if (spentPico <= most) return most
    if (endMs === null || endMs >= open.startMs) return lesser(spentPico, CARRIED_MAX_PICO)
    ;({ endMs } = windowAt(rule, { nowMs: endMs, resets }))
  }
  return most
}

function lesser(a: Pico, b: Pico): Pico {
  return a < b ? a : b
}

/** After as many without a call nothing is owed any more. */
const CARRIED_WINDOWS_MAX = 1_000

/** Fixed lengths from the anchor, never drifting. Before the anchor the first one counts. */
function rollingWindow(duration: Duration, anchorMs: number, nowMs: number): Window {
  const index = Math.max(0, rollingIndex(duration, anchorMs, nowMs))
  return {
    startMs: addDuration(duration, anchorMs, index),
    endMs: addDuration(duration, anchorMs, index + 1),
  }
}

function rollingIndex(duration: Duration, anchorMs: number, nowMs: number): number {
  const { count, unit } = duration
  if (unit !== 'mo') return Math.floor((nowMs - anchorMs) / (count * UNIT_MS[unit]))
  const index = Math.floor(monthsBetween(anchorMs, nowMs) / count)
  return addDuration(duration, anchorMs, index) > nowMs ? index - 1 : index
}
