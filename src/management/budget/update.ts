import { z } from 'zod'
import { updateBudget } from '../../db/budgets.ts'
import { id } from '../fields.ts'
import { limits } from '../limit-fields.ts'
import { limitChanges } from '../limits.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { noBudget, told, type WriteDeps } from './tell.ts'

/** `POST /budget/update`: what is absent stays, null clears. */
export const UpdateBudget = z.looseObject({ budget_id: id, ...limits })

interface ChangeBudget extends WriteDeps {
  readonly input: z.infer<typeof UpdateBudget>
}

/** Changes a row for every key that names it. May be repeated. */
export async function changeBudget(request: ChangeBudget) {
  const { db, by, input, ignored, nowMs, resets } = request
  refuseUnenforced('budget', input, { known: UpdateBudget.shape, ignored })
  const { budget_id: budgetId } = input
  const changes = limitChanges(input)
  const changed = await updateBudget(db, { budgetId, changes, by, nowMs, resets })
  if (!changed) throw noBudget(budgetId, 'budget_id')
  return told(request, changed)
}
