import catalogJson from './catalog.json' with { type: 'json' }
import { flat, type Period, type Price, type RateName, type Rates } from './rates.ts'

/** `catalog.json`, made by `npm run prices`: rates in whole picodollars. */
export interface Catalog {
  /** Package and version. */
  readonly source: string
  readonly providers: readonly CatalogProvider[]
}

export interface CatalogProvider {
  readonly id: string
  readonly match?: Match | undefined
  /** Providers whose prices hold where this one lists none of its own. */
  readonly fallback?: readonly string[] | undefined
  readonly models: readonly CatalogModel[]
}

export interface CatalogModel {
  readonly id: string
  readonly match: Match
  readonly window?: number
  readonly periods: readonly CatalogPeriod[]
}

export interface CatalogPeriod {
  /** A UTC date. */
  readonly from?: string
  /** UTC times of the day. */
  readonly hours?: readonly [string, string]
  readonly rates: CatalogRates
  readonly tiers?: readonly { readonly above: number; readonly rates: CatalogRates }[]
}

export type CatalogRates = Partial<Record<RateName, number>>

export type Match =
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }
  | { readonly or: readonly Match[] }
  | { readonly and: readonly Match[] }

// Ours, and held by a test; its literal type would take the compiler seconds.
const CATALOG = catalogJson as unknown as Catalog

export const CATALOG_SOURCE = CATALOG.source

export interface Listed {
  readonly provider: CatalogProvider
  readonly model: CatalogModel
}

/** A provider's model by the name it is called with; null if the catalog does not list it. */
export function findListed(providerId: string, name: string, catalog = CATALOG): Listed | null {
  const provider = findProvider(catalog, providerId)
  if (!provider) return null
  for (const spelling of spellings(name)) {
    const found = findModel(catalog, provider, spelling)
    if (found) return found
  }
  return null
}

function findProvider({ providers }: Catalog, name: string): CatalogProvider | undefined {
  const id = name.toLowerCase()
  return (
    providers.find((provider) => provider.id === id) ??
    providers.find(({ match }) => match !== undefined && matches(match, id))
  )
}

function findModel(catalog: Catalog, provider: CatalogProvider, name: string): Listed | null {
  const model = provider.models.find(({ match }) => matches(match, name))
  if (model) return { provider, model }
  for (const id of provider.fallback ?? []) {
    const other = catalog.providers.find((candidate) => candidate.id === id)
    const found = other && findModel(catalog, other, name)
    if (found) return found
  }
  return null
}

/**
 * A name as it is, then without what places, versions and dates add to it: `models/…`,
 * `accounts/fireworks/models/…`, Bedrock's `eu.…-v1:0`, Vertex's `…@20250929`, `…-2024-08-06`.
 */
export function spellings(name: string): readonly string[] {
  const lower = name.trim().toLowerCase()
  const bare = lower
    .replace(/^(?:models\/|accounts\/fireworks\/models\/)/, '')
    .replace(/^(?:us|eu|apac|global|us-gov|jp|au)\.(?=[a-z]+\.)/, '')
  const unversioned = bare.replace(/@(?:\d{8}|latest|default)$/, '').replace(/-v\d+(?::\d+)?$/, '')
  const undated = unversioned.replace(/-(?:20\d{6}|20\d\d-\d\d-\d\d)$/, '')
  const all = [lower, dashed(lower), bare, dashed(bare), unversioned, dashed(unversioned), undated]
  return [...new Set(all)]
}

/** `-20250929` → `-2025-09-29`, as half of the lists write it. */
function dashed(name: string): string {
  return name.replace(/-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g, '-$1-$2-$3')
}

const regexes = new Map<string, RegExp>()

/** Case does not matter; `name` is in lower case already. */
function matches(match: Match, name: string): boolean {
  if ('equals' in match) return name === match.equals.toLowerCase()
  if ('or' in match) return match.or.some((one) => matches(one, name))
  if ('and' in match) return match.and.every((one) => matches(one, name))
  if ('starts_with' in match) return name.startsWith(match.starts_with.toLowerCase())
  if ('ends_with' in match) return name.endsWith(match.ends_with.toLowerCase())
  if ('contains' in match) return name.includes(match.contains.toLowerCase())
  const regex = regexes.get(match.regex) ?? new RegExp(match.regex)
  regexes.set(match.regex, regex)
  return regex.test(name)
}

/** Groq bills no transcription for less. */
const GROQ_MIN_AUDIO_MS = 10_000

/** A model's price as the catalog has it. */
export function priceOfListed({ provider, model }: Listed): Price {
  const [first, ...others] = model.periods.map(periodOf)
  return {
    ...flat('catalog', {}),
    periods: [first ?? { fromMs: null, hours: null, rates: {}, tiers: [] }, ...others],
    maxInputTokens: model.window ?? null,
    minAudioMs: provider.id === 'groq' ? GROQ_MIN_AUDIO_MS : 0,
  }
}

function periodOf({ from, hours, rates, tiers = [] }: CatalogPeriod): Period {
  return {
    fromMs: from === undefined ? null : Date.parse(`${from}T00:00:00Z`),
    hours: hours ? [timeOfDay(hours[0]), timeOfDay(hours[1])] : null,
    rates: ratesOf(rates),
    tiers: tiers.map((tier) => ({ above: tier.above, rates: ratesOf(tier.rates) })),
  }
}

function ratesOf(rates: CatalogRates): Rates {
  return Object.fromEntries(Object.entries(rates).map(([name, pico]) => [name, BigInt(pico)]))
}

/** `06:00:00Z` → milliseconds since midnight UTC. */
function timeOfDay(time: string): number {
  return Date.parse(`1970-01-01T${time.endsWith('Z') ? time : `${time}Z`}`)
}
