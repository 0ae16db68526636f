import { type Actor, isAdmin, maySeeAll } from '../../auth/actor.ts'
import { findRole } from '../../db/actors.ts'
import type { KeyRow } from '../../db/keys.ts'
import { findMember } from '../../db/members.ts'
import { getTeam } from '../../db/teams.ts'
import { ApiError, badRequest, notFound } from '../../errors.ts'
import { type Asking, membership, requirePermission } from './teams.ts'

type Owned = Pick<KeyRow, 'token' | 'teamId' | 'userId'>

/** Admins, viewers, the key itself, its user and the admins of its team may see it. */
export async function requireKeyReader(asking: Asking, key: Owned): Promise<void> {
  const { actor } = asking
  if (maySeeAll(actor) || actor.key?.token === key.token || isOwn(actor, key)) return
  if (key.teamId !== null && (await membership(asking, key.teamId))?.role === 'admin') return
  throw foreign("You are not allowed to access this key's info.")
}

/**
 * Whoever may change or delete a key: of a team, its admins, and its members what the team permits
 * them for their own; of a user alone, the user. Returns whether it was an admin who asked.
 */
export async function requireKeyWriter(
  asking: Asking,
  key: Owned,
  permission: string,
): Promise<boolean> {
  const { actor } = asking
  if (isAdmin(actor)) return true
  if (key.teamId === null) {
    if (isOwn(actor, key) && actor.role === 'internal_user') return false
    throw foreign(`You are not allowed to change this key. Route=${asking.path}`)
  }
  const isByAdmin = await requirePermission(asking, await teamOf(asking, key.teamId), permission)
  if (isByAdmin) await requireNobodyMightier(asking, key.userId)
  if (isByAdmin || isOwn(actor, key)) return isByAdmin
  throw foreign(`You are not allowed to change this key. Route=${asking.path}`)
}

/**
 * Who may make a key for this team and user: users for themselves, in a team what it permits its
 * members, and a team's admins for every member. Returns whether it was an admin who asked.
 */
export async function requireKeyMaker(
  asking: Asking,
  owner: Pick<Owned, 'teamId' | 'userId'>,
  permission: string,
): Promise<boolean> {
  const { actor } = asking
  if (isAdmin(actor)) return true
  if (actor.role !== 'internal_user') throw foreign(notMaker(asking))
  const isForSelf = owner.userId === actor.userId
  if (owner.teamId === null) {
    if (isForSelf) return false
    throw foreign(onlyForSelf(owner, actor))
  }
  const isByAdmin = await requirePermission(asking, await teamOf(asking, owner.teamId), permission)
  if (isForSelf) return isByAdmin
  if (!isByAdmin) throw foreign(onlyForSelf(owner, actor))
  await requireNobodyMightier(asking, owner.userId)
  await requireMember(asking, { teamId: owner.teamId, userId: owner.userId })
  return true
}

/** Throws LiteLLM's 400. */
async function requireMember(
  { db }: Asking,
  { teamId, userId }: { readonly teamId: string; readonly userId: string | null },
): Promise<void> {
  if (userId === null) return
  const member = await findMember(db, { teamId, userId, userEmail: null })
  if (member?.deletedAt === null) return
  throw badRequest(`User=${userId} not assigned to team=${teamId}`, 'user_id')
}

/** The same for a key of the team and of no user: its admins, and members whom it permits that. */
export async function requireServiceKeyMaker(asking: Asking, teamId: string): Promise<boolean> {
  const permission = '/key/service-account/generate'
  return requirePermission(asking, await teamOf(asking, teamId), permission)
}

/** A key acts for its user, so a team's admins get none of who may more than they. Throws 403. */
async function requireNobodyMightier({ db, actor }: Asking, userId: string | null): Promise<void> {
  if (userId === null || userId === actor.userId) return
  const role = await findRole(db, userId)
  if (role !== 'proxy_admin' && role !== 'proxy_admin_viewer') return
  throw foreign(`Only proxy admins may make or change keys of user_id=${userId}`)
}

async function teamOf({ db }: Asking, teamId: string) {
  const found = await getTeam(db, teamId)
  if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  return found.team
}

function isOwn({ userId }: Actor, key: Pick<Owned, 'userId'>): boolean {
  return userId !== null && key.userId === userId
}

function notMaker({ actor, path }: Asking): string {
  return `Your role=${actor.role ?? 'unknown'} is not allowed to make keys. Route=${path}`
}

function onlyForSelf({ userId }: Pick<Owned, 'userId'>, actor: Actor): string {
  const ids = `Got user_id=${userId ?? 'None'}, Your ID=${actor.userId ?? 'None'}`
  return `User can only create keys for themselves. ${ids}`
}

function foreign(message: string): ApiError {
  return new ApiError(403, message, { type: 'auth_error' })
}
