import { z } from 'zod'
import { type Actor, isAdmin } from '../../../auth/actor.ts'
import type { KeyDetails } from '../../../db/key-details.ts'
import { newestHash } from '../../../db/key-secrets.ts'
import type { KeyRow } from '../../../db/keys.ts'
import { addDuration, parseDuration } from '../../../duration.ts'
import { newKey, sha256Hex } from '../../../ids.ts'
import { granted } from '../../access/grants.ts'
import { cleanText, duration } from '../../fields.ts'
import { bothOrNeither } from '../../limit-fields.ts'
import { refuseUnenforced } from '../../unsupported.ts'
import { hashOf } from '../fields.ts'
import { requireKeyFormat, shownName, takenAlias, takenKey } from '../generate.ts'
import { rotated } from './secrets.ts'
import { changeFields, permitted, setSpend } from './update.ts'
import { type ChangeAsking, findKey, save, type Write } from './write.ts'

const fields = { new_key: z.string().nullish(), grace_period: duration, ...changeFields }

/** `POST /key/{key}/regenerate`. */
export const RegenerateKey = z.looseObject(fields).superRefine(bothOrNeither)

/** `POST /key/regenerate`. */
export const RegenerateNamed = z
  .looseObject({ key: cleanText.min(1), ...fields })
  .superRefine(bothOrNeither)

interface Regenerate extends ChangeAsking {
  readonly key: string
  readonly input: z.infer<typeof RegenerateKey>
  readonly ignored: readonly string[]
}

/**
 * Gives a key another secret. What limits it, what it spent and its history stay: they hang on its
 * row. Without a grace period every older secret is refused from the very next call on. May be
 * repeated with the same `new_key`.
 */
export async function regenerateKey(
  request: Regenerate,
): Promise<{ readonly secret: string; readonly details: KeyDetails }> {
  const { db, input, ignored } = request
  refuseUnenforced('key', input, { known: { key: true, ...fields }, ignored })
  const secret = input.new_key || newKey()
  requireKeyFormat(secret, 'new_key')
  const newest = { hash: await sha256Hex(secret), name: shownName(secret) }
  const hash = await hashOf(request.key)
  const permit = (key: KeyRow) => rotation(request, key, newest)
  await setSpend(request, hash, { spend: input.spend, permit })
  try {
    await save(request, hash, permit)
  } catch (error) {
    throw takenAlias(error, input.key_alias) ?? takenKey(error, 'new_key') ?? error
  }
  return { secret, details: await findKey(db, hash) }
}

async function rotation(
  request: Regenerate,
  key: KeyRow,
  newest: { readonly hash: string; readonly name: string },
): Promise<Write> {
  const { actor, input, nowMs } = request
  const write = await permitted({ ...request, permission: '/key/regenerate' }, key)
  if (actor.key?.token !== key.token) requireNoWider(actor, key, write)
  const grace = parseDuration(input.grace_period ?? '')
  const untilMs = grace && addDuration(grace, nowMs)
  // The same call again: it tells what is saved already.
  if (newestHash(key) === newest.hash) return write
  return { ...write, rotation: rotated(key, { newest, untilMs, nowMs }), isOfRow: true }
}

/** Whoever gets the secret of another key gets all that it may: no more than they have. */
function requireNoWider(actor: Actor, key: KeyRow, { changes }: Write): void {
  const isByAdmin = isAdmin(actor) || actor.userId !== key.userId
  const sent = Object.entries(changes).filter(([, value]) => value !== undefined)
  granted(actor, { ...key, ...Object.fromEntries(sent) }, { isNew: false, isByAdmin })
}
