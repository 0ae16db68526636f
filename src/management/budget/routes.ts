import { Hono } from 'hono'
import { z } from 'zod'
import { getBudget, listBudgets } from '../../db/budgets.ts'
import { type Acting, acting, adminOnly, adminsAndViewers, asked } from '../../callers.ts'
import { answered, body, type Deps, nowOf, query } from '../../http.ts'
import { id } from '../fields.ts'
import { DeleteBudget, removeBudget } from './delete.ts'
import { createBudget, NewBudget } from './new.ts'
import { budgetRow } from './row.ts'
import { budgetSettings } from './settings.ts'
import { noBudget } from './tell.ts'
import { changeBudget, UpdateBudget } from './update.ts'

const BUDGETS_MAX = 500

const Budgets = z.object({ budgets: z.array(id).min(1).max(BUDGETS_MAX) })
const BudgetQuery = z.object({ budget_id: id })

/** `/budget/…`: rows of limits that keys share by naming them. */
export function budgetRoutes(deps: Deps): Hono<Acting> {
  const { db, config } = deps
  const ignored = config.settings.ignoreUnsupported
  return new Hono<Acting>()
    .use(acting(deps))
    .post('/new', adminOnly, body(NewBudget), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await createBudget({ ...asked(deps, c), input, ignored }))
    })
    .post('/update', adminOnly, body(UpdateBudget), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await changeBudget({ ...asked(deps, c), input, ignored }))
    })
    .post('/delete', adminOnly, body(DeleteBudget), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await removeBudget({ ...asked(deps, c), input, ignored }))
    })
    .post('/info', adminsAndViewers, body(Budgets), async (c) => {
      const rows = await listBudgets(db, c.req.valid('json').budgets)
      return c.json(rows.map((row) => budgetRow(row, nowOf(deps))))
    })
    .get('/list', adminsAndViewers, async (c) =>
      c.json((await listBudgets(db)).map((row) => budgetRow(row, nowOf(deps)))),
    )
    .get('/settings', adminsAndViewers, query(BudgetQuery), async (c) => {
      const { budget_id } = c.req.valid('query')
      const budget = await getBudget(db, budget_id)
      if (!budget) throw noBudget(budget_id, 'budget_id')
      return c.json(budgetSettings(budget, nowOf(deps)))
    })
}
