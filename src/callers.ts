import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { type Actor, actorOf, isAdmin, isViewer, maySeeAll } from './auth/actor.ts'
import { authenticate, callerOfHash, refetch } from './auth/authenticate.ts'
import type { Caller } from './auth/caller.ts'
import { checkKey } from './auth/check-key.ts'
import type { FindKeyDeps } from './auth/find-key.ts'
import type { Asked } from './auth/jwt/resolve.ts'
import { callerOfToken, finderOf, type TokenDeps } from './auth/jwt/token-caller.ts'
import { actingAs, type Author } from './db/audit.ts'
import type { Db } from './db/connect.ts'
import { findKey } from './db/keys.ts'
import { ApiError, unauthorized } from './errors.ts'
import { type Deps, nowOf } from './http.ts'

/** What a management route knows of its caller. */
export interface Acting {
  readonly Variables: {
    readonly actor: Actor
    /** For changes: each of its batches is written down under the actor's name. */
    readonly db: Db
    readonly author: Author
  }
}

const CHANGED_BY_MAX_LENGTH = 256

/** For the head of management routes: who acts, read from Postgres now. */
export function acting(deps: Deps) {
  return createMiddleware<Acting>(async (c, next) => {
    const caller = await identify(deps, c)
    const actor = await actorOf(deps.db, caller, { path: c.req.path, nowMs: Date.now() })
    // Whose word the log takes: anybody else acts for themselves.
    const named = isAdmin(actor) && c.req.header('litellm-changed-by')
    const author = {
      changedBy: named ? named.slice(0, CHANGED_BY_MAX_LENGTH) : actor.by,
      apiKey: actor.apiKey,
    }
    c.set('actor', actor)
    c.set('author', author)
    c.set('db', actingAs(deps.db, author))
    await next()
  })
}

/** What an action is handed: everything, this instant, and who acts. */
export function asked(deps: Deps, c: Context<Acting>) {
  const { actor, author, db } = c.var
  return { ...deps, ...nowOf(deps), actor, author, db, by: actor.by, path: c.req.path }
}

/** Only the master key and proxy admins; LiteLLM's refusal for everybody else. */
export const adminOnly = createMiddleware<Acting>(async (c, next) => {
  if (!isAdmin(c.var.actor)) throw notAdmin(c.var.actor, c.req.path)
  await next()
})

/** For changes: keys of nobody make none, and neither do viewers. Throws LiteLLM's 401, or 403. */
export const usersOnly = createMiddleware<Acting>(async (c, next) => {
  const { actor } = c.var
  if (actor.role === null) throw notAdmin(actor, c.req.path)
  if (isViewer(actor)) {
    const message = `Your role=${actor.role} is not allowed to change anything. Route=${c.req.path}`
    throw new ApiError(403, message, { type: 'auth_error' })
  }
  await next()
})

/** Those, and who may see all that they see. */
export const adminsAndViewers = createMiddleware<Acting>(async (c, next) => {
  if (!maySeeAll(c.var.actor)) throw notAdmin(c.var.actor, c.req.path)
  await next()
})

function notAdmin({ role, userId }: Actor, path: string): ApiError {
  if (role === 'proxy_admin_viewer') {
    const message = `user not allowed to access this route, role= ${role}. Trying to access: ${path}`
    return new ApiError(403, message, { type: 'auth_error' })
  }
  return unauthorized(
    'Authentication Error, Only proxy admin can be used to generate, delete, update info for new ' +
      `keys/users/teams. Route=${path}. Your role=${role ?? 'unknown'}. ` +
      `Your user_id=${userId === null ? 'unknown' : masked(userId)}`,
  )
}

/** As much of an id as LiteLLM shows: it may be an address. */
function masked(id: string): string {
  const [head, tail] = [id.slice(0, 6), id.slice(-2)]
  return id.length <= 8 ? '***' : head + '*'.repeat(id.length - 8) + tail
}

/** The caller of a route that no ledger decides on: what this isolate knows of its key has to do. */
export async function callerOf(deps: Deps, c: Context): Promise<Caller> {
  const caller = await identify(deps, c)
  checkKey(caller, { path: c.req.path, nowMs: Date.now() })
  return caller
}

/**
 * Who calls. The model that is asked for may decide which of a token's teams it is; it is read only
 * once the token is verified. Throws 401, or 503 if the caller can't be looked up now.
 */
export function identify(
  deps: Deps,
  c: Context,
  model: Asked['model'] = () => Promise.resolve(null),
): Promise<Caller> {
  const known = (c.env as SignedInEnv | undefined)?.[SIGNED_IN]
  if (known) return Promise.resolve(known)
  const { masterKey, config } = deps
  const { keyHeaderName } = config.settings
  const tokens = tokenDeps(deps, c)
  const request = { path: c.req.path, teamId: c.req.header('x-litellm-team-id') || null, model }
  return authenticate(
    {
      masterKey,
      keyHeaderName,
      ...findDeps(deps, c),
      callerOfToken: tokens && ((token) => callerOfToken(tokens, token, request)),
    },
    c.req.raw.headers,
  )
}

/** Of requests that our own pages make for who is signed in: they carry no key. Nobody else has it. */
const SIGNED_IN = Symbol('signed in')

interface SignedInEnv {
  readonly [SIGNED_IN]?: Caller
}

/** The environment of a request that is made for somebody who is known already. */
export function envOf(c: Context, caller: Caller): object {
  return { ...(c.env as object | undefined), [SIGNED_IN]: caller }
}

/** Who has the key with this hash; null: nobody any more. */
export function callerWithHash(deps: Deps, c: Context, hash: string): Promise<Caller | null> {
  return callerOfHash({ masterKey: deps.masterKey, ...findDeps(deps, c) }, hash)
}

/** The same caller as Postgres has it now, past all caches. Throws as `identify` does. */
export function refetchCaller(deps: Deps, c: Context, caller: Caller): Promise<Caller> {
  const tokens = tokenDeps(deps, c)
  const finding = findDeps(deps, c)
  if (caller.kind !== 'jwt' || !tokens) return refetch(finding, caller)
  return refetch({ ...finding, findKey: finderOf(tokens, caller) }, caller)
}

function tokenDeps(deps: Deps, c: Context): TokenDeps | null {
  const { config, db, publicKeys } = deps
  const { jwtAuth: auth, teamDefaults: defaults, resets } = config.settings
  return auth && publicKeys && { ...findDeps(deps, c), db, auth, publicKeys, defaults, resets }
}

function findDeps(deps: Deps, c: Context): FindKeyDeps {
  return {
    cache: deps.keyCache,
    shared: deps.sharedKeys,
    limit: deps.lookupLimit,
    findKey: (hash) => findKey(deps.db, hash),
    defer: (work) => c.executionCtx.waitUntil(work),
    nowMs: Date.now(),
  }
}
