import { Bar, exact, Money, When } from '../parts/amounts.tsx'
import { Page, type Viewer } from '../parts/page.tsx'
import { Pager, Table } from '../parts/table.tsx'

interface ListProps<Row> {
  readonly viewer: Viewer
  readonly rows: readonly Row[]
  readonly page: number
  readonly pages: number
  readonly nowMs: number
}

export interface ModelRow {
  readonly model_name: string
  readonly litellm_params: { readonly model: string }
  readonly model_info: {
    readonly price_source: string | null
    readonly input_cost_per_token: number | null
    readonly output_cost_per_token: number | null
    readonly cache_read_input_token_cost?: number | null
  }
}

const MILLION = 1_000_000

function PerMillion({ usd }: { readonly usd: number | null | undefined }) {
  if (usd === null || usd === undefined) return <>–</>
  return <span title={`${exact(usd)} USD a token`}>{`$${(usd * MILLION).toPrecision(3)}`}</span>
}

export function Models({
  viewer,
  rows,
}: {
  readonly viewer: Viewer
  readonly rows: readonly ModelRow[]
}) {
  return (
    <Page title="Models" viewer={viewer} at="/ui/models">
      <h1>Models</h1>
      <p class="note">Prices are USD for a million tokens. Models stand in config.yaml.</p>
      <Table
        label="Models"
        empty="There is no model that you may see."
        rows={rows}
        columns={[
          { name: 'Name', of: (row) => row.model_name },
          { name: 'Is', of: (row) => row.litellm_params.model },
          {
            name: 'Input',
            isNumber: true,
            of: (row) => <PerMillion usd={row.model_info.input_cost_per_token} />,
          },
          {
            name: 'Cached',
            isNumber: true,
            of: (row) => <PerMillion usd={row.model_info.cache_read_input_token_cost} />,
          },
          {
            name: 'Output',
            isNumber: true,
            of: (row) => <PerMillion usd={row.model_info.output_cost_per_token} />,
          },
          {
            name: 'Price from',
            of: ({ model_info: info }) => info.price_source ?? 'nobody: refused to budgets',
          },
        ]}
      />
    </Page>
  )
}

export interface UserRow {
  readonly user_id: string
  readonly user_email: string | null
  readonly user_role: string | null
  readonly spend: number
  readonly max_budget: number | null
  readonly teams: readonly string[]
}

export function Users({ viewer, rows, page, pages }: ListProps<UserRow>) {
  return (
    <Page title="Users" viewer={viewer} at="/ui/users">
      <h1>Users</h1>
      <Table
        label="Users"
        empty="There is no user yet. Members of teams become users."
        rows={rows}
        columns={[
          { name: 'User', of: (row) => row.user_email ?? row.user_id },
          { name: 'Role', of: (row) => row.user_role ?? '–' },
          { name: 'Teams', isNumber: true, of: (row) => String(row.teams.length) },
          {
            name: 'Budget used',
            of: (row) => <Bar spend={row.spend} limit={row.max_budget} />,
          },
          { name: 'Spent', isNumber: true, of: (row) => <Money usd={row.spend} /> },
        ]}
      />
      <Pager label="Pages of users" page={page} pages={pages} />
    </Page>
  )
}

export interface BudgetRow {
  readonly budget_id: string
  readonly max_budget: number | null
  readonly budget_duration: string | null
  readonly rpm_limit: number | null
  readonly tpm_limit: number | null
}

const orNone = (value: string | number | null) => (value === null ? '–' : String(value))

export function Budgets({ viewer, rows }: Pick<ListProps<BudgetRow>, 'viewer' | 'rows'>) {
  return (
    <Page title="Budgets" viewer={viewer} at="/ui/budgets">
      <h1>Budgets</h1>
      <p class="note">Shared ones, that keys may name. Teams and keys have budgets of their own.</p>
      <Table
        label="Budgets"
        empty="There is no shared budget."
        rows={rows}
        columns={[
          { name: 'Id', of: (row) => row.budget_id },
          {
            name: 'Limit',
            isNumber: true,
            of: (row) => (row.max_budget === null ? '–' : <Money usd={row.max_budget} />),
          },
          { name: 'Period', of: (row) => orNone(row.budget_duration) },
          { name: 'Requests a minute', isNumber: true, of: (row) => orNone(row.rpm_limit) },
          { name: 'Tokens a minute', isNumber: true, of: (row) => orNone(row.tpm_limit) },
        ]}
      />
    </Page>
  )
}

export interface AuditRow {
  readonly id: string
  readonly updated_at: string
  readonly changed_by: string
  readonly action: string
  readonly table_name: string
  readonly object_id: string
}

export function Audit({ viewer, rows, page, pages, nowMs }: ListProps<AuditRow>) {
  return (
    <Page title="Audit log" viewer={viewer} at="/ui/audit">
      <h1>Audit log</h1>
      <Table
        label="Changes"
        empty="Nothing was changed yet."
        rows={rows}
        columns={[
          { name: 'When', of: (row) => <When at={row.updated_at} nowMs={nowMs} /> },
          { name: 'Who', of: (row) => row.changed_by },
          { name: 'What', of: (row) => `${row.action} ${row.table_name}` },
          { name: 'Which', of: (row) => row.object_id },
        ]}
      />
      <Pager label="Pages of changes" page={page} pages={pages} />
    </Page>
  )
}
