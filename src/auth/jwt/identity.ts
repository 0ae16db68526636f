import type { JWTPayload } from 'jose'
import type { JwtAuth } from '../../config/jwt/jwt-auth.ts'
import { ADMIN_USER_ID } from '../caller.ts'
import { claimAt, scopesOf, textAt, textsAt } from './claims.ts'
import { forbidden, noTeam, pythonList } from './refusals.ts'

/** Whom a token speaks for, as it says itself; nothing of it has been looked up. */
export interface Identity {
  /** Null: nobody that the configuration knows. */
  readonly role: 'proxy_admin' | 'team' | 'internal_user' | null
  readonly teamId: string | null
  readonly teamAlias: string | null
  /** Of a claim that lists teams, in its order. */
  readonly teamIds: readonly string[]
  readonly userId: string | null
  readonly userEmail: string | null
  readonly endUser: string | null
  readonly scopes: readonly string[]
}

/** A verified token's claims → whom it speaks for. Throws 401 or 403 for what it may not claim. */
export function readIdentity(auth: JwtAuth, claims: JWTPayload): Identity {
  const scopes = scopesOf(claims)
  const claimed = { ...teamsOf(auth, claims), ...userOf(auth, claims) }
  const named = {
    ...claimed,
    scopes,
    endUser: textAt(claims, auth.endUserField),
  }
  if (scopes.includes(auth.admin.scope)) return { ...named, role: 'proxy_admin' }
  const identity = withRole(auth, claims, named)
  // Who is an admin by a mapping is one whatever else the token says.
  if (identity.role === 'proxy_admin') return identity
  checkTeam(auth, identity)
  checkUser(auth, claims, identity)
  return identity
}

/** The claim of one team may hold several, as groups do. */
function teamsOf({ team }: JwtAuth, claims: JWTPayload) {
  const ids = textsAt(claims, team.idField)
  const listed = textsAt(claims, team.idsField)
  const teamAlias = textAt(claims, team.aliasField)
  const teamIds = [...new Set(ids.length > 1 ? [...ids, ...listed] : listed)]
  const isSilent = ids.length === 0 && teamIds.length === 0 && teamAlias === null
  const teamId = isSilent ? team.idDefault : ids.length === 1 ? (ids[0] ?? null) : null
  return { teamId, teamAlias, teamIds }
}

/** An address that the token itself calls unverified is nobody's. */
function userOf({ user }: JwtAuth, claims: JWTPayload) {
  const isUnverified = claimAt(claims, 'email_verified') === false
  return {
    userId: textAt(claims, user.idField),
    userEmail: isUnverified ? null : textAt(claims, user.emailField),
  }
}

/** LiteLLM's order: the claim of one team, the claims of a user, other claims of teams, roles. */
function withRole(auth: JwtAuth, claims: JWTPayload, named: Omit<Identity, 'role'>): Identity {
  const { roles } = auth
  if (named.teamId !== null) return { ...named, role: 'team' }
  if (namesUser(named)) return { ...named, role: 'internal_user' }
  if (namesTeam(named)) return { ...named, role: 'team' }
  const held = textsAt(claims, roles.field)
  const mapping = roles.mappings.find(({ role }) => held.includes(role))
  if (!mapping) return { ...named, role: null }
  const objectId = textAt(claims, roles.objectIdField)
  switch (mapping.internalRole) {
    case 'team':
      return { ...named, role: 'team', teamId: objectId }
    case 'internal_user':
      return { ...named, role: 'internal_user', userId: objectId }
    case 'proxy_admin':
      return { ...named, role: 'proxy_admin' }
  }
}

export function namesTeam({ teamId, teamAlias, teamIds }: Omit<Identity, 'role'>): boolean {
  return teamId !== null || teamAlias !== null || teamIds.length > 0
}

export function namesUser({ userId, userEmail }: Omit<Identity, 'role'>): boolean {
  return userId !== null || userEmail !== null
}

function checkTeam({ team }: JwtAuth, identity: Identity): void {
  if (team.idField !== null && identity.role !== null && !namesTeam(identity)) {
    throw noTeam(team.idField)
  }
  if (team.scope === null || !namesTeam(identity) || identity.scopes.includes(team.scope)) return
  throw forbidden(`The token speaks for a team without the scope ${team.scope}`)
}

function checkUser({ user }: JwtAuth, claims: JWTPayload, identity: Identity): void {
  if (!namesUser(identity)) return
  // Its account pays for the master key.
  if (identity.userId === ADMIN_USER_ID) throw forbidden(`The token may not be of ${ADMIN_USER_ID}`)
  const held = textsAt(claims, user.rolesField)
  if (user.rolesField !== null && !held.some((role) => user.allowedRoles.includes(role))) {
    throw forbidden(`User role not allowed. Allowed roles=${pythonList(user.allowedRoles)}`)
  }
  const domain = identity.userEmail?.split('@').at(-1)?.toLowerCase() ?? null
  if (user.emailDomain !== null && domain !== user.emailDomain) {
    throw forbidden(`User email domain not allowed. Allowed domain=${user.emailDomain}`)
  }
}
