import { parseDocument, visit } from 'yaml'
import { findProvider } from '../upstream/providers.ts'
import { formatPath, isMapping } from './problems.ts'
import type { Path } from './problems.ts'

export type Environment = Readonly<Record<string, string | undefined>>
export type Lookup = (name: string) => string | undefined

const REFERENCE = /^os\.environ\/(.+)$/

/** The real environment wins over `environment_variables`. An empty variable counts as not set. */
export function makeLookup(root: Readonly<Record<string, unknown>>, env: Environment): Lookup {
  const section = isMapping(root.environment_variables) ? root.environment_variables : {}
  const defaults = new Map(Object.entries(section))
  return (name) => {
    const fallback = defaults.get(name)
    const text = ['string', 'number', 'boolean'].includes(typeof fallback) ? String(fallback) : ''
    const referenced = REFERENCE.exec(text)?.[1]
    return env[name] || (referenced === undefined ? text : env[referenced]) || undefined
  }
}

export interface Resolved {
  readonly value: unknown
  /** Path → the variable that is not set. */
  readonly missing: ReadonlyMap<string, string>
}

/** Replaces each `os.environ/NAME`, and leaves out what is null: absent and null mean the same. */
export function resolveEnvironment(root: unknown, lookup: Lookup): Resolved {
  const missing = new Map<string, string>()
  const resolve = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((item, i) => resolve(item, [...path, i]))
    if (isMapping(value)) {
      const entries = Object.entries(value).map(
        ([key, item]) => [key, resolve(item, [...path, key])] as const,
      )
      return Object.fromEntries(entries.filter(([, item]) => item !== undefined))
    }
    const name = typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined
    if (name === undefined) return value ?? undefined
    const found = lookup(name)
    if (found === undefined) missing.set(formatPath(path), name)
    return found
  }
  return { value: resolve(root, []), missing }
}

/** Every variable that this config may ask for, so that a development server can pass them on. */
export function environmentNames(yamlText: string): string[] {
  const names = new Set(['LITELLM_MASTER_KEY'])
  const document = parseDocument(yamlText, { prettyErrors: false, merge: true })
  visit(document, {
    Scalar(_, { value }) {
      if (typeof value !== 'string') return
      const name = REFERENCE.exec(value)?.[1]
      const provider = name === undefined ? findProvider(value.split('/')[0] ?? '') : null
      const asked = [name, provider?.apiKeyName, ...(provider?.addressNames ?? [])]
      for (const each of asked) if (each) names.add(each)
    },
  })
  return [...names].toSorted()
}
