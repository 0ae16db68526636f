import { exact, Money, When } from '../parts/amounts.tsx'
import { Choice, Field, type Filled } from '../parts/fields.tsx'
import { Alert, Live, Page, type Viewer } from '../parts/page.tsx'
import { type Column, Pager, Table } from '../parts/table.tsx'

export interface LogRow {
  readonly request_id: string
  readonly startTime: string
  readonly endTime: string
  readonly request_duration_ms: number
  readonly model: string
  readonly model_group: string
  readonly spend: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly status: string
  readonly api_key: string
  readonly team_id: string | null
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface LogPage {
  readonly data: readonly LogRow[]
  readonly page: number
  readonly total_pages: number
}

export const LOG_FILTERS = [
  'team_id',
  'api_key',
  'model',
  'request_id',
  'status_filter',
  'start_date',
  'end_date',
] as const

interface LogsProps {
  readonly viewer: Viewer
  readonly list: LogPage
  readonly filled: Filled
  readonly nowMs: number
}

const LABELS: Readonly<Record<(typeof LOG_FILTERS)[number], string>> = {
  team_id: 'Team id',
  api_key: 'Key or its hash',
  model: 'Model',
  request_id: 'Call id',
  status_filter: 'Status',
  start_date: 'From (UTC)',
  end_date: 'To (UTC)',
}

const STATUSES = [
  ['', 'any'],
  ['success', 'success'],
  ['failure', 'failure'],
] as const

export function Logs({ viewer, list, filled, nowMs }: LogsProps) {
  const { problem } = filled
  return (
    <Page title="Logs" viewer={viewer} at="/ui/logs" script="live.js">
      <h1>Logs</h1>
      <Alert>{problem && problem.field === null && problem.message}</Alert>
      <form class="card row" method="get" role="search">
        {LOG_FILTERS.map((name) =>
          name === 'status_filter' ? (
            <Choice name={name} label="Status" filled={filled} options={STATUSES} />
          ) : (
            <Field name={name} label={LABELS[name]} filled={filled} />
          ),
        )}
        <button class="quiet">Show</button>
      </form>
      <Live id="calls">
        <Table
          label="Calls"
          empty="No call fits. Calls appear here seconds after they end."
          rows={list.data}
          columns={columns(nowMs)}
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

function columns(nowMs: number): readonly Column<LogRow>[] {
  return [
    {
      name: 'Ended',
      of: (row) => (
        <a href={`/ui/logs/${encodeURIComponent(row.request_id)}`}>
          <When at={row.endTime} nowMs={nowMs} />
        </a>
      ),
    },
    { name: 'Model', of: (row) => row.model_group || row.model },
    { name: 'Status', of: (row) => row.status },
    { name: 'In', isNumber: true, of: (row) => row.prompt_tokens.toLocaleString('en-US') },
    { name: 'Out', isNumber: true, of: (row) => row.completion_tokens.toLocaleString('en-US') },
    { name: 'Cost', isNumber: true, of: (row) => <Money usd={row.spend} /> },
    { name: 'Time', isNumber: true, of: (row) => `${row.request_duration_ms} ms` },
  ]
}

export function LogDetail({ viewer, row }: { readonly viewer: Viewer; readonly row: LogRow }) {
  const { metadata, ...own } = row
  const parts = Object.entries((metadata['cost_breakdown'] ?? {}) as Record<string, number>)
  const facts = Object.entries({ ...own, ...metadata }).filter(
    ([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && value !== '',
  )
  return (
    <Page title="A call" viewer={viewer} at="/ui/logs">
      <h1>A call of {row.model_group || row.model || 'no model'}</h1>
      <section class="card" aria-label="Cost">
        <h2>
          Cost <Money usd={row.spend} />
        </h2>
        <dl>
          {parts.map(([part, usd]) => (
            <>
              <dt>{part.replaceAll('_', ' ')}</dt>
              <dd class="number">{exact(usd)} USD</dd>
            </>
          ))}
        </dl>
      </section>
      <section class="card" aria-label="Facts">
        <dl>
          {facts.map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{String(value)}</dd>
            </>
          ))}
        </dl>
      </section>
    </Page>
  )
}
