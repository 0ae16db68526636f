import { priceOfRow } from '../pricing/resolve.ts'
import type { Alias, Config, Deployment, ModelIndex, Wildcard } from './config.ts'

/** Longer names are nobody's, and would only keep the patterns busy. */
const MODEL_NAME_MAX_LENGTH = 256

export interface ModelGroup {
  /** The model_name, or the name that was asked for if a pattern answers. */
  readonly group: string
  readonly deployments: readonly Deployment[]
}

/** A model's name in a request → the deployments that can answer. Null: nobody knows the name. */
export function resolveGroup(config: Config, name: string): ModelGroup | null {
  const { groups, aliases } = config.index
  if (groups.has(name)) return resolveName(config.index, name)
  return resolveName(config.index, aliases.get(name)?.group ?? name)
}

function resolveName(index: ModelIndex, name: string): ModelGroup | null {
  const group = index.groups.get(name)
  if (group) return { group: name, deployments: group }
  const deployment = index.byId.get(name)
  if (deployment) return { group: deployment.group, deployments: [deployment] }
  return resolveWildcard(index, name)
}

function resolveWildcard(index: ModelIndex, name: string): ModelGroup | null {
  if (name.length > MODEL_NAME_MAX_LENGTH) return null
  for (const { pattern, matcher, deployments } of index.wildcards) {
    const match = matcher.exec(name)
    if (!match) continue
    const segments = match.slice(1)
    const named = deployments.map((deployment) => substitute(deployment, pattern, segments))
    return { group: name, deployments: named }
  }
  return null
}

function substitute(deployment: Deployment, pattern: string, segments: string[]): Deployment {
  if (!deployment.model.includes('*')) return deployment
  const [first = '', ...others] = segments
  const prefix = `${deployment.provider}/`
  // Under `*` the client may have written the provider too; it is not part of the model's name.
  const strip = pattern.startsWith('*') && first.startsWith(prefix) && first !== prefix
  const parts = [strip ? first.slice(prefix.length) : first, ...others]
  const model = deployment.model.replaceAll('*', () => parts.shift() ?? '')
  return { ...deployment, model, price: priceOfRow(deployment, model) }
}

/** The names that /models lists: groups, then aliases that are not hidden. */
export function listModels(config: Config, { wildcards = false } = {}): string[] {
  const aliases = [...config.index.aliases].filter(([, alias]) => !alias.hidden)
  const patterns = wildcards ? config.index.wildcards.map(({ pattern }) => pattern) : []
  const names = [...config.index.groups.keys(), ...aliases.map(([name]) => name), ...patterns]
  return [...new Set(names)]
}

/** Built once at start, so that no request looks through the list. */
export function indexModels(
  deployments: readonly Deployment[],
  aliases: Readonly<Record<string, Alias>>,
): ModelIndex {
  const byGroup = Map.groupBy(deployments, ({ group }) => group)
  const [patterns, names] = [true, false].map((wild) =>
    [...byGroup].filter(([group]) => group.includes('*') === wild),
  )
  return {
    groups: new Map(names),
    aliases: new Map(Object.entries(aliases)),
    byId: new Map(deployments.map((deployment) => [deployment.id, deployment])),
    wildcards: (patterns ?? []).map(makeWildcard).toSorted(longestFirst),
  }
}

function makeWildcard([pattern, deployments]: [string, readonly Deployment[]]): Wildcard {
  const literals = pattern.split('*').map((literal) => literal.replace(/[^\w/-]/g, '\\$&'))
  return { pattern, matcher: new RegExp(`^${literals.join('(.+)')}$`, 's'), deployments }
}

function longestFirst(a: Wildcard, b: Wildcard): number {
  return b.pattern.length - a.pattern.length
}
