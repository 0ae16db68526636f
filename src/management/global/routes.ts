import { Hono } from 'hono'
import { type Acting, acting, adminsAndViewers } from '../../callers.ts'
import { type Deps, nowOf, query } from '../../http.ts'
import { globalActivity, globalActivityByModel } from './activity.ts'
import { GlobalQuery } from './fields.ts'
import {
  type Global,
  globalSpend,
  globalSpendByDay,
  globalSpendByKey,
  globalSpendByModel,
  globalSpendByProvider,
} from './spend.ts'
import { globalSpendByTeam } from './teams.ts'

const ROUTES: readonly (readonly [string, (request: Global) => Promise<object>])[] = [
  ['/spend', globalSpend],
  ['/spend/logs', globalSpendByDay],
  ['/spend/keys', globalSpendByKey],
  ['/spend/teams', globalSpendByTeam],
  ['/spend/models', globalSpendByModel],
  ['/spend/provider', globalSpendByProvider],
  ['/activity', globalActivity],
  ['/activity/model', globalActivityByModel],
]

/** `/global/…`: what everybody spent and did, summed from days; for admins and viewers. */
export function globalRoutes(deps: Deps): Hono<Acting> {
  const app = new Hono<Acting>().use(acting(deps))
  for (const [path, act] of ROUTES) {
    app.get(path, adminsAndViewers, query(GlobalQuery), async (c) =>
      c.json(await act({ db: deps.db, ...nowOf(deps), input: c.req.valid('query') })),
    )
  }
  return app
}
