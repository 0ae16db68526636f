import type { z } from 'zod'
import { listCustomers, updateCustomers } from '../../db/customers.ts'
import { type CustomerDeps, type Customers, refuseLimits } from './fields.ts'
import { customerRow } from './row.ts'

interface BlockCustomers extends CustomerDeps {
  readonly input: z.infer<typeof Customers>
  readonly blocked: boolean
}

/** Nothing refuses the calls of those who are blocked: unless the operator knows that, it is a 400. */
export async function blockCustomers(request: BlockCustomers) {
  const { db, by, input, blocked, nowMs } = request
  if (blocked) refuseLimits(request, { blocked })
  const { user_ids: userIds } = input
  await updateCustomers(db, { userIds, changes: { blocked }, isForAll: blocked, by, nowMs })
  const found = await listCustomers(db, userIds)
  return { blocked_users: found.map(customerRow).filter((customer) => customer.blocked) }
}
