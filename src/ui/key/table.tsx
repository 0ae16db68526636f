import { Bar, Money } from '../parts/amounts.tsx'
import { Table } from '../parts/table.tsx'
import { When } from '../parts/times.tsx'
import { type KeyRow, nameOf, pathOf } from './rows.ts'

interface KeysProps {
  readonly keys: readonly KeyRow[]
  readonly empty?: string
}

export function Keys({ keys, empty = 'No key yet. A key is what an app calls with.' }: KeysProps) {
  return (
    <Table
      label="Keys"
      empty={empty}
      rows={keys}
      columns={[
        {
          name: 'Key',
          of: (key) => (
            <>
              <a href={pathOf(key.token)}>{nameOf(key)}</a>{' '}
              {key.blocked && <span class="tag">blocked</span>}
            </>
          ),
        },
        { name: 'Budget used', of: (key) => <Bar spend={key.spend} limit={key.max_budget} /> },
        { name: 'Spent', isNumber: true, of: (key) => <Money usd={key.spend} /> },
        {
          name: 'Expires',
          of: ({ expires }) => (expires === null ? 'never' : <When at={expires} />),
        },
      ]}
    />
  )
}
