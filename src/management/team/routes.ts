import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { listBudgets } from '../../db/budgets.ts'
import { listTeamKeys } from '../../db/keys.ts'
import { keyPolicy, teamPolicy } from '../../db/policy.ts'
import { getTeam, listTeams } from '../../db/teams.ts'
import { ApiError, notFound } from '../../errors.ts'
import { type Acting, acting, adminOnly, asked } from '../../callers.ts'
import { answered, body, type Deps, nowOf, params, query } from '../../http.ts'
import { reconcile } from '../../ledger/reconcile.ts'
import { requireTeamReader } from '../access/teams.ts'
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
export function teamRoutes(deps: Deps): Hono<Acting> {
  const { db, config } = deps
  const ignored = config.settings.ignoreUnsupported
  const setBlocked = async (
    c: Context<Acting>,
    { team_id: teamId }: z.infer<typeof NamedTeam>,
    blocked: boolean,
  ) => {
    const request = asked(deps, c)
    return liveTeamRow(deps, await blockTeam({ ...request, teamId, blocked }), request)
  }
  return new Hono<Acting>()
    .use(acting(deps))
    .post('/new', adminOnly, body(NewTeam), async (c) => {
      const now = nowOf(deps)
      const made = await createTeam({ ...asked(deps, c), input: c.req.valid('json'), ignored })
      return c.json(teamRow(made, { spend: 0, held: 0 }, now))
    })
    .post('/update', adminOnly, body(UpdateTeam), async (c) => {
      const now = nowOf(deps)
      const input = c.req.valid('json')
      const details = await changeTeam({ ...asked(deps, c), input, ignored })
      return c.json({ team_id: input.team_id, data: await liveTeamRow(deps, details, now) })
    })
    .post('/block', adminOnly, body(NamedTeam), async (c) =>
      c.json(await setBlocked(c, c.req.valid('json'), true)),
    )
    .post('/unblock', adminOnly, body(NamedTeam), async (c) =>
      c.json(await setBlocked(c, c.req.valid('json'), false)),
    )
    .post('/delete', adminOnly, body(DeleteTeams), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await removeTeams({ ...asked(deps, c), input, sleep }))
    })
    .post('/:team_id/credit', adminOnly, params(TeamParam), body(AddCredit), async (c) => {
      const { team_id: teamId } = c.req.valid('param')
      return c.json(await creditTeam({ ...asked(deps, c), teamId, ...c.req.valid('json') }))
    })
    .get('/info', query(TeamQuery), async (c) =>
      c.json(await showTeam(deps, c, c.req.valid('query').team_id)),
    )
    .get('/reconcile', adminOnly, query(TeamQuery), async (c) => {
      const teamId = c.req.valid('query').team_id ?? ''
      const found = await getTeam(db, teamId)
      if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
      const sums = await reconcile({ db, ledger: deps.ledgerOf(found.account) }, found.account)
      return c.json({ team_id: teamId, ...reconciliation(sums) })
    })
    .get('/list', adminOnly, query(ListQuery), async (c) =>
      c.json(await showTeams(deps, c.req.valid('query'))),
    )
    .route('/', memberRoutes(deps))
}

async function showTeams(deps: Deps, filter: z.infer<typeof ListQuery>) {
  const now = nowOf(deps)
  const { user_id: userId, organization_id: organizationId } = filter
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

async function showTeam(deps: Deps, c: Context<Acting>, teamId: string | undefined) {
  if (!teamId) {
    const message = 'Malformed request. No team id passed in.'
    throw new ApiError(422, message, { type: 'invalid_request_error', param: 'team_id' })
  }
  await requireTeamReader({ db: deps.db, actor: c.var.actor }, teamId)
  const found = await getTeam(deps.db, teamId)
  if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  const keys = await listTeamKeys(deps.db, teamId)
  const named = [...new Set(keys.flatMap(({ budgetId }) => budgetId ?? []))]
  const budgets = named.length > 0 ? await listBudgets(deps.db, named) : []
  return teamInfo(deps, { ...found, keys, budgets }, nowOf(deps))
}
