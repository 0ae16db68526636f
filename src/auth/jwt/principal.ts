import type { TeamDefaults } from '../../config/config.ts'
import type { JwtAuth } from '../../config/jwt/jwt-auth.ts'
import type { Db } from '../../db/connect.ts'
import type { KeyRecord } from '../../db/keys.ts'
import { newTeam } from '../../db/new-team.ts'
import { memberPolicy, teamPolicy, userPolicy } from '../../db/policy.ts'
import { completePrincipal, findPrincipal, type FoundPrincipal } from '../../db/principals.ts'
import { insertTeam } from '../../db/teams.ts'
import { unavailable } from '../../errors.ts'
import type { Now } from '../../windows.ts'
import { emptyRecord, type Principal } from '../caller.ts'
import { forbidden, teamMissing, userMissing } from './refusals.ts'

/** Who made what a token named first: nobody's hand. */
const BY = 'jwt'
/** Others may delete what is made here. */
const TRIES_MAX = 3

export interface PrincipalDeps extends Now {
  readonly db: Db
  readonly auth: JwtAuth
  readonly defaults: TeamDefaults
}

/**
 * All that a call of this team and user is decided on, from Postgres. What is not there is made
 * where the configuration says so. Throws 401, 403 or 404 where it does not.
 */
export async function loadPrincipal(
  deps: PrincipalDeps,
  principal: Principal,
  hash: string,
): Promise<KeyRecord> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const found = await findPrincipal(deps.db, principal)
    refuse(deps.auth, principal, found)
    const record = recordOf(hash, principal, found)
    if (record) return record
    await complete(deps, principal, found)
  }
  throw unavailable('This team is being changed. Please try again.')
}

function refuse({ user }: JwtAuth, principal: Principal, found: FoundPrincipal): void {
  const { teamId, mayMakeTeam } = principal
  if (namesUser(principal) && !found.user && !user.upsert) throw userMissing(principal)
  if (teamId !== null && !found.team && !mayMakeTeam) throw teamMissing(teamId)
  // Whom an admin took out of a team stays out, whatever the identity provider says.
  if (found.team && isRemoved(found)) {
    throw forbidden(`User=${found.user?.userId} was removed from Team=${teamId}`)
  }
}

/** Not of a user who was made anew since. */
function isRemoved({ member, user }: FoundPrincipal): boolean {
  return Boolean(member?.deletedAt && user && user.createdAt < member.deletedAt)
}

/** Null while something of it is missing. */
function recordOf(
  hash: string,
  principal: Principal,
  { team, user, member, account }: FoundPrincipal,
): KeyRecord | null {
  const { teamId } = principal
  if (!account || (teamId !== null && !team)) return null
  if (namesUser(principal) && (!user || (team && member?.deletedAt !== null))) return null
  const policy = team ? teamPolicy(team) : user && userPolicy(user)
  if (!policy) return null
  return {
    ...emptyRecord(hash),
    teamId,
    teamAlias: team?.teamAlias ?? null,
    userId: user?.userId ?? null,
    accountId: account.accountId,
    generation: account.generation,
    account: policy,
    member: member && memberPolicy(member),
  }
}

async function complete(
  { db, auth, defaults, nowMs, resets }: PrincipalDeps,
  principal: Principal,
  { team, user }: FoundPrincipal,
): Promise<void> {
  const { teamId, userEmail } = principal
  const [newId, now] = [crypto.randomUUID(), { nowMs, resets }]
  if (teamId === null || team) {
    const mayMakeUser = auth.user.upsert
    return completePrincipal(db, { ...principal, newId, mayMakeUser, by: BY })
  }
  const userId = user?.userId ?? principal.userId
  const member = { userId, userEmail, role: 'user', newId }
  await insertTeam(db, {
    team: newTeam({ teamId, sent: {}, defaults, by: BY, ...now }),
    members: namesUser(principal) ? [member] : [],
    by: BY,
    ...now,
  })
}

function namesUser({ userId, userEmail }: Principal): boolean {
  return userId !== null || userEmail !== null
}
