import { z } from 'zod'
import { isAdmin } from '../../../auth/actor.ts'
import type { KeyDetails } from '../../../db/key-details.ts'
import { cleanText } from '../../fields.ts'
import { hashOf } from '../fields.ts'
import { requireKeyAdmin } from '../rights.ts'
import { type ChangeAsking, findKey, save } from './write.ts'

/** `POST /key/block` and `/key/unblock`. */
export const NamedKey = z.object({ key: cleanText.min(1) })

interface BlockKey extends ChangeAsking {
  readonly key: string
  readonly blocked: boolean
}

/** Blocks or unblocks a key from the very next call on. May be repeated. */
export async function blockKey(request: BlockKey): Promise<KeyDetails> {
  const { db, key: named, blocked } = request
  const hash = await hashOf(named)
  await save(request, hash, async (key) => {
    await requireKeyAdmin(request, key)
    return { changes: { blocked }, owned: {}, isOfRow: !isAdmin(request.actor) }
  })
  return findKey(db, hash)
}
