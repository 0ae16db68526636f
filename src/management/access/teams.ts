import { type Actor, isAdmin, isViewer, maySeeAll } from '../../auth/actor.ts'
import type { Db } from '../../db/connect.ts'
import { findMember, type MemberRow } from '../../db/members.ts'
import { type TeamRow } from '../../db/teams.ts'
import { ApiError, unauthorized } from '../../errors.ts'

/** Whose rights are asked for, where, and by which route. */
export interface Asking {
  readonly db: Db
  readonly actor: Actor
  readonly path: string
}

/** What members may do with keys of their team if the team says nothing. */
const DEFAULT_PERMISSIONS: readonly string[] = ['/key/info', '/key/health']

/** What a team's members may do with its keys. */
export function permissionsOf(team: Pick<TeamRow, 'teamMemberPermissions'>): readonly string[] {
  return team.teamMemberPermissions ?? DEFAULT_PERMISSIONS
}

/** What an actor is in a team as one of its members; null: none. */
export async function membership(
  { db, actor }: Omit<Asking, 'path'>,
  teamId: string,
): Promise<MemberRow | null> {
  const { userId } = actor
  if (userId === null) return null
  const member = await findMember(db, { teamId, userId, userEmail: null })
  return member?.deletedAt === null ? member : null
}

/** Admins, viewers, the team's keys and its members may see a team. Throws LiteLLM's 403. */
export async function requireTeamReader(asking: Omit<Asking, 'path'>, teamId: string) {
  const { actor } = asking
  if (maySeeAll(actor) || actor.teamIds.includes(teamId)) return
  if (await membership(asking, teamId)) return
  const message = `User=${actor.userId ?? 'None'} not authorized to access this team=${teamId}`
  throw new ApiError(403, message, { type: 'auth_error' })
}

/** Whether they may do in this team what its admins may. */
export async function isTeamAdmin(asking: Omit<Asking, 'path'>, teamId: string): Promise<boolean> {
  if (isAdmin(asking.actor)) return true
  return (await membership(asking, teamId))?.role === 'admin'
}

/** For changes: a viewer makes none, whatever they are in the team. Throws LiteLLM's 403. */
export async function requireTeamAdmin(asking: Asking, teamId: string): Promise<void> {
  if (!isViewer(asking.actor) && (await isTeamAdmin(asking, teamId))) return
  throw notTeamAdmin(asking, teamId)
}

/** For what only a team's admins are shown, and who may see everything. Throws the same. */
export async function requireTeamAdminReader(asking: Asking, teamId: string): Promise<void> {
  if (maySeeAll(asking.actor) || (await isTeamAdmin(asking, teamId))) return
  throw notTeamAdmin(asking, teamId)
}

function notTeamAdmin({ path }: Asking, teamId: string): ApiError {
  const message = 'Call not allowed. User not proxy admin OR team admin.'
  return new ApiError(403, `${message} route=${path}, team_id=${teamId}`, { type: 'auth_error' })
}

type Rules = Pick<TeamRow, 'teamId' | 'teamMemberPermissions'>

/**
 * What a team's admins may, and its members if the team permits this route to them. Throws LiteLLM's
 * 401; returns whether it was an admin who asked.
 */
export async function requirePermission(
  asking: Asking,
  team: Rules,
  permission: string,
): Promise<boolean> {
  if (isAdmin(asking.actor)) return true
  const member = await membership(asking, team.teamId)
  if (member?.role === 'admin') return true
  const permitted = permissionsOf(team)
  if (member && permitted.includes(permission)) return false
  const list = permitted.map((route) => `'${route}'`).join(', ')
  throw unauthorized(
    `Team member does not have permissions for endpoint: ${asking.path}. You only have access to ` +
      `the following endpoints: [${list}] for team ${team.teamId}. To create keys for this team, ` +
      'please ask your proxy admin to check the team member permission settings.',
    'team_member_permission_error',
    permission,
  )
}
