import { z } from 'zod'
import type { SharedKeys } from '../auth/find-key.ts'
import type { KeyCache } from '../auth/key-cache.ts'
import type { AccountRef } from '../db/accounts.ts'
import type { Db } from '../db/connect.ts'
import { deleteKeys } from '../db/keys.ts'
import { keyPolicy } from '../db/policy.ts'
import { notFound, unavailable } from '../errors.ts'
import { sha256Hex } from '../ids.ts'
import type { LedgerClient } from '../ledger/client.ts'
import { describe, log } from '../log.ts'
import { cleanText } from './fields.ts'

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

interface RemoveKeys {
  readonly db: Db
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
  readonly keyCache: KeyCache
  readonly sharedKeys: SharedKeys
  readonly input: z.infer<typeof DeleteKeys>
  readonly nowMs: number
}

/**
 * Deletes keys and tells their ledgers before it answers, so that the next request anywhere is
 * refused. May be repeated. Throws 404 if none of them ever was, 503 if a ledger was not told.
 */
export async function removeKeys({ db, ledgerOf, keyCache, sharedKeys, input, nowMs }: RemoveKeys) {
  const named = input.keys ?? []
  const hashes = await Promise.all(named.map(hashOf))
  const removed = await deleteKeys(db, { hashes, aliases: input.key_aliases ?? [] })
  if (removed.length === 0) throw notFound('No keys found', 'keys')
  for (const { key } of removed) keyCache.set(key.token, null, nowMs)
  const tellings = removed.flatMap(({ key, account }) =>
    account && account.ledgerEpoch > 0 ? [ledgerOf(account).tell([keyPolicy(key)])] : [],
  )
  const forgettings = removed.map(({ key }) => sharedKeys.remove(key.token))
  const outcomes = await Promise.allSettled([...tellings, ...forgettings])
  const failure = outcomes.find(({ status }) => status === 'rejected')
  if (failure?.status === 'rejected') {
    log('error', 'telling_failed', { error: describe(failure.reason) })
    throw unavailable(
      'The keys are deleted, but not yet refused everywhere. Please repeat the call.',
    )
  }
  return { deleted_keys: [...named, ...(input.key_aliases ?? [])] }
}

/** Management calls name a key by itself or by its hash. */
export async function hashOf(key: string): Promise<string> {
  return key.startsWith('sk-') ? sha256Hex(key) : key
}
