import { href } from './href.ts'
import type { Child } from 'hono/jsx'

export interface Column<Row> {
  readonly name: string
  /** Numbers stand at the end of their column. */
  readonly isNumber?: boolean
  readonly of: (row: Row) => Child
}

interface TableProps<Row> {
  readonly label: string
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  /** Said in place of a table without rows. */
  readonly empty: string
}

export function Table<Row>({ label, columns, rows, empty }: TableProps<Row>) {
  if (rows.length === 0) return <p>{empty}</p>
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map(({ name, isNumber }) => (
              <th scope="col" class={isNumber ? 'end' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {columns.map(({ of, isNumber }, i) =>
                i === 0 ? (
                  <th scope="row">{of(row)}</th>
                ) : (
                  <td class={isNumber ? 'end number' : undefined}>{of(row)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface PagerProps {
  readonly label: string
  readonly page: number
  readonly pages: number
  /** What else the page was asked for. */
  readonly asked?: Readonly<Record<string, string>>
}

export function Pager({ label, page, pages, asked = {} }: PagerProps) {
  if (pages <= 1) return null
  const at = (number: number) => href('', { ...asked, page: String(number) })
  return (
    <nav class="pager" aria-label={label}>
      {page > 1 && <a href={at(page - 1)}>Previous</a>}
      <span>
        Page {page} of {pages}
      </span>
      {page < pages && <a href={at(page + 1)}>Next</a>}
    </nav>
  )
}
