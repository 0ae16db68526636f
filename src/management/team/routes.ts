import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { teamsOf } from '../../auth/caller.ts'
import { listBudgets } from '../../db/budgets.ts'
import { listTeamKeys } from '../../db/keys.ts'
import { keyPolicy, teamPolicy } from '../../db/policy.ts'
import { getTeam, listTeams } from '../../db/teams.ts'
import { ApiError, notFound } from '../../errors.ts'
import { adminOnly, answered, body, callerOf, type Deps, nowOf, params, query } from '../../http.ts'
import { reconcile } from '../../ledger/reconcile.ts'
import { cleanText } from '../fields.ts'
import { keyRow } from '../key/row.ts'
import { copiedSpend } from '../live.ts'
import { memberRoutes } from '../member/routes.ts'
import { AddCredit } from '../credit.ts'
import { blockTeam, NamedTeam } from './block.ts'
import { creditTeam } from './credit.ts'
import { DeleteTeams, removeTeams } from './delete.ts'
import { teamInfo } from './info.ts'
import { createTeam, NewTeam } from './new.ts'
import { reconciliation } from './reconciliation.ts'
import { liveTeamRow, teamRow } from './row.ts'
import { changeTeam, UpdateTeam } from './update.ts'

const TeamParam = z.object({ team_id: cleanText })
const TeamQuery = z.object({ team_id: cleanText.optional() })
const ListQuery = z.object({
  user_id: cleanText.optional(),
  organization_id: cleanText.optional(),
})

const sleep = (ms: number): Promise<void> => scheduler.wait(ms)

/** `/team/…`: make, show, change and delete teams and their members. */
export function teamRoutes(deps: Deps): Hono {
  const { db, config } = deps
  const admin = adminOnly(deps)
  const { ignoreUnsupported: ignored, teamDefaults: defaults } = config.settings
  const setBlocked = async ({ team_id: teamId }: z.infer<typeof NamedTeam>, blocked: boolean) => {
    const now = nowOf(deps)
    return liveTeamRow(deps, await blockTeam({ ...deps, ...now, teamId, blocked }), now)
  }
  return new Hono()
    .post('/new', admin, body(NewTeam), async (c) => {
      const now = nowOf(deps)
      const made = await createTeam({ db, input: c.req.valid('json'), ignored, defaults, ...now })
      return c.json(teamRow(made, { spend: 0, held: 0 }, now))
    })
    .post('/update', admin, body(UpdateTeam), async (c) => {
      const now = nowOf(deps)
      const input = c.req.valid('json')
      const details = await changeTeam({ ...deps, ...now, input, ignored })
      return c.json({ team_id: input.team_id, data: await liveTeamRow(deps, details, now) })
    })
    .post('/block', admin, body(NamedTeam), async (c) =>
      c.json(await setBlocked(c.req.valid('json'), true)),
    )
    .post('/unblock', admin, body(NamedTeam), async (c) =>
      c.json(await setBlocked(c.req.valid('json'), false)),
    )
    .post('/delete', admin, body(DeleteTeams), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await removeTeams({ ...deps, ...nowOf(deps), input, sleep }))
    })
    .post('/:team_id/credit', admin, params(TeamParam), body(AddCredit), async (c) => {
      const { team_id: teamId } = c.req.valid('param')
      return c.json(await creditTeam({ ...deps, ...nowOf(deps), teamId, ...c.req.valid('json') }))
    })
    .get('/info', query(TeamQuery), async (c) =>
      c.json(await showTeam(deps, c, c.req.valid('query').team_id)),
    )
    .get('/reconcile', admin, query(TeamQuery), async (c) => {
      const teamId = c.req.valid('query').team_id ?? ''
      const found = await getTeam(db, teamId)
      if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
      const sums = await reconcile({ db, ledger: deps.ledgerOf(found.account) }, found.account)
      return c.json({ team_id: teamId, ...reconciliation(sums) })
    })
    .get('/list', admin, query(ListQuery), async (c) =>
      c.json(await showTeams(deps, c.req.valid('query'))),
    )
    .route('/', memberRoutes(deps))
}

async function showTeams(deps: Deps, asked: z.infer<typeof ListQuery>) {
  const now = nowOf(deps)
  const { user_id: userId, organization_id: organizationId } = asked
  const rows = await listTeams(deps.db, { userId, organizationId })
  return rows.map(({ team, account, members, keys }) => ({
    ...teamRow({ team, members }, copiedSpend(teamPolicy(team), account, now), now),
    team_memberships: [],
    keys: keys.map((key) => ({
      ...keyRow(key, copiedSpend(keyPolicy(key), key, now), now),
      token: key.token,
    })),
  }))
}

async function showTeam(deps: Deps, c: Context, teamId: string | undefined) {
  const caller = await callerOf(deps, c)
  if (!teamId) {
    const message = 'Malformed request. No team id passed in.'
    throw new ApiError(422, message, { type: 'invalid_request_error', param: 'team_id' })
  }
  if (caller.kind !== 'admin' && !teamsOf(caller).includes(teamId)) {
    const user = caller.record.userId ?? 'None'
    const message = `User=${user} not authorized to access this team=${teamId}`
    throw new ApiError(403, message, { type: 'auth_error' })
  }
  const found = await getTeam(deps.db, teamId)
  if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  const keys = await listTeamKeys(deps.db, teamId)
  const named = [...new Set(keys.flatMap(({ budgetId }) => budgetId ?? []))]
  const budgets = named.length > 0 ? await listBudgets(deps.db, named) : []
  return teamInfo(deps, { ...found, keys, budgets }, nowOf(deps))
}
