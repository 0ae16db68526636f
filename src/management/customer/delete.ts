import type { z } from 'zod'
import { deleteCustomers, listCustomers } from '../../db/customers.ts'
import { ApiError } from '../../errors.ts'
import type { CustomerDeps, Customers } from './fields.ts'

interface RemoveCustomers extends CustomerDeps {
  readonly input: z.infer<typeof Customers>
}

/** Forgets customers and what was spent for them; throws LiteLLM's 404 if one is not there. */
export async function removeCustomers({ db, input }: RemoveCustomers) {
  const userIds = [...new Set(input.user_ids)]
  if (!(await deleteCustomers(db, userIds))) {
    const there = new Set((await listCustomers(db, userIds)).map(({ userId }) => userId))
    const missing = userIds.filter((userId) => !there.has(userId)).join(', ')
    const message = `End User Id(s)=${missing} do not exist in db`
    throw new ApiError(404, message, { type: 'not_found', param: 'user_ids' })
  }
  const message = `Successfully deleted customers with ids: ${userIds.join(', ')}`
  return { deleted_customers: userIds.length, message }
}
