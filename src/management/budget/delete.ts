import { z } from 'zod'
import { deleteBudget } from '../../db/budgets.ts'
import { id } from '../fields.ts'
import { noBudget, told, type WriteDeps } from './tell.ts'

/** `POST /budget/delete`. */
export const DeleteBudget = z.object({ id })

interface RemoveBudget extends WriteDeps {
  readonly input: z.infer<typeof DeleteBudget>
}

/** Its limits hold for nobody any more; keys keep its name. May be repeated. */
export async function removeBudget(request: RemoveBudget) {
  const budgetId = request.input.id
  const removed = await deleteBudget(request.db, budgetId)
  if (!removed) throw noBudget(budgetId, 'id')
  return told(request, removed)
}
