import { z } from 'zod'
import { listCustomers, updateCustomers } from '../../db/customers.ts'
import { money } from '../fields.ts'
import {
  type CustomerDeps,
  customerChanges,
  customerFields,
  noCustomer,
  refuseLimits,
  requireModel,
} from './fields.ts'
import { customerRow } from './row.ts'

/** `POST /customer/update`: what is absent stays, null clears. Answers are sent back, spend and all. */
export const UpdateCustomer = z.looseObject({ ...customerFields, spend: money })

interface ChangeCustomer extends CustomerDeps {
  readonly input: z.infer<typeof UpdateCustomer>
}

export async function changeCustomer(request: ChangeCustomer) {
  const { db, by, input, nowMs } = request
  refuseLimits(request, input, { spend: money })
  requireModel(request, input)
  const userIds = [input.user_id]
  const changes = customerChanges(input)
  await updateCustomers(db, { userIds, changes, isForAll: false, by, nowMs })
  const [found] = await listCustomers(db, userIds)
  if (!found) throw noCustomer(input.user_id, 'user_id')
  return customerRow(found)
}
