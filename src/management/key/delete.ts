import { z } from 'zod'
import { deleteKeys, type KeyRow, listNamedKeys } from '../../db/keys.ts'
import { hashesOf } from '../../db/key-secrets.ts'
import { keyPolicy } from '../../db/policy.ts'
import { ApiError, notFound, unavailable } from '../../errors.ts'
import { isAdmin } from '../../auth/actor.ts'
import { requireKeyWriter } from '../access/keys.ts'
import type { Asking } from '../access/teams.ts'
import { cleanText } from '../fields.ts'
import { hashOf } from './fields.ts'
import { forgetKeys, type KeyCaches, tellAll, type TellDeps } from '../tell.ts'

const KEYS_MAX = 500

export const DeleteKeys = z
  .object({
    keys: z.array(cleanText).max(KEYS_MAX).nullish(),
    key_aliases: z.array(cleanText).max(KEYS_MAX).nullish(),
  })
  .refine(({ keys, key_aliases }) => Boolean(keys?.length || key_aliases?.length), {
    error: 'expected at least one key, or one alias in key_aliases',
    path: ['keys'],
  })

interface RemoveKeys extends TellDeps, KeyCaches {
  readonly input: z.infer<typeof DeleteKeys>
  readonly nowMs: number
  /** Rows that whoever asks may delete; absent: all. */
  readonly known?: readonly KeyRow[]
}

/**
 * Deletes keys and tells their ledgers before it answers, so that the next request anywhere is
 * refused. May be repeated. Throws 404 if none of them ever was, 503 if a ledger was not told.
 */
export async function removeKeys(request: RemoveKeys) {
  const { db, input, known, nowMs } = request
  const named = known
    ? { hashes: known.map(({ token }) => token), aliases: [], known }
    : await namedIn(input)
  const removed = await deleteKeys(db, named)
  if (removed.length === 0) throw known ? changing() : notFound('No keys found', 'keys')
  const gone = hashesOf(removed.map(({ key }) => key))
  await forgetKeys(request, gone)
  for (const hash of gone) request.keyCache.set(hash, null, nowMs)
  const pending = await tellAll(
    request,
    removed.map(({ key, account }) => ({ account, row: keyPolicy(key) })),
  )
  return { pending, deleted_keys: [...(input.keys ?? []), ...(input.key_aliases ?? [])] }
}

/** The same for keys that are the caller's to delete: all of them, or none is deleted. */
export async function removePermittedKeys(request: Omit<RemoveKeys, 'known'> & Asking) {
  if (isAdmin(request.actor)) return removeKeys(request)
  const known: KeyRow[] = []
  for (const key of await listNamedKeys(request.db, await namedIn(request.input))) {
    try {
      await requireKeyWriter(request, key, '/key/delete')
      known.push(key)
    } catch (error) {
      // An alias may have been that of somebody else's key, which is gone.
      if (key.deletedAt === null || !(error instanceof ApiError)) throw error
    }
  }
  if (known.length === 0) throw notFound('No keys found', 'keys')
  return removeKeys({ ...request, known })
}

async function namedIn({ keys, key_aliases: aliases }: z.infer<typeof DeleteKeys>) {
  return { hashes: await Promise.all((keys ?? []).map(hashOf)), aliases: aliases ?? [] }
}

function changing() {
  return unavailable('These keys are being changed. Please repeat the call.')
}
