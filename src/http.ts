import type { Context } from 'hono'
import { validator } from 'hono-openapi'
import type { z } from 'zod'
import { authenticate, refetch } from './auth/authenticate.ts'
import type { Caller } from './auth/caller.ts'
import type { Secret } from './auth/credential.ts'
import type { FindKeyDeps, SharedKeys } from './auth/find-key.ts'
import type { PublicKeys } from './auth/jwt/public-keys.ts'
import type { Asked } from './auth/jwt/resolve.ts'
import { callerOfToken, finderOf, type TokenDeps } from './auth/jwt/token-caller.ts'
import type { KeyCache } from './auth/key-cache.ts'
import type { LookupLimit } from './auth/lookup-limit.ts'
import type { Config } from './config/config.ts'
import type { AccountRef } from './db/accounts.ts'
import type { Db } from './db/connect.ts'
import { findKey } from './db/keys.ts'
import { ApiError, unauthorized } from './errors.ts'
import type { LedgerClient } from './ledger/client.ts'
import type { Now } from './windows.ts'

/** What routes are made of; built once per isolate. */
export interface Deps {
  readonly config: Config
  readonly db: Db
  readonly keyCache: KeyCache
  readonly sharedKeys: SharedKeys
  readonly lookupLimit: LookupLimit
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
  readonly masterKey: Secret
  /** What tokens are verified with; null: nobody is known by one. */
  readonly publicKeys: PublicKeys | null
}

/** This instant, and how windows lie here. */
export function nowOf({ config }: Pick<Deps, 'config'>): Now {
  return { nowMs: Date.now(), resets: config.settings.resets }
}

/** The caller of a route that no ledger decides on: what this isolate knows of its key has to do. */
export async function callerOf(deps: Deps, c: Context): Promise<Caller> {
  const caller = await identify(deps, c)
  if (caller.kind === 'admin') return caller
  const { key, account } = caller.record
  const nowMs = Date.now()
  if (key.blocked || key.deleted || account.blocked || account.deleted) {
    throw unauthorized('Authentication Error, Key is blocked.')
  }
  if (key.expiresAtMs !== null && key.expiresAtMs <= nowMs) {
    throw unauthorized('Authentication Error - Expired Key.', 'expired_key', caller.record.name)
  }
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
  const { masterKey, config } = deps
  const { keyHeaderName } = config.settings
  const tokens = tokenDeps(deps, c)
  const asked = { path: c.req.path, teamId: c.req.header('x-litellm-team-id') || null, model }
  return authenticate(
    {
      masterKey,
      keyHeaderName,
      ...findDeps(deps, c),
      callerOfToken: tokens && ((token) => callerOfToken(tokens, token, asked)),
    },
    c.req.raw.headers,
  )
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

/** The admin, or LiteLLM's refusal. */
async function adminOf(deps: Deps, c: Context): Promise<Caller> {
  const caller = await callerOf(deps, c)
  if (caller.kind === 'admin') return caller
  throw unauthorized(
    'Authentication Error, Only proxy admin can be used to generate, delete, update info for new ' +
      `keys/users/teams. Route=${c.req.path}. Your role=internal_user. ` +
      `Your user_id=${caller.record.userId ?? 'None'}`,
  )
}

/** For the head of a route that only the admin may call. */
export function adminOnly(deps: Deps) {
  return async (c: Context, next: () => Promise<void>): Promise<void> => {
    await adminOf(deps, c)
    await next()
  }
}

/** An answer to a change that some ledgers were not told of yet: cron drives it on. */
export function answered<T extends { readonly pending: number }>(
  c: Context,
  { pending, ...answer }: T,
) {
  if (pending > 0) c.header('x-tollgate-pending', String(pending))
  return c.json(answer)
}

/** Checks a JSON body; the same schema describes it in the API's document. */
export function body<S extends z.ZodType>(schema: S) {
  return validator('json', schema, (result) => {
    if (!result.success) throw invalid(result.error)
  })
}

export function params<S extends z.ZodType>(schema: S) {
  return validator('param', schema, (result) => {
    if (!result.success) throw invalid(result.error)
  })
}

export function query<S extends z.ZodType>(schema: S) {
  return validator('query', schema, (result) => {
    if (!result.success) throw invalid(result.error)
  })
}

interface Problem {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
  readonly code?: unknown
}

/** 422 for a wrong type, as FastAPI has it, and 400 for a value that makes no sense. */
function invalid(problems: readonly Problem[]): ApiError {
  const [first] = problems
  const path = (first?.path ?? []).map((at) => String(typeof at === 'object' ? at.key : at))
  const field = path.join('.') || 'body'
  const status = first?.code === 'custom' ? 400 : 422
  const message = first?.message ?? 'expected another value'
  const sentence = message.startsWith('expected') || status === 422 ? `: ${message}` : ` ${message}`
  return new ApiError(status, field + sentence, {
    type: status === 400 ? 'bad_request_error' : 'invalid_request_error',
    param: field,
  })
}
