import { ApiError, unauthorized } from '../errors.ts'
import type { PolicyRow } from '../ledger/policy.ts'
import { unknownKey } from './authenticate.ts'
import type { Caller } from './caller.ts'
import { isRouteAllowed } from './route-groups.ts'

interface Asked {
  /** As it was asked for. */
  readonly path: string
  readonly nowMs: number
}

/**
 * What only we know of a key, not its ledger: whether this secret still is one of its, and which
 * routes it may call. Asked again when the ledger answers with a newer row. Null: it may.
 */
export function secretRefusal(caller: Caller, { path, nowMs }: Asked): ApiError | null {
  if (caller.kind === 'admin') return null
  const { record, hash } = caller
  if (!isSecretOf(record.key, hash, nowMs)) return unknownKey(record.name, hash)
  const { routes = [] } = record.key
  if (routes.length === 0 || isRouteAllowed(routes, path)) return null
  const list = routes.map((route) => `'${route}'`).join(', ')
  return new ApiError(
    403,
    `Virtual key is not allowed to call this route. Only allowed to call routes: [${list}]. ` +
      `Tried to call route: ${path}`,
    { type: 'auth_error' },
  )
}

function isSecretOf({ id, secrets }: PolicyRow, hash: string, nowMs: number): boolean {
  if (!secrets) return hash === id
  return secrets.some((secret) => {
    return secret.hash === hash && (secret.untilMs === null || nowMs < secret.untilMs)
  })
}

/** The same, where no ledger decides: whether the key may be used at all. */
export function checkKey(caller: Caller, asked: Asked): void {
  const refusal = secretRefusal(caller, asked)
  if (refusal) throw refusal
  if (caller.kind === 'admin') return
  const { key, account, name } = caller.record
  if (key.blocked || key.deleted || account.deleted) {
    const unblock = "Update via `/key/unblock` if you're an admin."
    throw unauthorized(`Authentication Error, Key is blocked. ${unblock}`)
  }
  if (account.blocked) {
    const unblock = 'Update via `/team/unblock` if your admin.'
    const team = caller.record.teamId ?? account.id
    throw unauthorized(`Authentication Error, Team=${team} is blocked. ${unblock}`)
  }
  if (key.expiresAtMs !== null && key.expiresAtMs <= asked.nowMs) {
    throw unauthorized('Authentication Error - Expired Key.', 'expired_key', name)
  }
}
