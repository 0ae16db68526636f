import { Temporal } from 'temporal-polyfill'

const DAY = /^\d{4}-\d\d-\d\d$/
const LOCAL = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?$/

/** A day or a time as it is on somebody's clock → ISO 8601 in UTC; what is neither stays as it is. */
export function instantOf(text: string, zone: string): string {
  return LOCAL.test(text) ? (utcOf(text.replace(' ', 'T'), zone) ?? text) : text
}

/** The last second of a day; of a time, that time. */
export function endOf(text: string, zone: string): string {
  return instantOf(DAY.test(text) ? `${text}T23:59:59` : text, zone)
}

function utcOf(local: string, zone: string): string | null {
  try {
    const instant = Temporal.PlainDateTime.from(local).toZonedDateTime(zone).toInstant()
    return instant.toString({ smallestUnit: 'second' })
  } catch {
    return null
  }
}

/** The day that it is there then: `2026-10-31`. */
export function dayIn(zone: string, ms: number): string {
  return Temporal.Instant.fromEpochMilliseconds(ms)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString()
}

/** An instant as its clock shows it, for people: `31 Oct 2026, 23:59:59 GMT+1`. */
export function shownTime(at: string, zone: string): string {
  const ms = Date.parse(at)
  if (Number.isNaN(ms)) return at
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(ms)
}

/** The same as an input of the browser takes it: `2026-10-31T23:59`. */
export function inputTime(at: string, zone: string): string {
  const ms = Date.parse(at)
  if (Number.isNaN(ms)) return ''
  const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)
  return local.toPlainDateTime().toString({ smallestUnit: 'minute' })
}
