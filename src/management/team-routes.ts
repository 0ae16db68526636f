import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { listTeamKeys } from '../db/keys.ts'
import { keyPolicy, teamPolicy } from '../db/policy.ts'
import { getTeam, listTeams } from '../db/teams.ts'
import { ApiError, notFound } from '../errors.ts'
import { reconcile } from '../ledger/reconcile.ts'
import { adminOf, body, callerOf, type Deps, query } from '../http.ts'
import { cleanText } from './fields.ts'
import { keyRow } from './key-row.ts'
import { spendFields } from './limits.ts'
import { liveStates } from './live.ts'
import { DeleteTeams, removeTeams } from './team-delete.ts'
import { createTeam, NewTeam } from './team-new.ts'
import { reconciliation } from './reconciliation.ts'
import { teamRow } from './team-row.ts'

const TeamQuery = z.object({ team_id: cleanText.optional() })
const ListQuery = z.object({
  user_id: cleanText.optional(),
  organization_id: cleanText.optional(),
})

const sleep = (ms: number): Promise<void> => scheduler.wait(ms)

/** `/team/…`: create and show teams. */
export function teamRoutes(deps: Deps): Hono {
  const { db, config } = deps
  const admin = async (c: Context, next: () => Promise<void>): Promise<void> => {
    await adminOf(deps, c)
    await next()
  }
  return new Hono()
    .post('/new', admin, body(NewTeam), async (c) => {
      const nowMs = Date.now()
      const ignored = config.settings.ignoreUnsupported
      const team = await createTeam({ db, input: c.req.valid('json'), ignored, nowMs })
      return c.json(teamRow(team, { spend: 0, held: 0 }, nowMs))
    })
    .post('/delete', admin, body(DeleteTeams), async (c) => {
      const input = c.req.valid('json')
      const removed = await removeTeams({ ...deps, input, nowMs: Date.now(), sleep })
      const { pending, ...answer } = removed
      if (pending > 0) c.header('x-tollgate-pending', String(pending))
      return c.json(answer)
    })
    .get('/info', query(TeamQuery), async (c) =>
      c.json(await teamInfo(deps, c, c.req.valid('query').team_id)),
    )
    .get('/reconcile', admin, query(TeamQuery), async (c) => {
      const teamId = c.req.valid('query').team_id ?? ''
      const found = await getTeam(db, teamId)
      if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
      const books = await reconcile({ db, ledger: deps.ledgerOf(found.account) }, found.account)
      return c.json({ team_id: teamId, ...reconciliation(books) })
    })
    .get('/list', admin, query(ListQuery), async (c) => {
      const nowMs = Date.now()
      const { user_id: userId, organization_id: organizationId } = c.req.valid('query')
      const rows = await listTeams(db, { userId, organizationId })
      return c.json(
        rows.map(({ team, account, keys }) => ({
          ...teamRow(team, spendFields({ ...team, ...account }, null, nowMs), nowMs),
          team_memberships: [],
          keys: keys.map((key) => ({
            ...keyRow(key, spendFields(key, null, nowMs), nowMs),
            token: key.token,
          })),
        })),
      )
    })
}

async function teamInfo(deps: Deps, c: Context, teamId: string | undefined) {
  const caller = await callerOf(deps, c)
  if (!teamId) {
    const message = 'Malformed request. No team id passed in.'
    throw new ApiError(422, message, { type: 'invalid_request_error', param: 'team_id' })
  }
  if (caller.kind === 'key' && caller.record.teamId !== teamId) {
    const user = caller.record.userId ?? 'None'
    const message = `User=${user} not authorized to access this team=${teamId}`
    throw new ApiError(403, message, { type: 'auth_error' })
  }
  const found = await getTeam(deps.db, teamId)
  if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  const { team, account } = found
  const nowMs = Date.now()
  const keys = await listTeamKeys(deps.db, teamId)
  const rows = [teamPolicy(team), ...keys.map(keyPolicy)]
  const states = await liveStates(deps.ledgerOf, account, rows)
  const spend = spendFields({ ...team, ...account }, states?.[0] ?? null, nowMs)
  return {
    team_id: teamId,
    team_info: {
      ...teamRow(team, spend, nowMs),
      team_member_budget_table: null,
      is_from_config: false,
    },
    keys: keys.map((key, i) => ({
      ...keyRow(key, spendFields(key, states?.[i + 1] ?? null, nowMs), nowMs),
      token: key.token,
    })),
    team_memberships: [],
  }
}
