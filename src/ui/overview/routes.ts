import { Hono } from 'hono'
import { isForNow, type Page, type Signed } from '../signed.ts'
import { lastDays } from '../spend.ts'
import { limitOf, type Team, type TeamList } from '../team/rows.ts'
import { activityOf, topOf } from './activity.ts'
import { Overview, OverviewNow } from './page.tsx'

const NEAR = 0.8
const NEAR_MAX = '20'
const TOP_DAYS = 30

export function overviewPages(): Hono<Signed> {
  return new Hono<Signed>().get('/', async (c) => {
    if (!c.var.viewer.seesAll) return c.redirect('/ui/teams', 303)
    return showOverview(c)
  })
}

async function showOverview(c: Page) {
  const { api, viewer } = c.var
  if (isForNow(c)) return c.html(OverviewNow({ viewer, near: await nearOf(c) }))
  const [activity, { teams, models }, near] = await Promise.all([
    activityOf(api, viewer.nowMs),
    topOf(api, lastDays(TOP_DAYS, viewer.nowMs)),
    nearOf(c),
  ])
  return c.html(Overview({ viewer, activity, teams, models, near }))
}

/** Teams that have used most of their budget, the nearest to it first. */
async function nearOf({ var: { api, viewer } }: Page): Promise<readonly Team[]> {
  const asked = { sort_by: 'budget_used', sort_order: 'desc', page_size: NEAR_MAX, live: 'true' }
  const { teams } = await api.get<TeamList>('/v2/team/list', asked)
  return teams.filter((team) => usedOf(team, viewer.nowMs) >= NEAR)
}

/** Of its budget, from 0 to 1 and beyond. */
function usedOf(team: Team, nowMs: number): number {
  const limit = limitOf(team, nowMs)
  if (limit === null) return 0
  return limit > 0 ? team.spend / limit : 1
}
