import { Temporal } from 'temporal-polyfill'
import { type Duration, UNIT_MS } from './duration.ts'

/** Where, and how many minutes after midnight, a budget's day begins. */
export interface Zone {
  /** Of the IANA database, such as `Europe/Berlin`. */
  readonly timezone: string
  readonly resetMinute: number
}

interface CalendarRule {
  readonly duration: Duration
  readonly anchorMs: number
}

interface Span {
  readonly startMs: number
  readonly endMs: number
}

type Day = Temporal.PlainDate

const DAY_MS = UNIT_MS.d
const EPOCH: Day = Temporal.PlainDate.from('1970-01-01')

export function isTimezone(name: string): boolean {
  try {
    // Temporal would take an instant's zone too.
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone)
  } catch {
    return false
  }
}

/**
 * The window that holds `nowMs`, as the calendar and the clock of a zone have it: days from
 * midnight, weeks from Monday, months (also as `30d`) from the 1st, hours and less on the grid of
 * the clock, anew each day. Several days, weeks or months count from those of the anchor.
 */
export function calendarWindow(rule: CalendarRule, zone: Zone, nowMs: number): Span {
  const { count, unit } = inDays(rule.duration)
  if (unit === 'd' || unit === 'w' || unit === 'mo') {
    const today = dayOf(nowMs, zone)
    const first = firstDay({ count, unit }, { anchor: dayOf(rule.anchorMs, zone), today })
    const next = first.add(unit === 'mo' ? { months: count } : { days: count * daysOf(unit) })
    return { startMs: startOf(first, zone), endMs: startOf(next, zone) }
  }
  const lengthMs = count * UNIT_MS[unit]
  if (lengthMs < DAY_MS) {
    return { startMs: tickBefore(lengthMs, zone, nowMs), endMs: tickAfter(lengthMs, zone, nowMs) }
  }
  const originMs = startOf(dayOf(rule.anchorMs, zone), zone)
  const startMs = nowMs - mod(nowMs - originMs, lengthMs)
  return { startMs, endMs: startMs + lengthMs }
}

/** The units of the calendar that a duration is counted in: 24h is a day, 7d a week, 30d a month. */
function inDays({ count, unit }: Duration): Duration {
  if (unit === 'd' && count === 7) return { count: 1, unit: 'w' }
  if (unit === 'd' && count === 30) return { count: 1, unit: 'mo' }
  if (unit === 'd' || unit === 'w' || unit === 'mo') return { count, unit }
  const days = (count * UNIT_MS[unit]) / DAY_MS
  return Number.isInteger(days) ? { count: days, unit: 'd' } : { count, unit }
}

function daysOf(unit: 'd' | 'w'): number {
  return unit === 'w' ? 7 : 1
}

/** The day on which the window that holds today begins. */
function firstDay(
  { count, unit }: { readonly count: number; readonly unit: 'd' | 'w' | 'mo' },
  { anchor, today }: { readonly anchor: Day; readonly today: Day },
): Day {
  if (unit === 'mo') {
    const months = (today.year - anchor.year) * 12 + today.month - anchor.month
    return today.with({ day: 1 }).subtract({ months: mod(months, count) })
  }
  if (unit === 'd') return today.subtract({ days: mod(daysBetween(anchor, today), count) })
  const [first, monday] = [mondayOf(anchor), mondayOf(today)]
  return monday.subtract({ days: mod(daysBetween(first, monday), 7 * count) })
}

function mondayOf(day: Day): Day {
  return day.subtract({ days: day.dayOfWeek - 1 })
}

function daysBetween(from: Day, to: Day): number {
  return from.until(to, { largestUnit: 'days' }).days
}

/** A reset that a clock skips is when it jumps; of two the first counts. */
function startOf(day: Day, { timezone, resetMinute }: Zone): number {
  const wanted = day.toPlainDateTime({
    hour: Math.floor(resetMinute / 60),
    minute: resetMinute % 60,
  })
  const found = wanted.toZonedDateTime(timezone)
  const ms = found.epochMilliseconds
  if (found.toPlainDateTime().equals(wanted)) return ms
  return transition(ms + 1, timezone, 'previous') ?? ms
}

function dayOf(ms: number, zone: Zone): Day {
  const local = ms + offsetMs(ms, zone.timezone) - zone.resetMinute * UNIT_MS.m
  const day = EPOCH.add({ days: Math.floor(local / DAY_MS) })
  // Where the clock repeats an hour, it may read less than at the day's beginning.
  const next = day.add({ days: 1 })
  return startOf(next, zone) <= ms ? next : day
}

/**
 * The last instant, up to this one, at which the clock read a multiple of a length, counted from
 * the day's beginning. One that it skips is when it jumps; one that it repeats comes twice.
 */
function tickBefore(lengthMs: number, zone: Zone, ms: number): number {
  const { timezone } = zone
  const offset = offsetMs(ms, timezone)
  const tick = ms - (sinceReset(ms, offset, zone) % lengthMs)
  if (offsetMs(tick, timezone) === offset) return tick
  const jump = transition(ms + 1, timezone, 'previous')
  if (jump === null || tick >= jump) return tick
  const isSkipped = tick + offset >= jump + offsetMs(jump - 1, timezone)
  return isSkipped ? jump : tickBefore(lengthMs, zone, jump - 1)
}

/** The first such instant after this one. */
function tickAfter(lengthMs: number, zone: Zone, ms: number): number {
  const { timezone } = zone
  const offset = offsetMs(ms, timezone)
  const since = sinceReset(ms, offset, zone)
  const tick = ms - since + Math.min(since - (since % lengthMs) + lengthMs, DAY_MS)
  if (offsetMs(tick, timezone) === offset) return tick
  const jump = transition(ms, timezone, 'next')
  if (jump === null || jump > tick) return tick
  return tickBefore(lengthMs, zone, jump) === jump ? jump : tickAfter(lengthMs, zone, jump)
}

/** By its clock, not by what passed. */
function sinceReset(ms: number, offset: number, { resetMinute }: Zone): number {
  return mod(ms + offset - resetMinute * UNIT_MS.m, DAY_MS)
}

function offsetMs(ms: number, timezone: string): number {
  return zoned(ms, timezone).offsetNanoseconds / 1e6
}

function transition(ms: number, timezone: string, direction: 'next' | 'previous'): number | null {
  return zoned(ms, timezone).getTimeZoneTransition(direction)?.epochMilliseconds ?? null
}

function zoned(ms: number, timezone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone)
}

/** Never negative. */
function mod(value: number, by: number): number {
  return ((value % by) + by) % by
}
