import { z } from 'zod'
import { findKeys } from '../../../db/key-list.ts'
import { notFound } from '../../../errors.ts'
import type { Now } from '../../../windows.ts'
import { requireKeyReader } from '../../access/keys.ts'
import type { Asking } from '../../access/teams.ts'
import { cleanText } from '../../fields.ts'
import { hashOf } from '../fields.ts'
import { copiedKeyRow } from '../info.ts'

const KEYS_MAX = 100

/** `POST /v2/key/info`. */
export const SeveralKeys = z.object({
  keys: z
    .array(cleanText.min(1))
    .min(1, { error: 'expected at least one key' })
    .max(KEYS_MAX, { error: `expected at most ${KEYS_MAX} items` }),
})

interface Several extends Asking, Now {
  readonly named: readonly string[]
}

/** Rows of several keys, if all that are there may be seen; what they spent may lag. */
export async function showSeveral(request: Several) {
  const { db, named } = request
  const found = await findKeys(db, await Promise.all(named.map(hashOf)))
  if (found.length === 0) throw notFound('No keys found', 'keys')
  for (const { key } of found) await requireKeyReader(request, key)
  return { key: named, info: found.map((listed) => copiedKeyRow(listed, request)) }
}
