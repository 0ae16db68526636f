import { Hono } from 'hono'
import { z } from 'zod'
import { getBudget, listBudgets } from '../../db/budgets.ts'
import { adminOnly, answered, body, type Deps, nowOf, query } from '../../http.ts'
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
export function budgetRoutes(deps: Deps): Hono {
  const { db, config } = deps
  const admin = adminOnly(deps)
  const ignored = config.settings.ignoreUnsupported
  return new Hono()
    .post('/new', admin, body(NewBudget), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await createBudget({ ...deps, ...nowOf(deps), input, ignored }))
    })
    .post('/update', admin, body(UpdateBudget), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await changeBudget({ ...deps, ...nowOf(deps), input, ignored }))
    })
    .post('/delete', admin, body(DeleteBudget), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await removeBudget({ ...deps, ...nowOf(deps), input, ignored }))
    })
    .post('/info', admin, body(Budgets), async (c) => {
      const rows = await listBudgets(db, c.req.valid('json').budgets)
      return c.json(rows.map((row) => budgetRow(row, nowOf(deps))))
    })
    .get('/list', admin, async (c) =>
      c.json((await listBudgets(db)).map((row) => budgetRow(row, nowOf(deps)))),
    )
    .get('/settings', admin, query(BudgetQuery), async (c) => {
      const { budget_id } = c.req.valid('query')
      const budget = await getBudget(db, budget_id)
      if (!budget) throw noBudget(budget_id, 'budget_id')
      return c.json(budgetSettings(budget, nowOf(deps)))
    })
}
