import { Money } from '../parts/amounts.tsx'
import { Alert, Field, type Filled, type FormField } from '../parts/form.tsx'
import { Head, Live, LIVE, Page } from '../parts/page.tsx'
import { type Column, Pager, Table } from '../parts/table.tsx'
import { When } from '../parts/times.tsx'
import type { Viewer } from '../viewer.ts'
import { aliasOf, type LogPage, type LogRow } from './rows.ts'

export const LOG_FILTERS: readonly FormField[] = [
  { name: 'team_id', label: 'Team, its name or id' },
  { name: 'api_key', label: 'Key, its name or hash' },
  { name: 'user_id', label: 'User id' },
  { name: 'model', label: 'Model' },
  { name: 'request_id', label: 'Call id' },
  {
    name: 'status_filter',
    label: 'Status',
    kind: 'choice',
    options: [
      ['', 'any'],
      ['success', 'success'],
      ['failure', 'failure'],
    ],
  },
  { name: 'start_date', label: 'From (on your clock)', placeholder: '2026-10-31 08:00' },
  { name: 'end_date', label: 'To (on your clock)', placeholder: '2026-10-31' },
]

interface LogsProps {
  readonly viewer: Viewer
  readonly list: LogPage
  readonly filled: Filled
}

export function Logs({ viewer, list, filled }: LogsProps) {
  const { problem } = filled
  const isElsewhere = problem && !LOG_FILTERS.some(({ name }) => name === problem.field)
  return (
    <Page title="Logs" viewer={viewer} at="/ui/logs" scripts={LIVE}>
      <Head title="Logs" />
      <Alert>{isElsewhere && problem.message}</Alert>
      <form class="card" method="get" role="search">
        <div class="grid">
          {LOG_FILTERS.map((field) => (
            <Field field={field} filled={filled} />
          ))}
        </div>
        <p class="tools">
          <button class="quiet">Show</button>
          <button class="quiet" formaction="/ui/logs.csv">
            Calls as CSV
          </button>
          <button class="quiet" formaction="/ui/usage.csv">
            Usage by day as CSV
          </button>
        </p>
      </form>
      <Live id="calls">
        <Table
          label="Calls"
          empty="No call fits. Calls appear here seconds after they end."
          rows={list.data}
          columns={COLUMNS}
        />
      </Live>
      <Pager
        label="Pages of calls"
        page={list.page}
        pages={list.total_pages}
        asked={filled.values}
      />
    </Page>
  )
}

const COLUMNS: readonly Column<LogRow>[] = [
  {
    name: 'Ended',
    of: (row) => (
      <a href={`/ui/logs/${encodeURIComponent(row.request_id)}`}>
        <When at={row.endTime} />
      </a>
    ),
  },
  { name: 'Team', of: (row) => aliasOf(row, 'team') || row.team_id || '–' },
  { name: 'Key', of: (row) => aliasOf(row, 'key') || row.api_key.slice(0, 8) || '–' },
  { name: 'Model', of: (row) => row.model_group || row.model },
  { name: 'Status', of: (row) => row.status },
  { name: 'In', isNumber: true, of: (row) => row.prompt_tokens.toLocaleString('en-US') },
  { name: 'Out', isNumber: true, of: (row) => row.completion_tokens.toLocaleString('en-US') },
  { name: 'Cost', isNumber: true, of: (row) => <Money usd={row.spend} /> },
  { name: 'Took', isNumber: true, of: (row) => `${row.request_duration_ms} ms` },
]
