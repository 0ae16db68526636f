import type { BudgetRow } from '../../db/budgets.ts'
import { budgetRow } from './row.ts'
import type { Now } from '../../windows.ts'

/** What LiteLLM's admin pages may edit of a budget row. */
const FIELDS = [
  ['max_parallel_requests', 'Integer', 'Most calls in flight at the same time.'],
  ['tpm_limit', 'Integer', 'Most tokens in 60 seconds.'],
  ['rpm_limit', 'Integer', 'Most requests in 60 seconds.'],
  ['budget_duration', 'String', 'After this long the spend starts anew, such as "30d".'],
  ['max_budget', 'Float', 'USD in one such window; calls beyond it are refused.'],
  ['soft_budget', 'Float', 'USD to warn at; nothing is refused.'],
] as const

export function budgetSettings(budget: BudgetRow, now: Now) {
  const row = budgetRow(budget, now)
  return FIELDS.map(([field_name, field_type, field_description]) => ({
    field_name,
    field_type,
    field_description,
    field_value: row[field_name],
    stored_in_db: true,
    field_default_value: null,
  }))
}
