import { Hono } from 'hono'
import { z } from 'zod'
import { type Acting, acting, adminOnly, adminsAndViewers, asked } from '../../callers.ts'
import { listCustomers, pageCustomers } from '../../db/customers.ts'
import { body, type Deps, query } from '../../http.ts'
import { id } from '../fields.ts'
import { pageNumber } from '../pages.ts'
import { blockCustomers } from './block.ts'
import { removeCustomers } from './delete.ts'
import { Customers, noCustomer } from './fields.ts'
import { createCustomer, NewCustomer } from './new.ts'
import { customerRow } from './row.ts'
import { changeCustomer, UpdateCustomer } from './update.ts'

const CUSTOMERS_MAX = 1_000

const CustomerQuery = z.object({ end_user_id: id })
const ListQuery = z.object({
  page: pageNumber(1),
  page_size: pageNumber(CUSTOMERS_MAX, CUSTOMERS_MAX),
})

/** `/customer/…`, also as `/end_user/…`: whom calls are made for, and what was spent for them. */
export function customerRoutes(deps: Deps): Hono<Acting> {
  const { db } = deps
  return new Hono<Acting>()
    .use(acting(deps))
    .post('/new', adminOnly, body(NewCustomer), async (c) =>
      c.json(await createCustomer({ ...asked(deps, c), input: c.req.valid('json') })),
    )
    .post('/update', adminOnly, body(UpdateCustomer), async (c) =>
      c.json(await changeCustomer({ ...asked(deps, c), input: c.req.valid('json') })),
    )
    .post('/delete', adminOnly, body(Customers), async (c) =>
      c.json(await removeCustomers({ ...asked(deps, c), input: c.req.valid('json') })),
    )
    .post('/block', adminOnly, body(Customers), async (c) => {
      const input = c.req.valid('json')
      return c.json(await blockCustomers({ ...asked(deps, c), input, blocked: true }))
    })
    .post('/unblock', adminOnly, body(Customers), async (c) => {
      const input = c.req.valid('json')
      return c.json(await blockCustomers({ ...asked(deps, c), input, blocked: false }))
    })
    .get('/info', adminsAndViewers, query(CustomerQuery), async (c) => {
      const { end_user_id: userId } = c.req.valid('query')
      const [found] = await listCustomers(db, [userId])
      if (!found) throw noCustomer(userId, 'end_user_id')
      return c.json(customerRow(found))
    })
    .get('/list', adminsAndViewers, query(ListQuery), async (c) => {
      const { page, page_size: pageSize } = c.req.valid('query')
      return c.json((await pageCustomers(db, { page, pageSize })).map(customerRow))
    })
}
