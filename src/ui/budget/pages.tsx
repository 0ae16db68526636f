import { BUDGET, PERIOD, RATES, WINDOWS } from '../fields.ts'
import { Money } from '../parts/amounts.tsx'
import {
  Alert,
  type FieldGroup,
  type Filled,
  Final,
  Form,
  type FormField,
  type Values,
} from '../parts/form.tsx'
import { Head, Page } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import type { Viewer } from '../viewer.ts'

export interface BudgetRow {
  readonly budget_id: string
  readonly max_budget: number | null
  readonly budget_duration: string | null
  readonly rpm_limit: number | null
  readonly tpm_limit: number | null
}

export const pathOf = (budgetId: string) => `/ui/budgets/${encodeURIComponent(budgetId)}`

const ID: FormField = { name: 'budget_id', label: 'Id', hint: 'Empty: one is made up.' }

/** What may be changed of a shared budget. */
export const BUDGET_GROUPS: readonly FieldGroup[] = [
  { legend: 'Budget', fields: [BUDGET, PERIOD, WINDOWS] },
  { legend: 'Limits', fields: RATES },
]

/** What it is made with. */
export const NEW_BUDGET_GROUPS: readonly FieldGroup[] = [
  { legend: 'Name', fields: [ID] },
  ...BUDGET_GROUPS,
]

const orNone = (value: string | number | null) => (value === null ? '–' : String(value))

interface BudgetsProps {
  readonly viewer: Viewer
  readonly rows: readonly BudgetRow[]
}

export function Budgets({ viewer, rows }: BudgetsProps) {
  return (
    <Page title="Budgets" viewer={viewer} at="/ui/budgets">
      <Head title="Budgets">
        {viewer.isAdmin && (
          <a class="button" href="/ui/budgets/new">
            Create budget
          </a>
        )}
      </Head>
      <p class="note">Shared ones, that keys may name. Teams and keys have budgets of their own.</p>
      <Table
        label="Budgets"
        empty="There is no shared budget."
        rows={rows}
        columns={[
          { name: 'Id', of: (row) => <a href={pathOf(row.budget_id)}>{row.budget_id}</a> },
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

interface BudgetProps {
  readonly viewer: Viewer
  readonly filled: Filled
}

export function NewBudget({ viewer, filled }: BudgetProps) {
  return (
    <Page title="Create budget" viewer={viewer} at="/ui/budgets">
      <h1>Create budget</h1>
      <Form filled={filled} groups={NEW_BUDGET_GROUPS} button="Create budget" />
    </Page>
  )
}

interface OneBudgetProps extends BudgetProps {
  readonly budgetId: string
  readonly was: Values
}

export function BudgetPage({ viewer, budgetId, filled, was }: OneBudgetProps) {
  const isAct = filled.form === 'act'
  return (
    <Page title={budgetId} viewer={viewer} at="/ui/budgets">
      <h1>Budget {budgetId}</h1>
      <Alert>{isAct && filled.problem?.message}</Alert>
      <Form
        filled={isAct ? { values: was, problem: null } : filled}
        groups={BUDGET_GROUPS}
        button="Save"
        was={was}
      />
      <section class="card">
        <Final to={`${pathOf(budgetId)}/delete`} name="Delete">
          Delete for good
        </Final>
      </section>
    </Page>
  )
}
