import { z } from 'zod'
import { cleanText, readNumber } from '../fields.ts'

const DAY_MS = 86_400_000
const DAYS_MAX = 366
const DAY = /^\d{4}-\d\d-\d\d$/
const TIME = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?$/

/** A day in UTC. */
export const day = z
  .string()
  .refine((text) => msOf(text) !== null && DAY.test(text), {
    error: 'expected a day such as "2026-10-31"',
  })
  .meta({ type: 'string', format: 'date' })

/** A day or an instant, in UTC where it names no zone. */
export const instant = z
  .string()
  .refine((text) => msOf(text) !== null, {
    error: 'expected a day such as "2026-10-31" or a time such as "2026-10-31 23:59:59"',
  })
  .meta({ type: 'string' })

interface Dates {
  readonly start_date?: string | undefined
  readonly end_date?: string | undefined
}

/** For objects that name both: in their order, and not too far from each other. */
export function checkSpan({ start_date: start, end_date: end }: Dates, context: z.RefinementCtx) {
  const [fromMs, toMs] = [msOf(start ?? ''), msOf(end ?? '')]
  if (fromMs === null || toMs === null) return
  if (fromMs > toMs) {
    context.addIssue({ code: 'custom', path: ['start_date'], message: 'expected one <= end_date' })
  } else if (toMs - fromMs >= DAYS_MAX * DAY_MS) {
    const message = `expected at most ${DAYS_MAX} days from start_date`
    context.addIssue({ code: 'custom', path: ['end_date'], message })
  }
}

/** The same where both have to be there. */
export function checkWholeSpan(dates: Dates, context: z.RefinementCtx) {
  for (const name of ['start_date', 'end_date'] as const) {
    if (dates[name] !== undefined) continue
    const message = 'expected a day. Please provide start_date and end_date'
    context.addIssue({ code: 'custom', path: [name], message })
  }
  checkSpan(dates, context)
}

/** From the first instant that is meant up to, not including, the one after the last. */
export function spanMs({ start_date: start, end_date: end }: Dates) {
  return {
    ...(start !== undefined && { fromMs: msOf(start) ?? 0 }),
    ...(end !== undefined && { untilMs: (msOf(end) ?? 0) + (DAY.test(end) ? DAY_MS : 1_000) }),
  }
}

/** The days that are meant; where there are none, the last ones up to today. */
export function daysOf({ start_date: start, end_date: end }: Dates, nowMs: number, days = 30) {
  const to = end ?? dayAt(start === undefined ? nowMs : Math.max(nowMs, msOf(start) ?? 0))
  return { from: start ?? dayAt((msOf(to) ?? nowMs) - (days - 1) * DAY_MS), to }
}

/** Each day from one to another. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = []
  for (let ms = msOf(from) ?? 0; ms <= (msOf(to) ?? 0); ms += DAY_MS) days.push(dayAt(ms))
  return days
}

function dayAt(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** Null: no such day, or no such time. */
function msOf(text: string): number | null {
  if (!DAY.test(text) && !TIME.test(text)) return null
  // Postgres and Date differ about what lies outside.
  const year = Number(text.slice(0, 4))
  if (year < 1970 || year > 9998) return null
  const hasZone = DAY.test(text) || /(?:Z|[+-]\d\d:\d\d)$/.test(text)
  const ms = Date.parse(text.replace(' ', 'T') + (hasZone ? '' : 'Z'))
  // Date.parse would take the 31st of February for the 3rd of March.
  const isDay = Number(text.slice(8, 10)) === new Date(`${text.slice(0, 10)}T00:00Z`).getUTCDate()
  return Number.isNaN(ms) || !isDay ? null : ms
}

/** A number from 1 on. */
export function numberUpTo(most: number, fallback: number) {
  return z
    .preprocess(
      readNumber,
      z
        .int({ error: 'expected an integer' })
        .refine((value) => value >= 1 && value <= most, { error: `expected 1 to ${most}` })
        .nullish(),
    )
    .transform((value) => value ?? fallback)
    .meta({ type: 'integer', minimum: 1, maximum: most, default: fallback })
}

export const PAGE_MAX = 1_000_000

export const page = numberUpTo(PAGE_MAX, 1)

/** `true` unless it says otherwise. */
export const yes = z
  .preprocess(
    (text) => (typeof text === 'string' ? FLAGS.get(text.toLowerCase()) : (text ?? true)),
    z.boolean({ error: 'expected a boolean' }),
  )
  .meta({ type: 'boolean', default: true })

const FLAGS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

/** A filter; LiteLLM's clients send empty ones for none. */
export const wanted = cleanText
  .optional()
  .transform((text) => (text === '' ? undefined : text))
  .meta({ type: 'string' })
