import { z } from 'zod'
import { actorOf, maySeeAll } from '../auth/actor.ts'
import { type Caller, payer } from '../auth/caller.ts'
import { findMember } from '../db/members.ts'
import { teamPolicy } from '../db/policy.ts'
import { getTeam } from '../db/teams.ts'
import { ApiError, notFound } from '../errors.ts'
import type { Deps } from '../http.ts'
import type { PolicyRow } from '../ledger/policy.ts'

const ID_MAX_LENGTH = 256

const flag = z
  .enum(['true', 'false', 'True', 'False', '1', '0', ''], { error: 'expected true or false' })
  .transform((text) => /^(?:true|1)$/i.test(text))
  .default(false)

/** `GET /models`. */
export const ModelsQuery = z.object({
  team_id: z
    .string()
    .max(ID_MAX_LENGTH, { error: `expected at most ${ID_MAX_LENGTH} characters` })
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, { error: 'expected no control characters' })
    .optional(),
  return_wildcard_routes: flag,
  include_metadata: flag,
  include_model_access_groups: flag,
})

interface Asked {
  readonly caller: Caller
  readonly teamId: string | undefined
  readonly path: string
}

/** The rows that a list of models is for: the caller's, or those of a key in a team they are in. */
export async function rowsFor(
  deps: Deps,
  { caller, teamId, path }: Asked,
): Promise<readonly PolicyRow[]> {
  const { rows } = payer(caller)
  if (!teamId) return rows
  const actor = await actorOf(deps.db, caller, { path, nowMs: Date.now() })
  const { userId } = actor
  const mayAsk = maySeeAll(actor) || actor.teamIds.includes(teamId)
  if (!mayAsk && (userId === null || !(await isMember(deps, teamId, userId)))) {
    const message = `User=${userId ?? 'None'} not authorized to access this team=${teamId}`
    throw new ApiError(403, message, { type: 'auth_error' })
  }
  const found = await getTeam(deps.db, teamId)
  if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  return [...rows.filter(({ kind }) => kind === 'key'), teamPolicy(found.team)]
}

async function isMember({ db }: Deps, teamId: string, userId: string): Promise<boolean> {
  const member = await findMember(db, { teamId, userId, userEmail: null })
  return member?.deletedAt === null
}
