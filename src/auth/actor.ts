import { findActing, findActingToken } from '../db/actors.ts'
import type { Db } from '../db/connect.ts'
import type { KeyRow } from '../db/keys.ts'
import { keyPolicy } from '../db/policy.ts'
import { type Caller, type JwtCaller, keyHashOf, ROLES, type Role, teamsOf } from './caller.ts'
import { unknownKey } from './authenticate.ts'
import { checkKey } from './check-key.ts'

/** Who calls a management route, and what they may do there. */
export interface Actor {
  /** For `created_by`, and the audit log unless the client names somebody. */
  readonly by: string
  /** Null: a key of nobody, or of a user who is not there. */
  readonly role: Role | null
  readonly userId: string | null
  /** The key that acts; null: the master key, or a token. */
  readonly key: KeyRow | null
  /** Hash of what was sent as the key. */
  readonly apiKey: string | null
  /** Teams that it speaks for: a key's own. */
  readonly teamIds: readonly string[]
}

/** The master key, and users who are proxy admins. */
export function isAdmin({ role }: Actor): boolean {
  return role === 'proxy_admin'
}

export function maySeeAll({ role }: Actor): boolean {
  return role === 'proxy_admin' || role === 'proxy_admin_viewer'
}

/** Who changes nothing. */
export function isViewer({ role }: Actor): boolean {
  return role === 'proxy_admin_viewer' || role === 'internal_user_viewer'
}

interface Asked {
  readonly path: string
  readonly nowMs: number
}

/** A caller → an actor, read from Postgres now. Throws 401 or 403 as an LLM call would. */
export async function actorOf(db: Db, caller: Caller, asked: Asked): Promise<Actor> {
  if (caller.kind === 'admin') {
    const { by, userId } = caller.acting ?? { by: caller.userId, userId: caller.userId }
    const admin = { by, userId, role: 'proxy_admin', key: null, teamIds: [] } as const
    return { ...admin, apiKey: keyHashOf(caller) }
  }
  if (caller.kind === 'jwt') return tokenActor(db, caller, asked)
  const { record, hash } = caller
  const found = await findActing(db, record.key.id)
  if (!found) throw unknownKey(record.name, hash)
  const { key, userRole, isTeamBlocked } = found
  const account = { ...record.account, blocked: isTeamBlocked ?? false, deleted: false }
  checkKey({ ...caller, record: { ...record, key: keyPolicy(key), account } }, asked)
  return {
    by: key.userId ?? `key:${key.token}`,
    role: roleOf(userRole),
    userId: key.userId,
    key,
    apiKey: key.token,
    teamIds: key.teamId === null ? [] : [key.teamId],
  }
}

/** A token acts for its user, with the user's role, and without one for its team. */
async function tokenActor(db: Db, caller: JwtCaller, asked: Asked): Promise<Actor> {
  const { teamId, userId } = caller.record
  const { userRole, isTeamBlocked } = await findActingToken(db, { teamId, userId })
  const account = { ...caller.record.account, blocked: isTeamBlocked, deleted: false }
  checkKey({ ...caller, record: { ...caller.record, account } }, asked)
  return {
    by: userId ?? (teamId === null ? 'jwt' : `team:${teamId}`),
    role: roleOf(userRole),
    userId,
    key: null,
    apiKey: null,
    teamIds: teamsOf(caller),
  }
}

function roleOf(text: string | null): Role | null {
  return ROLES.find((role) => role === text) ?? null
}
