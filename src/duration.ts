/** How long a budget's window is, as `budget_duration` writes it: 30s, 30m, 30h, 30d, 2w, 1mo. */
export interface Duration {
  readonly count: number
  readonly unit: Unit
}

type Unit = 's' | 'm' | 'h' | 'd' | 'w' | 'mo'

/** One period of a budget: from `startMs` up to, not including, `endMs` (null: for ever). */
export interface Window {
  readonly startMs: number
  readonly endMs: number | null
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const DURATION = /^(\d{1,9})(mo|s|m|h|d|w)$/
const DURATION_MAX_MS = 100 * 366 * UNIT_MS.d

/** Null if the text is no duration, is zero, or is longer than a century. */
export function parseDuration(text: string): Duration | null {
  const match = DURATION.exec(text)
  if (!match) return null
  const duration = { count: Number(match[1]), unit: match[2] as Unit }
  if (duration.count === 0 || approximateMs(duration) > DURATION_MAX_MS) return null
  return duration
}

function approximateMs({ count, unit }: Duration): number {
  return count * (unit === 'mo' ? 31 * UNIT_MS.d : UNIT_MS[unit])
}

/**
 * The rolling window that holds `nowMs`: fixed lengths from `anchorMs`, never drifting.
 * Months end on the anchor's day and time (UTC), or on a short month's last day.
 * Without a duration there is one window, from 0 for ever. Before the anchor the first window counts.
 */
export function windowAt(duration: Duration | null, anchorMs: number, nowMs: number): Window {
  if (!duration) return { startMs: 0, endMs: null }
  const index = Math.max(0, windowIndex(duration, anchorMs, nowMs))
  return {
    startMs: boundary(duration, anchorMs, index),
    endMs: boundary(duration, anchorMs, index + 1),
  }
}

/**
 * The window that is open at `nowMs`, given the last one that is known (its end as it was then to
 * be). A new duration does not end the window that is open when it comes: spend is kept, and the
 * reset is the new rule's. Since when a duration holds is its `anchorMs`.
 */
export function openWindow(
  rule: { readonly duration: Duration | null; readonly anchorMs: number },
  known: Window | null,
  nowMs: number,
): Window {
  // A window that is ahead of the clock stays.
  const atMs = Math.max(nowMs, known?.startMs ?? nowMs)
  const { startMs, endMs } = windowAt(rule.duration, rule.anchorMs, atMs)
  if (!known) return { startMs, endMs }
  const isFirst = startMs <= rule.anchorMs
  const endedBefore = known.endMs !== null && known.endMs <= rule.anchorMs
  if (isFirst && endedBefore) return { startMs: rule.anchorMs, endMs }
  if (isFirst || known.startMs >= startMs) return { startMs: known.startMs, endMs }
  return { startMs, endMs }
}

function windowIndex(duration: Duration, anchorMs: number, nowMs: number): number {
  if (duration.unit !== 'mo') {
    return Math.floor((nowMs - anchorMs) / (duration.count * UNIT_MS[duration.unit]))
  }
  const anchor = new Date(anchorMs)
  const now = new Date(nowMs)
  const months =
    (now.getUTCFullYear() - anchor.getUTCFullYear()) * 12 +
    (now.getUTCMonth() - anchor.getUTCMonth())
  const index = Math.floor(months / duration.count)
  return boundary(duration, anchorMs, index) > nowMs ? index - 1 : index
}

/** Where window `index` starts. */
function boundary({ count, unit }: Duration, anchorMs: number, index: number): number {
  if (unit !== 'mo') return anchorMs + index * count * UNIT_MS[unit]
  const date = new Date(anchorMs)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + index * count)
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  return date.setUTCDate(Math.min(day, lastDay))
}

/** When something that lives this long ends: key expiry uses the same grammar as budgets. */
export function addDuration(duration: Duration, fromMs: number): number {
  return boundary(duration, fromMs, 1)
}

/** ISO 8601 in UTC with microseconds, as LiteLLM prints `budget_reset_at`. */
export function isoMicros(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}
