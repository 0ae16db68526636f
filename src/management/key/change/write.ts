import { getKeyDetails, type KeyDetails } from '../../../db/key-details.ts'
import { hashesOf } from '../../../db/key-secrets.ts'
import {
  type KeyChanges,
  type KeyOwner,
  type KeyRotation,
  updateKey,
} from '../../../db/key-update.ts'
import type { KeyRow } from '../../../db/keys.ts'
import { budgetPolicy, keyPolicy } from '../../../db/policy.ts'
import { notFound, unavailable } from '../../../errors.ts'
import { moveKey } from '../../../ledger/move-key.ts'
import type { Now } from '../../../windows.ts'
import type { Asking } from '../../access/teams.ts'
import { countBefore } from '../../added-windows.ts'
import { forgetKeys, type KeyCaches, type Signed, tellAll, type TellDeps } from '../../tell.ts'
import { accountOf } from '../fields.ts'

const TRIES_MAX = 5

export interface ChangeDeps extends TellDeps, KeyCaches, Now, Signed {}

/** The same, and whose rights count. */
export interface ChangeAsking extends ChangeDeps, Asking {}

export interface Write {
  readonly changes: KeyChanges
  /** Whose it is to be: what is undefined stays. */
  readonly owned: Owned
  /** What it is called by from now on; absent: what it was. */
  readonly rotation?: KeyRotation
  /** Whether it depends on what the row was: then that row is written, or it is asked for anew. */
  readonly isOfRow?: boolean
}

interface Owned {
  readonly team_id?: string | null | undefined
  readonly user_id?: string | null | undefined
}

/** A change that is known beforehand, of a key by any of its hashes. */
export function write(deps: ChangeDeps, hash: string, change: Write): Promise<void> {
  return save(deps, hash, async () => change)
}

/**
 * Writes what is planned for the row as it is, and tells its ledger. A key that is on its way
 * arrives first: each move is brought to its end with the row it began with. Throws what the plan
 * throws, 404, or 503 if the ledger was not told: then the call may be repeated.
 */
export async function save(
  deps: ChangeDeps,
  hash: string,
  plan: (key: KeyRow) => Promise<Write>,
): Promise<void> {
  const { db, by, nowMs, resets } = deps
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const { key } = await findKey(db, hash)
    const { changes, owned, rotation, isOfRow } = await plan(key)
    if (key.moving) {
      await moveKey(deps, key.token)
      continue
    }
    const { token, accountId, version } = key
    const owner = ownerAfter(key, owned)
    const update = { token, accountId, changes, owner, by, nowMs, resets }
    const guards = { ...(rotation && { rotation }), ...(isOfRow && { version }) }
    try {
      const written = await updateKey(db, { ...update, ...guards })
      if (written) return await told(deps, written)
    } finally {
      const made = rotation ? [rotation.newest.hash] : []
      await forgetKeys(deps, [...hashesOf([key]), ...made])
    }
  }
  throw unavailable('This key is being changed. Please repeat the call.')
}

async function told(
  deps: ChangeDeps,
  { key, account, budget }: NonNullable<Awaited<ReturnType<typeof updateKey>>>,
): Promise<void> {
  if (key.moving) return moveKey(deps, key.token)
  const change = { account, row: keyPolicy(key) }
  await tellAll(deps, [
    change,
    // Calls that knew the key without this budget do not bring its row.
    ...(budget ? [{ account, row: budgetPolicy(budget) }] : []),
  ])
  return countBefore(deps, change)
}

/** Null if neither its team nor its user was sent. */
export function ownerAfter(key: KeyRow, { team_id, user_id }: Owned): KeyOwner | null {
  if (team_id === undefined && user_id === undefined) return null
  const teamId = team_id === undefined ? key.teamId : team_id
  const userId = user_id === undefined ? key.userId : user_id
  return { accountId: accountOf({ team_id: teamId, user_id: userId }, key.token), teamId, userId }
}

/** By any of its hashes. Throws LiteLLM's 404. */
export async function findKey(db: ChangeDeps['db'], hash: string): Promise<KeyDetails> {
  const found = await getKeyDetails(db, hash)
  if (!found || found.key.deletedAt) throw notFound('Key not found in database', 'key')
  return found
}
