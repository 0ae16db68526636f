import type { ScopeMapping } from '../../config/jwt/jwt-auth.ts'
import { isAllowed } from '../../ledger/access.ts'
import { forbidden, pythonList } from './refusals.ts'

/** What a token's scopes let through; null: they do not limit it. */
export interface ScopeLimits {
  readonly models: readonly string[] | null
  readonly routes: readonly string[] | null
}

/** What any of its scopes allows is allowed; a token with none of them may nothing. */
export function limitsOf(
  mappings: readonly ScopeMapping[] | null,
  scopes: readonly string[],
): ScopeLimits {
  if (mappings === null) return { models: null, routes: null }
  const held = mappings.filter(({ scope }) => scopes.includes(scope))
  return {
    models: union(held.map(({ models }) => models)),
    routes: held.flatMap(({ routes }) => routes),
  }
}

function union(lists: readonly (readonly string[] | null)[]): readonly string[] | null {
  return lists.some((list) => list === null) ? null : lists.flatMap((list) => list ?? [])
}

export function isModelAllowed(models: readonly string[] | null, model: string): boolean {
  // To keys and teams an empty list means all.
  return models === null || (models.length > 0 && isAllowed(models, model))
}

/** Throws LiteLLM's 403. */
export function refuseModel({ models }: ScopeLimits, model: string | null): void {
  if (models === null || model === null || isModelAllowed(models, model)) return
  throw forbidden(`model=${model} not allowed. Allowed_models=${pythonList(models)}`)
}
