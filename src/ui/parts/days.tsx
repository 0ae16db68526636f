import { shownUsd } from './amounts.tsx'

export interface Day {
  readonly date: string
  readonly spend: number
}

const WIDTH = 720
const HEIGHT = 120

/** A bar for each day; the same in words for who does not see it. */
export function Days({ days }: { readonly days: readonly Day[] }) {
  const most = Math.max(...days.map(({ spend }) => spend), 0)
  if (most === 0) return <p>Nothing was spent in these days.</p>
  const step = WIDTH / days.length
  return (
    <svg class="days" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label="Spend by day">
      {days.map(({ date, spend }, i) => {
        const height = Math.max(spend > 0 ? 1 : 0, Math.round((spend / most) * HEIGHT))
        return (
          <rect
            class="bar-spent"
            x={Math.round(i * step) + 1}
            y={HEIGHT - height}
            width={Math.max(1, Math.round(step) - 2)}
            height={height}
          >
            <title>{`${date}: ${shownUsd(spend)}`}</title>
          </rect>
        )
      })}
    </svg>
  )
}
