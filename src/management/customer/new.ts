import { z } from 'zod'
import { made } from '../../db/change.ts'
import { insertCustomer, listCustomers } from '../../db/customers.ts'
import { badRequest } from '../../errors.ts'
import {
  type CustomerDeps,
  customerChanges,
  customerFields,
  refuseLimits,
  requireModel,
} from './fields.ts'
import { customerRow } from './row.ts'

/** `POST /customer/new`. */
export const NewCustomer = z.looseObject(customerFields)

interface CreateCustomer extends CustomerDeps {
  readonly input: z.infer<typeof NewCustomer>
}

/** Calls may have been made for them before. */
export async function createCustomer(request: CreateCustomer) {
  const { db, by, input, nowMs } = request
  refuseLimits(request, input)
  requireModel(request, input)
  const { blocked = false, ...changes } = customerChanges(input)
  const row = { userId: input.user_id, blocked, ...changes, ...made(by, nowMs) }
  const inserted = await insertCustomer(db, row)
  if (!inserted) {
    const message = `Customer already exists, passed user_id=${input.user_id}.`
    throw badRequest(`${message} Please pass a new user_id.`, 'user_id')
  }
  const [found] = await listCustomers(db, [input.user_id])
  return customerRow(found ?? { userId: input.user_id, row: inserted, spendPico: '0' })
}
