import type { BudgetRow } from '../../db/budgets.ts'
import { isoMicros } from '../../duration.ts'
import { limitFields } from '../limits.ts'
import type { Now } from '../../windows.ts'

/** A shared budget row as LiteLLM answers with it. */
export function budgetRow(budget: BudgetRow, now: Now) {
  return {
    budget_id: budget.budgetId,
    ...limitFields(budget, now),
    allowed_models: [],
    created_at: isoMicros(budget.createdAt.getTime()),
    created_by: budget.createdBy,
    updated_at: isoMicros(budget.updatedAt.getTime()),
    updated_by: budget.updatedBy,
  }
}
