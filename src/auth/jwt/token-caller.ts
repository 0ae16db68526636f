import type { TeamDefaults } from '../../config/config.ts'
import type { JwtAuth } from '../../config/jwt/jwt-auth.ts'
import type { Db } from '../../db/connect.ts'
import { findTeams, findTeamsOfAlias } from '../../db/principals.ts'
import type { Resets } from '../../windows.ts'
import type { Caller, JwtCaller, Principal } from '../caller.ts'
import type { FindKeyDeps } from '../find-key.ts'
import { loadPrincipal, type PrincipalDeps } from './principal.ts'
import type { PublicKeys } from './public-keys.ts'
import { type Asked, resolveCaller } from './resolve.ts'
import { verifyToken } from './verify.ts'

export interface TokenDeps extends Omit<FindKeyDeps, 'findKey'> {
  readonly db: Db
  readonly auth: JwtAuth
  readonly publicKeys: PublicKeys
  readonly defaults: TeamDefaults
  readonly resets: Resets
}

/** A token → who calls with it. Throws 401, 403, 404, or 503 if it can't be told now. */
export async function callerOfToken(deps: TokenDeps, token: string, asked: Asked): Promise<Caller> {
  const claims = await verifyToken({ ...deps, settings: deps.auth.keys }, token)
  const lookups = {
    loadPrincipal: (principal: Principal, hash: string) => loadPrincipal(deps, principal, hash),
    loadTeams: (teamIds: readonly string[]) => findTeams(deps.db, teamIds),
    loadTeamsOfAlias: (alias: string) => findTeamsOfAlias(deps.db, alias),
  }
  return resolveCaller({ ...deps, ...lookups }, claims, asked)
}

/** How a caller that is known is looked up again. */
export function finderOf(deps: PrincipalDeps, { principal }: JwtCaller): FindKeyDeps['findKey'] {
  return (hash) => loadPrincipal(deps, principal, hash)
}
