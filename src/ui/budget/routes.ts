import { Hono } from 'hono'
import { ApiProblem } from '../api.ts'
import { changedBody, fieldsOf, newBody, readForm, refused, valuesOf } from '../forms.ts'
import { EMPTY, type Filled, type Values } from '../parts/form.tsx'
import type { Page, Signed } from '../signed.ts'
import {
  BUDGET_GROUPS,
  BudgetPage,
  type BudgetRow,
  Budgets,
  NEW_BUDGET_GROUPS,
  NewBudget,
} from './pages.tsx'

const FIELDS = fieldsOf(BUDGET_GROUPS)
const NEW_FIELDS = fieldsOf(NEW_BUDGET_GROUPS)

/** Shared budgets. */
export function budgetPages(): Hono<Signed> {
  return new Hono<Signed>()
    .get('/budgets', async (c) => {
      const rows = await c.var.api.get<readonly BudgetRow[]>('/budget/list')
      return c.html(Budgets({ viewer: c.var.viewer, rows }))
    })
    .get('/budgets/new', (c) => showNewBudget(c, EMPTY))
    .post('/budgets/new', (c) => makeBudget(c))
    .get('/budgets/:id', (c) => showBudget(c, c.req.param('id')))
    .post('/budgets/:id', (c) => changeBudget(c, c.req.param('id')))
    .post('/budgets/:id/delete', (c) => remove(c, c.req.param('id')))
}

function showNewBudget(c: Page, filled: Filled) {
  return c.html(NewBudget({ viewer: c.var.viewer, filled }), filled.problem ? 400 : 200)
}

async function makeBudget(c: Page) {
  const { values } = await readForm(c, NEW_FIELDS)
  try {
    await c.var.api.post('/budget/new', newBody(NEW_FIELDS, values, c.var.viewer.zone))
  } catch (error) {
    return showNewBudget(c, refused(values, error))
  }
  return c.redirect('/ui/budgets', 303)
}

interface Refused {
  readonly filled: Filled
  readonly was?: Values
}

async function showBudget(c: Page, budgetId: string, again?: Refused) {
  const { api, viewer } = c.var
  const [row] = await api.post<readonly BudgetRow[]>('/budget/info', { budgets: [budgetId] })
  if (!row) throw new ApiProblem(404, 'There is no such budget.', null)
  const values = valuesOf(FIELDS, row, viewer.zone)
  const { filled = { values, problem: null }, was = values } = again ?? {}
  return c.html(BudgetPage({ viewer, budgetId, filled, was }), filled.problem ? 400 : 200)
}

async function changeBudget(c: Page, budgetId: string) {
  const sent = await readForm(c, FIELDS)
  try {
    const body = changedBody(FIELDS, sent, c.var.viewer.zone)
    await c.var.api.post('/budget/update', { ...body, budget_id: budgetId })
  } catch (error) {
    return showBudget(c, budgetId, { filled: refused(sent.values, error), was: sent.was })
  }
  return c.redirect('/ui/budgets', 303)
}

async function remove(c: Page, budgetId: string) {
  try {
    await c.var.api.post('/budget/delete', { id: budgetId })
  } catch (error) {
    return showBudget(c, budgetId, { filled: refused({}, error, 'act') })
  }
  return c.redirect('/ui/budgets', 303)
}
