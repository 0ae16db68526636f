import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { type Acting, acting, adminOnly, asked, usersOnly } from '../../callers.ts'
import type { BudgetRow } from '../../db/budgets.ts'
import type { KeyRow } from '../../db/keys.ts'
import { answered, body, type Deps, nowOf, params } from '../../http.ts'
import { cleanText } from '../fields.ts'
import { AddCredit } from '../credit.ts'
import { ResetSpend } from '../lower-spend.ts'
import { keyChangeRoutes } from './change/routes.ts'
import { creditKey } from './credit.ts'
import { DeleteKeys, removePermittedKeys } from './delete.ts'
import { NewKey } from './generate.ts'
import { keyListRoutes } from './list/routes.ts'
import { makeKey, makeServiceKey } from './make.ts'
import { resetPermittedSpend } from './reset-spend.ts'
import { keyRow, shownOnce } from './row.ts'

const KeyParam = z.object({ key: cleanText })

/** `/key/…`: make, show, change and delete virtual keys. */
export function keyRoutes(deps: Deps): Hono<Acting> {
  const ignored = deps.config.settings.ignoreUnsupported
  return new Hono<Acting>()
    .use(acting(deps))
    .post('/generate', usersOnly, body(NewKey), async (c) => {
      const input = c.req.valid('json')
      return shown(deps, c, [input, await makeKey({ ...asked(deps, c), input, ignored })])
    })
    .post('/service-account/generate', usersOnly, body(NewKey), async (c) => {
      const input = c.req.valid('json')
      return shown(deps, c, [input, await makeServiceKey({ ...asked(deps, c), input, ignored })])
    })
    .route('/', keyChangeRoutes(deps))
    .route('/', keyListRoutes(deps))
    .post('/:key/reset_spend', usersOnly, params(KeyParam), body(ResetSpend), async (c) => {
      const { key } = c.req.valid('param')
      const { reset_to: resetTo } = c.req.valid('json')
      return c.json(await resetPermittedSpend({ ...asked(deps, c), key, resetTo }))
    })
    .post('/:key/credit', adminOnly, params(KeyParam), body(AddCredit), async (c) => {
      const { key } = c.req.valid('param')
      return c.json(await creditKey({ ...asked(deps, c), key, ...c.req.valid('json') }))
    })
    .post('/delete', usersOnly, body(DeleteKeys), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await removePermittedKeys({ ...asked(deps, c), input }))
    })
}

interface Made {
  readonly key: string
  readonly row: KeyRow
  readonly budget: BudgetRow | null
}

/** It may have been asked for before it was made. */
function shown(
  deps: Deps,
  c: Context<Acting>,
  [input, { key, row, budget }]: readonly [object, Made],
) {
  deps.keyCache.forget(row.token)
  const shownRow = keyRow(row, { spend: 0, held: 0, budget }, nowOf(deps))
  return c.json(shownOnce({ key, row: shownRow, input }, row))
}
