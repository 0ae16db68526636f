import { z } from 'zod'
import { made } from '../../db/change.ts'
import type { Db } from '../../db/connect.ts'
import type { KeyChanges } from '../../db/key-update.ts'
import { violatedConstraint } from '../../db/failures.ts'
import { insertKey, type KeyRow } from '../../db/keys.ts'
import { newEnforcement, newLimits } from '../../db/limits.ts'
import { type ApiError, badRequest } from '../../errors.ts'
import { newKey, sha256Hex } from '../../ids.ts'
import { bothOrNeither } from '../limit-fields.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { accountOf, checkNamed, keyChanges, keyFields } from './fields.ts'
import type { Now } from '../../windows.ts'

/** The last four characters of a shorter key would give too much of it away. */
const KEY_SHOWN_MIN_LENGTH = 16
const OWN_KEY = /^sk-[\x21-\x7e]{1,253}$/

/** `POST /key/generate`; every field may be absent. */
export const NewKey = z
  .looseObject({ key: z.string().nullish(), ...keyFields })
  .superRefine(bothOrNeither)

export interface GenerateKey extends Now {
  readonly db: Db
  readonly by: string
  readonly input: z.infer<typeof NewKey>
  readonly ignored: readonly string[]
  /** What of this whoever asks may grant; absent: all of it. */
  readonly grant?: (changes: KeyChanges) => KeyChanges
}

/** Makes a key. The key itself is returned here and kept nowhere: the row has its hash. */
export async function generateKey(
  request: GenerateKey,
): Promise<{ readonly key: string; readonly row: KeyRow }> {
  const { db, by, input, ignored, nowMs } = request
  refuseUnenforced('key', input, { known: NewKey.shape, ignored })
  const key = input.key ?? newKey()
  requireKeyFormat(key, 'key')
  await checkNamed(db, input)
  const token = await sha256Hex(key)
  const { grant = (sent) => sent } = request
  const changes = grant(keyChanges(input, nowMs))
  const columns = {
    token,
    keyName: shownName(key),
    keyAlias: changes.keyAlias ?? null,
    accountId: accountOf(input, token),
    teamId: input.team_id ?? null,
    userId: input.user_id ?? null,
    metadata: changes.metadata ?? {},
    models: changes.models ?? [],
    aliases: changes.aliases ?? null,
    budgetId: changes.budgetId ?? null,
    blocked: changes.blocked ?? false,
    allowedRoutes: changes.allowedRoutes ?? [],
    expiresAt: changes.expiresAt ?? null,
    ...made(by, nowMs),
    ...newLimits(changes, request),
    ...newEnforcement(changes),
  }
  const row = await insertKey(db, columns).catch((error: unknown) => {
    throw takenAlias(error, columns.keyAlias) ?? takenKey(error, 'key') ?? error
  })
  return { key, row }
}

/** Null if it failed otherwise. */
export function takenAlias(error: unknown, alias: string | null | undefined): ApiError | null {
  if (violatedConstraint(error) !== 'keys_alias') return null
  return badRequest(
    `Key with alias '${alias}' already exists. Unique key aliases across all keys are required.`,
    'key_alias',
  )
}

/** Null if it failed otherwise. */
export function takenKey(error: unknown, field: string): ApiError | null {
  if (violatedConstraint(error) === null) return null
  return badRequest('This key exists or existed already.', field)
}

/** Throws LiteLLM's 400. */
export function requireKeyFormat(key: string, field: string): void {
  if (OWN_KEY.test(key)) return
  const message = "Invalid key format. LiteLLM Virtual Key must start with 'sk-'."
  throw badRequest(`${message} Received: ${key.slice(0, 4)}…`, field)
}

/** What may be shown of a key later. */
export function shownName(key: string): string {
  return key.length < KEY_SHOWN_MIN_LENGTH ? 'sk-...' : `sk-...${key.slice(-4)}`
}
