import { z } from 'zod'
import { ADMIN_USER_ID } from '../auth/caller.ts'
import type { Db } from '../db/connect.ts'
import { violatedConstraint } from '../db/failures.ts'
import { insertKey, type KeyRow } from '../db/keys.ts'
import { getTeam } from '../db/teams.ts'
import { addDuration, parseDuration } from '../duration.ts'
import { badRequest, notFound } from '../errors.ts'
import { newKey, sha256Hex } from '../ids.ts'
import { duration, flag, id, limits, metadata, name, names } from './fields.ts'
import { limitColumns } from './limits.ts'
import { refuseUnenforced } from './unsupported.ts'

/** The last four characters of a shorter key would give too much of it away. */
const KEY_SHOWN_MIN_LENGTH = 16
const OWN_KEY = /^sk-[\x21-\x7e]{1,253}$/

/** `POST /key/generate`; every field may be absent. */
export const NewKey = z.looseObject({
  key: z.string().nullish(),
  key_alias: name,
  duration: z
    .literal('-1')
    .transform(() => null)
    .or(duration),
  team_id: id.nullish(),
  user_id: id.nullish(),
  metadata,
  models: names,
  blocked: flag,
  ...limits,
})

interface GenerateKey {
  readonly db: Db
  readonly input: z.infer<typeof NewKey>
  readonly ignored: readonly string[]
  readonly nowMs: number
}

/** Makes a key. The key itself is returned here and kept nowhere: the row has its hash. */
export async function generateKey(
  request: GenerateKey,
): Promise<{ readonly key: string; readonly row: KeyRow }> {
  const { db, input, ignored, nowMs } = request
  refuseUnenforced('key', input, ignored)
  const key = input.key ?? newKey()
  if (!OWN_KEY.test(key)) {
    const message = "Invalid key format. LiteLLM Virtual Key must start with 'sk-'."
    throw badRequest(`${message} Received: ${key.slice(0, 4)}…`, 'key')
  }
  if (input.team_id && !(await getTeam(db, input.team_id))) {
    throw notFound(`Team not found, passed team_id=${input.team_id}`, 'team_id')
  }
  const token = await sha256Hex(key)
  const lifetime = input.duration ? parseDuration(input.duration) : null
  const columns = {
    token,
    keyName: key.length < KEY_SHOWN_MIN_LENGTH ? 'sk-...' : `sk-...${key.slice(-4)}`,
    keyAlias: input.key_alias || null,
    accountId: accountOf(input, token),
    teamId: input.team_id ?? null,
    userId: input.user_id ?? null,
    metadata: input.metadata ?? {},
    models: input.models ?? [],
    blocked: input.blocked ?? false,
    expiresAt: lifetime ? new Date(addDuration(lifetime, nowMs)) : null,
    createdBy: ADMIN_USER_ID,
    updatedBy: ADMIN_USER_ID,
    createdAt: new Date(nowMs),
    updatedAt: new Date(nowMs),
    ...limitColumns(input, nowMs),
  }
  return { key, row: await inserted(db, columns) }
}

/** A key's spend belongs to its team, else to its user, else to itself. */
function accountOf(input: z.infer<typeof NewKey>, token: string): string {
  if (input.team_id) return `team:${input.team_id}`
  return input.user_id ? `user:${input.user_id}` : `key:${token}`
}

async function inserted(db: Db, columns: Parameters<typeof insertKey>[1]): Promise<KeyRow> {
  try {
    return await insertKey(db, columns)
  } catch (error) {
    const constraint = violatedConstraint(error)
    if (constraint === null) throw error
    if (constraint !== 'keys_alias') throw badRequest('This key exists or existed already.', 'key')
    throw badRequest(
      `Key with alias '${columns.keyAlias}' already exists. Unique key aliases across all keys are required.`,
      'key_alias',
    )
  }
}
