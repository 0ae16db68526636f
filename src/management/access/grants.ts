import type { Actor } from '../../auth/actor.ts'
import { isRouteAllowed } from '../../auth/route-groups.ts'
import type { KeyChanges } from '../../db/key-update.ts'
import { badRequest } from '../../errors.ts'
import { isNamed } from '../../ledger/access.ts'
import { parsePico } from '../../money.ts'

type Granted = Pick<
  KeyChanges,
  'maxBudget' | 'tpmLimit' | 'rpmLimit' | 'maxParallelRequests' | 'models' | 'allowedRoutes'
>

const AMOUNTS = [
  ['maxBudget', 'max_budget'],
  ['tpmLimit', 'tpm_limit'],
  ['rpmLimit', 'rpm_limit'],
  ['maxParallelRequests', 'max_parallel_requests'],
] as const

/**
 * Nobody grants more than they have: what a key grants lies within its own limits, models and
 * routes. What is omitted for a new key it hands down; of a change that stays as it is. Admins are
 * bound by their key's routes only. Throws 400 that names the field.
 */
export function granted<G extends Granted>(
  { key }: Pick<Actor, 'key'>,
  sent: G,
  { isNew, isByAdmin }: { readonly isNew: boolean; readonly isByAdmin: boolean },
): G {
  if (!key) return sent
  const handedDown: Record<string, unknown> = {}
  const hand = (field: keyof Granted, name: string, fits: () => boolean): void => {
    if (sent[field] === undefined) {
      if (isNew) handedDown[field] = key[field]
    } else if (!fits()) {
      throw badRequest(`${name} exceeds that of your own key: ${shown(key[field])}`, name)
    }
  }
  if (key.allowedRoutes.length > 0) {
    hand('allowedRoutes', 'allowed_routes', () => coversRoutes(key.allowedRoutes, sent))
  }
  if (isByAdmin) return { ...sent, ...handedDown }
  for (const [field, name] of AMOUNTS) {
    const own = key[field]
    if (own !== null) hand(field, name, () => isAtMost(sent[field], own))
  }
  if (key.models.length > 0) hand('models', 'models', () => coversModels(key.models, sent))
  return { ...sent, ...handedDown }
}

function isAtMost(value: string | number | null | undefined, own: string | number): boolean {
  if (typeof value === 'string') return parsePico(value) <= parsePico(own)
  return typeof value === 'number' && value <= Number(own)
}

function coversModels(own: readonly string[], { models }: Granted): boolean {
  const granting = models ?? []
  if (own.includes('all-proxy-models') || own.includes('*')) return true
  return granting.length > 0 && granting.every((model) => own.some((name) => covers(name, model)))
}

/** A pattern covers itself, and every name that it means. */
function covers(own: string, model: string): boolean {
  return own === model || (!model.includes('*') && isNamed(own, model))
}

function coversRoutes(own: readonly string[], { allowedRoutes }: Granted): boolean {
  const granting = allowedRoutes ?? []
  return (
    granting.length > 0 && granting.every((route) => own.includes(route) || isPlain(route, own))
  )
}

function isPlain(route: string, own: readonly string[]): boolean {
  return route.startsWith('/') && !/[*{]/.test(route) && isRouteAllowed(own, route)
}

function shown(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}
