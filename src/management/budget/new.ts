import { z } from 'zod'
import { insertBudget } from '../../db/budgets.ts'
import { made } from '../../db/change.ts'
import { newLimits } from '../../db/limits.ts'
import { badRequest } from '../../errors.ts'
import { id } from '../fields.ts'
import { limits } from '../limit-fields.ts'
import { limitChanges } from '../limits.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { told, type WriteDeps } from './tell.ts'

/** `POST /budget/new`; every field may be absent. */
export const NewBudget = z.looseObject({ budget_id: id.nullish(), ...limits })

interface CreateBudget extends WriteDeps {
  readonly input: z.infer<typeof NewBudget>
}

export async function createBudget(request: CreateBudget) {
  const { db, by, input, ignored, nowMs } = request
  refuseUnenforced('budget', input, { known: NewBudget.shape, ignored })
  const budgetId = input.budget_id ?? crypto.randomUUID()
  const inserted = await insertBudget(db, {
    budgetId,
    ...made(by, nowMs),
    ...newLimits(limitChanges(input), request),
  })
  if (!inserted) throw badRequest(`Budget with id '${budgetId}' already exists.`, 'budget_id')
  return told(request, inserted)
}
