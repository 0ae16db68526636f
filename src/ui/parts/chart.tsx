import { shownUsd } from './amounts.tsx'

interface Series {
  readonly name: string
  /** A colour of the stylesheet. */
  readonly color: '--spent' | '--full'
  readonly values: readonly number[]
}

interface ChartProps {
  readonly label: string
  /** Each `2026-10-31`. */
  readonly days: readonly string[]
  readonly unit: 'usd' | 'count'
  /** The later ones are drawn over the earlier ones. */
  readonly series: readonly Series[]
}

/** Bars by day, drawn by a script; the same numbers as a table for who has none, or does not see them. */
export function Chart({ label, days, unit, series }: ChartProps) {
  const shown = (value: number) =>
    unit === 'usd' ? shownUsd(value) : value.toLocaleString('en-US')
  const isEmpty = series.every(({ values }) => values.every((value) => value === 0))
  return (
    <figure class="chart">
      <figcaption>{label}</figcaption>
      {isEmpty ? (
        <p class="note">Nothing in these days.</p>
      ) : (
        <>
          <div
            class="plot"
            role="img"
            aria-label={`${label}: a bar a day. The table below has the numbers.`}
            data-chart={JSON.stringify({ days, unit, series })}
          ></div>
          <details>
            <summary>As a table</summary>
            <table>
              <thead>
                <tr>
                  <th scope="col">Day (UTC)</th>
                  {series.map(({ name }) => (
                    <th scope="col" class="end">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {days.map((day, i) => (
                  <tr>
                    <th scope="row">{day}</th>
                    {series.map(({ values }) => (
                      <td class="end number">{shown(values[i] ?? 0)}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        </>
      )}
    </figure>
  )
}
