import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { listBudgets } from '../../db/budgets.ts'
import { listTeamKeys } from '../../db/keys.ts'
import { getTeam } from '../../db/teams.ts'
import { ApiError, notFound } from '../../errors.ts'
import { isAdmin } from '../../auth/actor.ts'
import { type Acting, acting, adminOnly, adminsAndViewers, asked } from '../../callers.ts'
import { answered, body, type Deps, nowOf, params, query } from '../../http.ts'
import { reconcile } from '../../ledger/reconcile.ts'
import { requireEditable } from '../access/team-fields.ts'
import { requireTeamAdmin, requireTeamReader } from '../access/teams.ts'
import { cleanText } from '../fields.ts'
import { memberRoutes } from '../member/routes.ts'
import { AddCredit } from '../credit.ts'
import { blockTeam, NamedTeam } from './block.ts'
import { creditTeam } from './credit.ts'
import { DeleteTeams, removeTeams } from './delete.ts'
import { teamInfo } from './info.ts'
import { ListTeams, PageTeams, showTeamPage, showTeams } from './list.ts'
import { addModels, deleteModels, TeamModels } from './models.ts'
import { createTeam, NewTeam } from './new.ts'
import { reconciliation } from './reconciliation.ts'
import { liveTeamRow, teamRow } from './row.ts'
import { changeTeam, UpdateTeam } from './update.ts'

const TeamParam = z.object({ team_id: cleanText })
const TeamQuery = z.object({ team_id: cleanText.optional() })

const sleep = (ms: number): Promise<void> => scheduler.wait(ms)

/** `/team/…`: make, show, change and delete teams and their members. */
export function teamRoutes(deps: Deps): Hono<Acting> {
  const { ignoreUnsupported: ignored, teamDefaults: defaults } = deps.config.settings
  return new Hono<Acting>()
    .use(acting(deps))
    .post('/new', adminOnly, body(NewTeam), async (c) => {
      const now = nowOf(deps)
      const input = c.req.valid('json')
      const made = await createTeam({ ...asked(deps, c), input, ignored, defaults })
      return c.json(teamRow(made, { spend: 0, held: 0 }, now))
    })
    .post('/update', body(UpdateTeam), async (c) => {
      const [request, input] = [asked(deps, c), c.req.valid('json')]
      await requireTeamAdmin(request, input.team_id)
      if (!isAdmin(request.actor)) requireEditable(input, UpdateTeam.shape)
      const details = await changeTeam({ ...request, input, ignored })
      return c.json({ team_id: input.team_id, data: await liveTeamRow(deps, details, request) })
    })
    .post('/block', adminOnly, body(NamedTeam), (c) => setBlocked(deps, c, true))
    .post('/unblock', adminOnly, body(NamedTeam), (c) => setBlocked(deps, c, false))
    .post('/delete', adminOnly, body(DeleteTeams), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await removeTeams({ ...asked(deps, c), input, sleep }))
    })
    .post('/:team_id/credit', adminOnly, params(TeamParam), body(AddCredit), async (c) => {
      const { team_id: teamId } = c.req.valid('param')
      return c.json(await creditTeam({ ...asked(deps, c), teamId, ...c.req.valid('json') }))
    })
    .post('/model/add', body(TeamModels), (c) => setModels(deps, c, addModels))
    .post('/model/delete', body(TeamModels), (c) => setModels(deps, c, deleteModels))
    .route('/', shownTeams(deps))
    .route('/', memberRoutes(deps))
}

type Valid<S extends z.ZodType> = Context<
  Acting,
  string,
  { in: { json: z.input<S> }; out: { json: z.output<S> } }
>

async function setBlocked(deps: Deps, c: Valid<typeof NamedTeam>, blocked: boolean) {
  const request = asked(deps, c)
  const { team_id: teamId } = c.req.valid('json')
  const details = await blockTeam({ ...request, teamId, blocked })
  return c.json(await liveTeamRow(deps, details, request))
}

async function setModels(deps: Deps, c: Valid<typeof TeamModels>, change: typeof addModels) {
  const [request, input] = [asked(deps, c), c.req.valid('json')]
  await requireTeamAdmin(request, input.team_id)
  return c.json(await liveTeamRow(deps, await change({ ...request, input }), request))
}

/** Each shows what its caller may see. */
function shownTeams(deps: Deps): Hono<Acting> {
  const { db } = deps
  return (
    new Hono<Acting>()
      .get('/info', query(TeamQuery), async (c) =>
        c.json(await showTeam(deps, c, c.req.valid('query').team_id)),
      )
      .get('/list', query(ListTeams), async (c) =>
        c.json(await showTeams(asked(deps, c), c.req.valid('query'))),
      )
      // config.yaml offers no teams for anybody to join.
      .get('/available', (c) => c.json([]))
      .get('/reconcile', adminsAndViewers, query(TeamQuery), async (c) => {
        const teamId = c.req.valid('query').team_id ?? ''
        const found = await getTeam(db, teamId)
        if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
        const sums = await reconcile({ db, ledger: deps.ledgerOf(found.account) }, found.account)
        return c.json({ team_id: teamId, ...reconciliation(sums) })
      })
  )
}

/** `/v2/team/…`. */
export function teamPageRoutes(deps: Deps): Hono<Acting> {
  return new Hono<Acting>()
    .use(acting(deps))
    .get('/list', query(PageTeams), async (c) =>
      c.json(await showTeamPage(asked(deps, c), c.req.valid('query'))),
    )
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
