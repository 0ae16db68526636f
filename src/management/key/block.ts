import type { KeyDetails } from '../../db/key-details.ts'
import { forgetKeys } from '../tell.ts'
import { hashOf } from './fields.ts'
import { type ChangeDeps, findKey, write } from './update.ts'

interface BlockKey extends ChangeDeps {
  readonly key: string
  readonly blocked: boolean
}

/** Blocks or unblocks a key from the very next call on. May be repeated. */
export async function blockKey(request: BlockKey): Promise<KeyDetails> {
  const { db, key, blocked } = request
  const token = await hashOf(key)
  await write(request, token, { changes: { blocked }, owned: {} })
  await forgetKeys(request, [token])
  return findKey(db, token)
}
