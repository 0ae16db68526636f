import { z } from 'zod'
import { deleteKeys } from '../../db/keys.ts'
import { keyPolicy } from '../../db/policy.ts'
import { notFound } from '../../errors.ts'
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
}

/**
 * Deletes keys and tells their ledgers before it answers, so that the next request anywhere is
 * refused. May be repeated. Throws 404 if none of them ever was, 503 if a ledger was not told.
 */
export async function removeKeys(request: RemoveKeys) {
  const { db, input, nowMs } = request
  const named = input.keys ?? []
  const aliases = input.key_aliases ?? []
  const hashes = await Promise.all(named.map(hashOf))
  const removed = await deleteKeys(db, { hashes, aliases })
  if (removed.length === 0) throw notFound('No keys found', 'keys')
  const gone = removed.map(({ key }) => key.token)
  await forgetKeys(request, gone)
  for (const hash of gone) request.keyCache.set(hash, null, nowMs)
  const pending = await tellAll(
    request,
    removed.map(({ key, account }) => ({ account, row: keyPolicy(key) })),
  )
  return { pending, deleted_keys: [...named, ...aliases] }
}
