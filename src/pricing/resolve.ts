import { findListed, priceOfListed, spellings } from './catalog.ts'
import { listPrice, serviceTiersOf } from './list-prices.ts'
import { override, type Overrides } from './overrides.ts'
import { flat, FREE, type Price } from './rates.ts'

/** What decides the price of a row of `model_list`. */
export interface PriceRules {
  readonly provider: string
  /** LiteLLM's `base_model`: what a deployment with a name of its own really is. */
  readonly baseModel: string | null
  readonly overrides: Overrides | null
  /** Runs on the operator's own machines, and costs nothing unless a price is set. */
  readonly local: boolean
}

/** LiteLLM's provider prefix → the catalog's provider. Others have the same name in both. */
const CATALOG_IDS: Readonly<Record<string, string>> = {
  'text-completion-openai': 'openai',
  custom_openai: 'openai',
  azure_ai: 'azure',
  azure_text: 'azure',
  gemini: 'google',
  vertex_ai: 'google',
  bedrock: 'aws',
  xai: 'x-ai',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  moonshot: 'moonshotai',
  cohere_chat: 'cohere',
  voyage: 'voyageai',
}

/** No wildcard row is called by more names than this without looking them up again. */
const CACHE_MAX = 1_000
const found = new Map<string, Price | null>()

/**
 * The price of a row's model; null: nobody knows it. What the row says itself comes first, then the
 * catalog, then list prices that the catalog leaves out.
 */
export function priceOfRow(rules: PriceRules, model: string): Price | null {
  const { provider, baseModel, overrides, local } = rules
  const base = local ? FREE : lookUp(provider, baseModel ?? model)
  return overrides ? override(base ?? flat('config', { input: 0n, output: 0n }), overrides) : base
}

/** A provider's model by its name, without regard to any row. */
export function lookUp(provider: string, name: string): Price | null {
  const key = `${provider}/${name}`
  const known = found.get(key)
  if (known !== undefined) return known
  if (found.size >= CACHE_MAX) found.clear()
  const price = find(provider, name)
  found.set(key, price)
  return price
}

function find(provider: string, name: string): Price | null {
  const slash = name.indexOf('/')
  const direct = findAt(catalogId(provider), name)
  if (direct || slash <= 0) return direct
  // base_model may name its provider, as LiteLLM's price map does.
  return findAt(catalogId(name.slice(0, slash)), name.slice(slash + 1))
}

const catalogId = (provider: string) =>
  Object.hasOwn(CATALOG_IDS, provider) ? CATALOG_IDS[provider]! : provider

function findAt(providerId: string, name: string): Price | null {
  const listed = findListed(providerId, name)
  if (!listed) return listPrice(providerId, spellings(name))
  const price = priceOfListed(listed)
  const [period] = price.periods
  return { ...price, serviceTiers: serviceTiersOf(providerId, listed.model.id, period) }
}
