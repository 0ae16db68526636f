import type { Filled } from '../parts/form.tsx'
import { isForNow, type Page } from '../signed.ts'
import { lastDays, teamSpend } from '../spend.ts'
import { TeamNow, TeamPage } from './page.tsx'
import type { TeamInfo } from './rows.ts'

const DAYS = 30

/** Throws an ApiProblem. */
export function infoOf({ var: { api } }: Page, teamId: string): Promise<TeamInfo> {
  return api.get('/team/info', { team_id: teamId })
}

/** A team's page, with what was said against a change of it. */
export async function showTeam(c: Page, teamId: string, filled: Filled) {
  const { api, viewer } = c.var
  if (isForNow(c)) return c.html(TeamNow({ viewer, info: await infoOf(c, teamId) }))
  const [info, spend] = await Promise.all([
    infoOf(c, teamId),
    teamSpend(api, teamId, lastDays(DAYS, viewer.nowMs)),
  ])
  const page = Math.max(1, Math.trunc(Number(c.req.query('page'))) || 1)
  return c.html(TeamPage({ viewer, info, spend, page, filled }), filled.problem ? 400 : 200)
}
