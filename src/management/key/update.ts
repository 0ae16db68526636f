import { z } from 'zod'
import { getKeyDetails, type KeyDetails } from '../../db/key-details.ts'
import { type KeyChanges, type KeyOwner, updateKey } from '../../db/key-update.ts'
import { budgetPolicy, keyPolicy } from '../../db/policy.ts'
import { notFound, unavailable } from '../../errors.ts'
import { moveKey } from '../../ledger/move-key.ts'
import { cleanText, money } from '../fields.ts'
import { bothOrNeither } from '../limit-fields.ts'
import { lowerSpend } from '../lower-spend.ts'
import { countBefore } from '../added-windows.ts'
import { forgetKeys, type KeyCaches, type Signed, tellAll, type TellDeps } from '../tell.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { accountOf, checkNamed, hashOf, keyChanges, keyFields } from './fields.ts'
import { takenAlias } from './generate.ts'
import type { Now } from '../../windows.ts'

const TRIES_MAX = 5

/** `POST /key/update`: what is absent stays, null clears. */
export const UpdateKey = z
  .looseObject({ key: cleanText.min(1), spend: money, ...keyFields })
  .superRefine(bothOrNeither)

/** `POST /key/block` and `/key/unblock`. */
export const NamedKey = z.object({ key: cleanText.min(1) })

export interface ChangeDeps extends TellDeps, KeyCaches, Now, Signed {}

interface ChangeKey extends ChangeDeps {
  readonly input: z.infer<typeof UpdateKey>
  readonly ignored: readonly string[]
}

/**
 * Changes a key and tells its ledger before it answers. Another team or user means another account
 * that pays: the key then moves there with what it spent. May be repeated.
 */
export async function changeKey(request: ChangeKey): Promise<KeyDetails> {
  const { db, input, ignored, nowMs } = request
  refuseUnenforced('key', input, { known: UpdateKey.shape, ignored })
  await checkNamed(db, input)
  const token = await hashOf(input.key)
  const changes = keyChanges(input, nowMs)
  try {
    await write(request, token, { changes, owned: input })
  } catch (error) {
    throw takenAlias(error, changes.keyAlias) ?? error
  } finally {
    await forgetKeys(request, [token])
  }
  if (typeof input.spend === 'number') {
    const { key, ...details } = await findKey(db, token)
    const row = { kind: 'key' as const, id: key.token }
    await lowerSpend(request, { ...details, row, copy: key, toUsd: input.spend, field: 'spend' })
  }
  return findKey(db, token)
}

interface Write {
  readonly changes: KeyChanges
  /** Whose it is to be: what is undefined stays. */
  readonly owned: z.infer<typeof Owned>
}

const Owned = z.object({ team_id: keyFields.team_id, user_id: keyFields.user_id })

/** A key that is on its way arrives first: each move is brought to its end with the row it began with. */
export async function write(deps: ChangeDeps, token: string, change: Write): Promise<void> {
  const { db, by, nowMs, resets } = deps
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const { key } = await findKey(db, token)
    if (key.moving) {
      await moveKey(deps, token)
      continue
    }
    const { accountId } = key
    const owner = ownerAfter(key, change.owned)
    const update = { token, accountId, changes: change.changes, owner, by, nowMs, resets }
    const written = await updateKey(db, update)
    if (!written) continue
    if (written.key.moving) return moveKey(deps, token)
    const { account, budget } = written
    const told = { account, row: keyPolicy(written.key) }
    await tellAll(deps, [
      told,
      // Calls that knew the key without this budget do not bring its row.
      ...(budget ? [{ account, row: budgetPolicy(budget) }] : []),
    ])
    return countBefore(deps, told)
  }
  throw unavailable('This key is being changed. Please repeat the call.')
}

/** Null if neither its team nor its user was sent. */
function ownerAfter(key: KeyDetails['key'], { team_id, user_id }: Write['owned']): KeyOwner | null {
  if (team_id === undefined && user_id === undefined) return null
  const teamId = team_id === undefined ? key.teamId : team_id
  const userId = user_id === undefined ? key.userId : user_id
  return { accountId: accountOf({ team_id: teamId, user_id: userId }, key.token), teamId, userId }
}

export async function findKey(db: ChangeDeps['db'], token: string): Promise<KeyDetails> {
  const found = await getKeyDetails(db, token)
  if (!found || found.key.deletedAt) throw notFound('Key not found in database', 'key')
  return found
}
