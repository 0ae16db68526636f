/** How long a budget's window is, as `budget_duration` writes it: 30s, 30m, 30h, 30d, 2w, 1mo. */
export interface Duration {
  readonly count: number
  readonly unit: Unit
}

type Unit = 's' | 'm' | 'h' | 'd' | 'w' | 'mo'

export const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
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
 * When something that lives this long ends. Months end on the same day and time (UTC), or on a
 * short month's last day.
 */
export function addDuration({ count, unit }: Duration, fromMs: number, times = 1): number {
  return unit === 'mo' ? addMonths(fromMs, count * times) : fromMs + count * times * UNIT_MS[unit]
}

function addMonths(fromMs: number, months: number): number {
  const date = new Date(fromMs)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  return date.setUTCDate(Math.min(day, lastDay))
}

/** From one month to another, whatever their days. */
export function monthsBetween(fromMs: number, toMs: number): number {
  const [from, to] = [new Date(fromMs), new Date(toMs)]
  const years = to.getUTCFullYear() - from.getUTCFullYear()
  return years * 12 + to.getUTCMonth() - from.getUTCMonth()
}

/** ISO 8601 in UTC with microseconds, as LiteLLM prints `budget_reset_at`. */
export function isoMicros(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}
