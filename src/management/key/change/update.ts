import { z } from 'zod'
import { isAdmin } from '../../../auth/actor.ts'
import type { KeyDetails } from '../../../db/key-details.ts'
import type { KeyChanges } from '../../../db/key-update.ts'
import type { KeyRow } from '../../../db/keys.ts'
import { granted } from '../../access/grants.ts'
import { cleanText, money } from '../../fields.ts'
import { bothOrNeither } from '../../limit-fields.ts'
import { lowerSpend } from '../../lower-spend.ts'
import { refuseUnenforced } from '../../unsupported.ts'
import { checkNamed, hashOf, keyChanges, keyFields } from '../fields.ts'
import { takenAlias } from '../generate.ts'
import {
  isForAnother,
  lastEnd,
  refuseBesideBudget,
  refuseForAdmins,
  requireChanger,
  requireEnd,
  requireForgiver,
  requireModelsOnly,
} from '../rights.ts'
import {
  type ChangeAsking,
  type ChangeDeps,
  findKey,
  ownerAfter,
  save,
  type Write,
} from './write.ts'

export const changeFields = { spend: money, ...keyFields }

/** `POST /key/update`: what is absent stays, null clears. */
export const UpdateKey = z
  .looseObject({ key: cleanText.min(1), ...changeFields })
  .superRefine(bothOrNeither)

export interface ChangeKey extends ChangeAsking {
  readonly input: z.infer<typeof UpdateKey>
  readonly ignored: readonly string[]
}

/**
 * Changes a key and tells its ledger before it answers. Another team or user means another account
 * that pays: the key then moves there with what it spent. May be repeated.
 */
export async function changeKey(request: ChangeKey): Promise<KeyDetails> {
  const { db, input, ignored } = request
  refuseUnenforced('key', input, { known: UpdateKey.shape, ignored })
  const hash = await hashOf(input.key)
  const permit = (key: KeyRow) => permitted({ ...request, permission: '/key/update' }, key)
  await setSpend(request, hash, { spend: input.spend, permit })
  try {
    await save(request, hash, permit)
  } catch (error) {
    throw takenAlias(error, input.key_alias) ?? error
  }
  return findKey(db, hash)
}

interface Permit extends ChangeAsking {
  readonly input: z.infer<z.ZodObject<typeof changeFields>>
  readonly permission: string
}

/** What of the input whoever asks may change of this key. Throws if that is not all of it. */
export async function permitted(request: Permit, key: KeyRow): Promise<Write> {
  const { db, actor, input, permission, nowMs } = request
  const owner = ownerAfter(key, input)
  const isByAdmin = await requireChanger(request, [key, owner], permission)
  if (!isByAdmin) {
    refuseForAdmins(input, key)
    refuseBesideBudget(input, [actor.key, key])
  }
  if (typeof input.spend === 'number') await requireForgiver(request, key)
  await checkNamed(db, input)
  const changes = granted(actor, keyChanges(input, nowMs), { isNew: false, isByAdmin })
  requireLent(request, key, { changes, userId: (owner ?? key).userId })
  const isInNewTeam = owner !== null && owner.teamId !== key.teamId
  if (!isByAdmin && (changes.expiresAt !== undefined || isInNewTeam)) {
    const last = await lastEnd(request, (owner ?? key).teamId, nowMs)
    requireEnd(endAfter(key, changes), last)
  }
  return { changes, owned: input, isOfRow: !isAdmin(actor) }
}

/** What makes a key more than one to call models with, in the hands of who is not its user. */
function requireLent(
  request: Permit,
  key: KeyRow,
  after: { readonly changes: KeyChanges; readonly userId: string | null },
): void {
  const { changes, userId } = after
  if (userId === null || !isForAnother(request, userId)) return
  const isTaken = request.permission === '/key/regenerate' || userId !== key.userId
  if (!isTaken && changes.allowedRoutes === undefined) return
  requireModelsOnly(changes.allowedRoutes ?? key.allowedRoutes, userId)
}

function endAfter(key: KeyRow, { expiresAt }: KeyChanges): Date | null {
  return expiresAt === undefined ? key.expiresAt : expiresAt
}

interface SetSpend {
  readonly spend?: number | null | undefined
  readonly permit: (key: KeyRow) => Promise<unknown>
}

/** Its ledger writes that, not the row: before the rest, which then is not saved without it. */
export async function setSpend(
  request: ChangeDeps,
  hash: string,
  { spend, permit }: SetSpend,
): Promise<void> {
  if (typeof spend !== 'number') return
  const { key, ...details } = await findKey(request.db, hash)
  await permit(key)
  const row = { kind: 'key' as const, id: key.token }
  await lowerSpend(request, { ...details, row, copy: key, toUsd: spend, field: 'spend' })
}
