import { type Context, Hono } from 'hono'
import { type Acting, acting, asked } from '../../callers.ts'
import { body, type Deps, query } from '../../http.ts'
import { Calculate, calculateCost } from './calculate.ts'
import { LogsQuery, spendLogs } from './logs.ts'
import { pageOfLogs, SearchQuery } from './search.ts'
import { KeysQuery, spendingKeys, spendingUsers, UsersQuery } from './spenders.ts'

/** `/spend/…`: what calls cost, one by one and by day. */
export function spendRoutes(deps: Deps): Hono<Acting> {
  const asking = (c: Context<Acting>) => ({ ...asked(deps, c), path: c.req.path })
  const app = new Hono<Acting>().use(acting(deps))
  for (const search of ['/logs/v2', '/logs/ui']) {
    app.get(search, query(SearchQuery), async (c) =>
      c.json(await pageOfLogs({ ...asking(c), input: c.req.valid('query') })),
    )
  }
  return app
    .get('/logs', query(LogsQuery), async (c) => {
      const { answer, next } = await spendLogs({ ...asking(c), input: c.req.valid('query') })
      if (next !== null) c.header('x-tollgate-next-cursor', next)
      return c.json(answer)
    })
    .get('/keys', query(KeysQuery), async (c) =>
      c.json(await spendingKeys(asking(c), c.req.valid('query'))),
    )
    .get('/users', query(UsersQuery), async (c) =>
      c.json(await spendingUsers(asking(c), c.req.valid('query'))),
    )
    .post('/calculate', body(Calculate), (c) =>
      c.json(calculateCost({ config: deps.config, input: c.req.valid('json'), nowMs: Date.now() })),
    )
}
