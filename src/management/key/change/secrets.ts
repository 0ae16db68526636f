import type { KeySecret } from '../../../db/key-secrets.ts'
import type { KeyRotation } from '../../../db/key-update.ts'
import type { KeyRow } from '../../../db/keys.ts'
import { badRequest } from '../../../errors.ts'

const SECRETS_MAX = 10

/** What a key is called by: its token, until it was regenerated. The newest comes last. */
export function secretsOf({ token, keyName, secrets }: KeyRow): readonly KeySecret[] {
  return secrets ?? [{ hash: token, name: keyName, until: null }]
}

interface Rotate {
  readonly newest: Pick<KeySecret, 'hash' | 'name'>
  /** How long the one before it is good; null: no longer, nor are those before that. */
  readonly untilMs: number | null
  readonly nowMs: number
}

/** Throws 400 if too many are still good. */
export function rotated(key: KeyRow, { newest, untilMs, nowMs }: Rotate): KeyRotation {
  const known = secretsOf(key)
  const nth = (known.at(-1)?.nth ?? 0) + 1
  const graced = untilMs === null ? [] : gracedUntil(known, [untilMs, nowMs])
  if (graced.length >= SECRETS_MAX) {
    throw badRequest(
      `This key has ${SECRETS_MAX} secrets that are still good. Wait until one ends, or regenerate ` +
        'it without grace_period, which ends them all.',
      'grace_period',
    )
  }
  const secret = { ...newest, nth, until: null }
  return { secrets: [...graced, secret], newest: secret }
}

function gracedUntil(known: readonly KeySecret[], [untilMs, nowMs]: readonly [number, number]) {
  return known
    .map((secret) => ({ ...secret, until: secret.until ?? new Date(untilMs).toISOString() }))
    .filter(({ until }) => Date.parse(until) > nowMs)
}
