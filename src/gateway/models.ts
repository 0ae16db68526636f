import type { Config } from '../config/config.ts'
import { listModels, type ModelGroup, resolveGroup } from '../config/models.ts'
import { isAllowed } from '../ledger/access.ts'
import type { PolicyRow } from '../ledger/policy.ts'

/** What a caller means by a model's name. */
export interface MeantModel extends ModelGroup {
  /** The name that access and limits go by. */
  readonly model: string
}

/** The key's name for a model goes before its account's, and config.yaml's own come after both. */
export function meantModel(
  config: Config,
  rows: readonly PolicyRow[],
  name: string,
): MeantModel | null {
  const model = unaliased(rows, name)
  const resolved = resolveGroup(config, model)
  if (!resolved) return null
  // A deployment's id is no name that anybody lists: what holds for its group holds for it.
  return { ...resolved, model: config.index.aliases.has(model) ? model : resolved.group }
}

function unaliased(rows: readonly PolicyRow[], name: string): string {
  for (const kind of ['key', 'account'] as const) {
    const aliases = rows.find((row) => row.kind === kind)?.aliases
    if (aliases && Object.hasOwn(aliases, name)) return aliases[name] ?? name
  }
  return name
}

/** Lists may have these, and no model is called so. */
const SPECIAL = new Set(['all-proxy-models', 'all-team-models', 'no-default-models'])

/**
 * The names that a caller may call models by: those of config.yaml, those of a wildcard that a list
 * spells out, and aliases; each only if what it means is allowed to every row.
 */
export function callableModels(config: Config, rows: readonly PolicyRow[]): string[] {
  const spelled = rows.flatMap(({ models, aliases }) => [...models, ...Object.keys(aliases ?? {})])
  const names = spelled.filter((name) => !name.includes('*') && !SPECIAL.has(name))
  return [...new Set([...listModels(config), ...names])].filter((name) => {
    const meant = meantModel(config, rows, name)
    return meant !== null && rows.every((row) => isAllowed(row.models, meant.model))
  })
}

/** The patterns of config.yaml that every row lets through as a whole. */
export function callablePatterns(config: Config, rows: readonly PolicyRow[]): string[] {
  return config.index.wildcards
    .map(({ pattern }) => pattern)
    .filter((pattern) => rows.every((row) => isAllowed(row.models, pattern)))
}
