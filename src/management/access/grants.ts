import type { Actor } from '../../auth/actor.ts'
import { isRouteAllowed } from '../../auth/route-groups.ts'
import type { KeyChanges } from '../../db/key-update.ts'
import type { KeyRow } from '../../db/keys.ts'
import { addDuration, isoMicros, parseDuration } from '../../duration.ts'
import { badRequest } from '../../errors.ts'
import { isNamed } from '../../ledger/access.ts'
import { parsePico } from '../../money.ts'

type Granted = Pick<
  KeyChanges,
  | 'maxBudget'
  | 'tpmLimit'
  | 'rpmLimit'
  | 'maxParallelRequests'
  | 'expiresAt'
  | 'budgetDuration'
  | 'budgetLimits'
  | 'modelMaxBudget'
  | 'modelRpmLimit'
  | 'modelTpmLimit'
  | 'budgetId'
  | 'models'
  | 'allowedRoutes'
>

const AMOUNTS = [
  ['maxBudget', 'max_budget'],
  ['tpmLimit', 'tpm_limit'],
  ['rpmLimit', 'rpm_limit'],
  ['maxParallelRequests', 'max_parallel_requests'],
  ['expiresAt', 'duration'],
] as const

/** What can't be compared: it is the same, or it is another. */
const WHOLE = [
  ['budgetLimits', 'budget_limits'],
  ['modelMaxBudget', 'model_max_budget'],
  ['modelRpmLimit', 'model_rpm_limit'],
  ['modelTpmLimit', 'model_tpm_limit'],
  ['budgetId', 'budget_id'],
] as const

/**
 * Nobody grants more than they have: what a key grants lies within its own limits, life, models and
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
    if (sent[field] === undefined || (isNew && isNothing(field, sent[field]))) {
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
  if (key.maxBudget !== null) {
    hand('budgetDuration', 'budget_duration', () => isAsLong(sent.budgetDuration, key))
  }
  for (const [field, name] of WHOLE) {
    if (key[field] !== null) hand(field, name, () => isSame(sent[field], key[field]))
  }
  if (key.models.length > 0) hand('models', 'models', () => coversModels(key.models, sent))
  return { ...sent, ...handedDown }
}

/** Clients send empty defaults for fields that they do not use. */
function isNothing(field: keyof Granted, value: unknown): boolean {
  // No end was asked for: that is something.
  if (field === 'expiresAt') return false
  return value === null || (Array.isArray(value) && value.length === 0)
}

/** The same budget more often is a larger one. */
function isAsLong(text: string | null | undefined, own: Pick<KeyRow, 'budgetDuration'>): boolean {
  const [sent, mine] = [text, own.budgetDuration].map((each) => (each ? parseDuration(each) : null))
  if (!sent || !mine) return !sent
  return addDuration(sent, 0) >= addDuration(mine, 0)
}

function isSame(sent: unknown, own: unknown): boolean {
  return JSON.stringify(plain(sent)) === JSON.stringify(plain(own))
}

/** In an order of its own, without what only a row has. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .filter(([name]) => name !== 'anchor_at')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => [name, plain(each)])
}

type Amount = string | number | Date

function isAtMost(value: Amount | null | undefined, own: Amount): boolean {
  if (value instanceof Date) return own instanceof Date && value <= own
  if (own instanceof Date) return false
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

/** Whether a key with these routes calls models and manages nothing. */
export function isForModelsOnly(allowedRoutes: readonly string[]): boolean {
  return coversRoutes(MODELS_ONLY, { allowedRoutes: [...allowedRoutes] })
}

export const MODELS_ONLY: readonly string[] = ['llm_api_routes']

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
  if (value instanceof Date) return `it ends at ${isoMicros(value.getTime())}`
  if (typeof value !== 'object' || value === null) return String(value)
  const isList = Array.isArray(value) && value.every((each) => typeof each === 'string')
  return isList ? `[${value.join(', ')}]` : JSON.stringify(plain(value))
}
