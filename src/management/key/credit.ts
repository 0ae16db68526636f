import { newestHash } from '../../db/key-secrets.ts'
import { moveKey } from '../../ledger/move-key.ts'
import { addCredit } from '../credit.ts'
import { type ChangeDeps, findKey } from './change/write.ts'
import { hashOf } from './fields.ts'
import { liveKeyRow } from './info.ts'

interface CreditKey extends ChangeDeps {
  readonly key: string
  readonly amount: number
  readonly creditId: string | null
}

/** `POST /key/{key}/credit`: tops up a key's prepaid budget. */
export async function creditKey(request: CreditKey) {
  const { db, key: named } = request
  const { key } = await findKey(db, await hashOf(named))
  const { token } = key
  await moveKey(request, token)
  const { account, rows } = await findKey(db, token)
  await addCredit({ ...request, account, rows, row: { kind: 'key', id: token } })
  const { spend, max_budget } = await liveKeyRow(request, await findKey(db, token), request)
  return { key_hash: newestHash(key), spend, max_budget }
}
