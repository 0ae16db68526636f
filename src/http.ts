import type { Context } from 'hono'
import { validator } from 'hono-openapi'
import type { z } from 'zod'
import type { Secret } from './auth/credential.ts'
import type { SharedKeys } from './auth/find-key.ts'
import type { PublicKeys } from './auth/jwt/public-keys.ts'
import type { KeyCache } from './auth/key-cache.ts'
import type { LookupLimit } from './auth/lookup-limit.ts'
import type { Config } from './config/config.ts'
import type { AccountRef } from './db/accounts.ts'
import type { Db } from './db/connect.ts'
import { ApiError } from './errors.ts'
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
  /** What Cloudflare Access signs with; null: it is not in front of the admin pages. */
  readonly accessKeys: PublicKeys | null
}

/** This instant, and how windows lie here. */
export function nowOf({ config }: Pick<Deps, 'config'>): Now {
  return { nowMs: Date.now(), resets: config.settings.resets }
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
