import type { JWTPayload } from 'jose'
import type { JwtAuth } from '../../config/jwt/jwt-auth.ts'
import type { KeyRecord } from '../../db/keys.ts'
import { sha256Hex } from '../../ids.ts'
import {
  ADMIN_USER_ID,
  type AdminCaller,
  emptyRecord,
  type JwtCaller,
  type Principal,
} from '../caller.ts'
import { findKeyRecord } from '../find-key.ts'
import { isRouteAllowed } from '../route-groups.ts'
import { type Identity, namesTeam, namesUser, readIdentity } from './identity.ts'
import { forbidden, noTeam, pythonList } from './refusals.ts'
import { limitsOf, refuseModel } from './scopes.ts'
import { chooseTeam, type ResolveDeps } from './team.ts'

/** What is asked with the token. */
export interface Asked {
  readonly path: string
  /** `x-litellm-team-id` */
  readonly teamId: string | null
  /** The model that is asked for; null: none is. */
  readonly model: () => Promise<string | null>
}

/** Verified claims → the caller. Throws 401, 403 or 404 for what they may not ask. */
export async function resolveCaller(
  deps: ResolveDeps,
  claims: JWTPayload,
  asked: Asked,
): Promise<AdminCaller | JwtCaller> {
  const { auth } = deps
  const identity = readIdentity(auth, claims)
  const limits = limitsOf(auth.scopes, identity.scopes)
  if (identity.role === 'proxy_admin') {
    refuseModel(limits, await asked.model())
    return adminCaller(auth, claims, { identity, path: asked.path })
  }
  if (identity.role === null) return publicCaller(auth, asked.path)
  if (limits.routes !== null && !isRouteAllowed(limits.routes, asked.path)) {
    throw forbidden(`route=${asked.path} not allowed. Allowed_routes=${pythonList(limits.routes)}`)
  }
  const model = await asked.model()
  refuseModel(limits, model)
  const principal = await principalOf(deps, identity, { ...asked, model })
  const hash = await hashOf(principal)
  const findKey = (): Promise<KeyRecord> => deps.loadPrincipal(principal, hash)
  const record = await findKeyRecord({ ...deps, findKey }, hash)
  // It throws where there is none.
  if (!record) throw new Error('a principal without a record')
  const { role, teamIds, endUser } = identity
  return { kind: 'jwt', hash, record, principal, role, teamIds, endUser, models: limits.models }
}

/** The team that the call is for, and the user. */
async function principalOf(
  deps: ResolveDeps,
  identity: Identity,
  asked: Omit<Asked, 'model'> & { readonly model: string | null },
): Promise<Principal> {
  const { team } = deps.auth
  const { userId, userEmail, role } = identity
  const chosen = namesTeam(identity) ? await chooseTeam(deps, identity, asked) : null
  const isForTeams = isRouteAllowed(team.routes, asked.path)
  if (chosen && isForTeams) return { ...chosen, userId, userEmail }
  // A user acts for themselves where none of their teams could.
  if (chosen && (role === 'team' || asked.model !== null)) {
    throw forbidden(
      `Team not allowed to access this route. Route=${asked.path}, ` +
        `Allowed Routes=${pythonList(team.routes)}`,
    )
  }
  if (team.isRequired && asked.model !== null) {
    throw forbidden(`No team has access to the requested model: ${asked.model}`)
  }
  if (!namesUser(identity)) throw forbidden(NOBODY)
  return { teamId: null, mayMakeTeam: false, userId, userEmail }
}

const NOBODY = 'The token names neither a team nor a user that could pay for its calls'

/** Texts of ours and not of clients: nobody has a key with this hash. */
function hashOf({ teamId, userId, userEmail }: Principal): Promise<string> {
  return sha256Hex(JSON.stringify(['jwt', teamId, userId, userEmail]))
}

async function adminCaller(
  { admin }: JwtAuth,
  claims: JWTPayload,
  { identity, path }: { readonly identity: Identity; readonly path: string },
): Promise<AdminCaller> {
  if (!isRouteAllowed(admin.routes, path)) {
    throw forbidden(
      `Admin not allowed to access this route. Route=${path}, ` +
        `Allowed Routes=${pythonList(admin.routes)}`,
    )
  }
  const { userId, userEmail } = identity
  const by = userId ?? userEmail ?? claims.sub ?? 'jwt'
  const hash = await sha256Hex(JSON.stringify(['jwt-admin', by]))
  return { kind: 'admin', hash, userId: ADMIN_USER_ID, acting: { by, userId } }
}

/** Nobody pays for this one: the routes that it may call cost nothing. */
async function publicCaller(
  { team, roles, publicRoutes }: JwtAuth,
  path: string,
): Promise<JwtCaller> {
  if (roles.areEnforced) {
    throw forbidden(
      'Unmatched token passed in. enforce_rbac is set to True. ' +
        'Token must belong to a proxy admin, team, or user.',
    )
  }
  if (!isRouteAllowed(publicRoutes, path)) {
    throw team.idField === null ? forbidden(NOBODY) : noTeam(team.idField)
  }
  const principal = { teamId: null, mayMakeTeam: false, userId: null, userEmail: null }
  const hash = await hashOf(principal)
  const record = emptyRecord(hash)
  const none = { teamIds: [], endUser: null, models: null }
  return { kind: 'jwt', hash, record, principal, role: 'public', ...none }
}
