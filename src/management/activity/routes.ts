import { type Context, Hono } from 'hono'
import { type Acting, acting, asked } from '../../callers.ts'
import { type Deps, query } from '../../http.ts'
import { aggregatedTeamActivity, TeamActivityQuery, teamActivity } from './team.ts'
import { aggregatedActivity, userActivity, UserActivityQuery } from './user.ts'

/** `/team/daily/activity` and `/user/daily/activity`: sums by day, with what they are made of. */
export function activityRoutes(deps: Deps): Hono<Acting> {
  const asking = (c: Context<Acting>) => ({ ...asked(deps, c), path: c.req.path })
  return new Hono<Acting>()
    .get('/team/daily/activity', acting(deps), query(TeamActivityQuery), async (c) =>
      c.json(await teamActivity({ ...asking(c), input: c.req.valid('query') })),
    )
    .get('/team/daily/activity/aggregated', acting(deps), query(TeamActivityQuery), async (c) =>
      c.json(await aggregatedTeamActivity({ ...asking(c), input: c.req.valid('query') })),
    )
    .get('/user/daily/activity', acting(deps), query(UserActivityQuery), async (c) =>
      c.json(await userActivity({ ...asking(c), input: c.req.valid('query') })),
    )
    .get('/user/daily/activity/aggregated', acting(deps), query(UserActivityQuery), async (c) =>
      c.json(await aggregatedActivity({ ...asking(c), input: c.req.valid('query') })),
    )
}
