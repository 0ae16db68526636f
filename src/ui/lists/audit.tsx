import type { FormField } from '../parts/form.tsx'
import { Page } from '../parts/page.tsx'
import { Search } from '../parts/search.tsx'
import { Pager, Table } from '../parts/table.tsx'
import { When } from '../parts/times.tsx'
import type { Viewer } from '../viewer.ts'

export interface AuditRow {
  readonly id: string
  readonly updated_at: string
  readonly changed_by: string
  readonly action: string
  readonly table_name: string
  readonly object_id: string
  readonly before_value: unknown
  readonly updated_values: unknown
}

export interface AuditList {
  readonly audit_logs: readonly AuditRow[]
  readonly page: number
  readonly total_pages: number
}

export interface AuditQuery {
  readonly changed_by: string
  readonly action: string
  readonly object_id: string
}

const ACTIONS = ['created', 'updated', 'deleted', 'blocked', 'unblocked', 'rotated'] as const

const FILTERS: readonly FormField[] = [
  { name: 'changed_by', label: 'Who' },
  {
    name: 'action',
    label: 'What',
    kind: 'choice',
    options: [['', 'anything'], ...ACTIONS.map((name) => [name, name] as const)],
  },
  { name: 'object_id', label: 'Which, its id' },
]

interface AuditProps {
  readonly viewer: Viewer
  readonly list: AuditList
  readonly asked: AuditQuery
}

export function Audit({ viewer, list, asked }: AuditProps) {
  const values = { ...asked }
  return (
    <Page title="Audit log" viewer={viewer} at="/ui/audit">
      <h1>Audit log</h1>
      <Search fields={FILTERS} values={values} />
      <Table
        label="Changes"
        empty="No change fits."
        rows={list.audit_logs}
        columns={[
          { name: 'When', of: (row) => <When at={row.updated_at} /> },
          { name: 'Who', of: (row) => row.changed_by },
          { name: 'What', of: (row) => `${row.action} ${row.table_name}` },
          { name: 'Which', of: (row) => row.object_id },
          { name: 'Changes', of: (row) => <Changes row={row} /> },
        ]}
      />
      <Pager label="Pages of changes" page={list.page} pages={list.total_pages} asked={values} />
    </Page>
  )
}

/** What a change made of what. */
function Changes({
  row: { before_value: before, updated_values: after },
}: {
  readonly row: AuditRow
}) {
  const [old, made] = [recordOf(before), recordOf(after)]
  const names = [...new Set([...Object.keys(old), ...Object.keys(made)])]
  const changed = names.filter((name) => textOf(old[name]) !== textOf(made[name]))
  if (changed.length === 0) return <>–</>
  return (
    <details>
      <summary>{changed.length} fields</summary>
      <dl>
        {changed.map((name) => (
          <>
            <dt>{name}</dt>
            <dd>
              {textOf(old[name])} → {textOf(made[name])}
            </dd>
          </>
        ))}
      </dl>
    </details>
  )
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
