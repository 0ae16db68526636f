import { useViewer } from '../viewer.ts'
import { shownTime } from '../zoned.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A moment, as far away as it is; on hover the exact time in the viewer's zone. */
export function When({ at }: { readonly at: string }) {
  const { zone, nowMs } = useViewer()
  return (
    <time datetime={at} title={shownTime(at, zone)}>
      {distance(Date.parse(at) - nowMs)}
    </time>
  )
}

/** A moment as the viewer's clock shows it. */
export function Moment({ at }: { readonly at: string }) {
  return (
    <time datetime={at} title={at}>
      {shownTime(at, useViewer().zone)}
    </time>
  )
}

export function distance(ms: number): string {
  const size = Math.abs(ms)
  if (size < MINUTE_MS) return ms > 0 ? 'in less than a minute' : 'just now'
  const [count, unit] =
    size >= 2 * DAY_MS
      ? [size / DAY_MS, 'days']
      : size >= 2 * HOUR_MS
        ? [size / HOUR_MS, 'hours']
        : [size / MINUTE_MS, 'min']
  const text = `${Math.round(count)} ${unit}`
  return ms > 0 ? `in ${text}` : `${text} ago`
}
