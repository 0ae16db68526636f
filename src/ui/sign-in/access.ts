import type { Context } from 'hono'
import { type Caller, emptyRecord } from '../../auth/caller.ts'
import { verifyToken } from '../../auth/jwt/verify.ts'
import { findByEmail } from '../../db/users.ts'
import { ApiError } from '../../errors.ts'
import type { Deps } from '../../http.ts'
import { ApiProblem } from '../api.ts'

export const ACCESS_HEADER = 'cf-access-jwt-assertion'

/**
 * Whom Cloudflare Access vouches for: the user with the address of its token. Null: it is not in
 * front, or has said nothing. Throws an ApiProblem: it is no token of its, or nobody has the address.
 */
export async function accessCaller(deps: Deps, c: Context): Promise<Caller | null> {
  const { accessKeys: publicKeys, config, db } = deps
  const { access: settings } = config.settings
  const token = c.req.header(ACCESS_HEADER)
  if (!publicKeys || !settings || !token) return null
  const defer = (work: Promise<unknown>) => c.executionCtx.waitUntil(work)
  const claims = await verifyToken({ publicKeys, settings, nowMs: Date.now(), defer }, token).catch(
    (error: unknown) => {
      if (!(error instanceof ApiError) || error.status >= 500) throw error
      throw new ApiProblem(401, 'Cloudflare Access did not sign this request.', null)
    },
  )
  const { email } = claims
  if (typeof email !== 'string' || email === '') {
    throw new ApiProblem(403, 'Cloudflare Access names no address: services use keys.', null)
  }
  const [found] = await findByEmail(db, [email])
  if (!found) {
    const hint = 'Sign in with a key, or ask an admin to create the user.'
    throw new ApiProblem(403, `Nobody here has the address ${email}. ${hint}`, null)
  }
  const { userId, userEmail } = found.user
  return callerOf(userId, userEmail)
}

/** A user without a key or a team: what a token of theirs would be. */
function callerOf(userId: string, userEmail: string | null): Caller {
  const hash = `access:${userId}`
  return {
    kind: 'jwt',
    hash,
    record: { ...emptyRecord(hash), userId },
    principal: { teamId: null, mayMakeTeam: false, userId, userEmail },
    role: 'internal_user',
    teamIds: [],
    endUser: null,
    models: null,
  }
}
