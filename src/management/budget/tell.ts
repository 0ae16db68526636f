import type { WrittenBudget } from '../../db/budgets.ts'
import { budgetPolicy } from '../../db/policy.ts'
import { notFound } from '../../errors.ts'
import { type Signed, tellAll, type TellDeps } from '../tell.ts'
import { budgetRow } from './row.ts'
import type { Now } from '../../windows.ts'

export interface WriteDeps extends TellDeps, Now, Signed {
  readonly ignored: readonly string[]
}

/** Tells every ledger with keys that name the row; answers with it, and how many are left. */
export async function told(deps: WriteDeps, { budget, accounts }: WrittenBudget) {
  const row = budgetPolicy(budget)
  const pending = await tellAll(
    deps,
    accounts.map((account) => ({ account, row })),
  )
  return { pending, ...budgetRow(budget, deps) }
}

export function noBudget(budgetId: string, param: string) {
  return notFound(`Budget not found, passed budget_id=${budgetId}`, param)
}
