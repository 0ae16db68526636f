import type { FileEntry, PriceFile } from './file/price-file.ts'
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

/** The operator's file, if there is one; `edition` counts how often it changed. */
let fileInForce: PriceFile | null = null
let edition = 0

/** From now on these prices go before the catalog's, in this isolate. */
export function usePriceFile(file: PriceFile | null): void {
  fileInForce = file
  edition++
  found.clear()
}

/** No wildcard row is called by more names than this without looking them up again. */
const CACHE_MAX = 1_000
const found = new Map<string, Price | null>()

/**
 * The price of a row's model; null: nobody knows it. What the row says itself comes first, then the
 * operator's price file, then the catalog, then list prices that the catalog leaves out.
 */
export function priceOfRow(rules: PriceRules, model: string): Price | null {
  const { provider, baseModel, overrides, local } = rules
  const base = local ? FREE : lookUp(provider, baseModel ?? model)
  return overrides ? override(base ?? flat('config', { input: 0n, output: 0n }), overrides) : base
}

/** The same, as it is at each moment: a file may change it. */
export function priceTag(rules: PriceRules, model: string): () => Price | null {
  let known: Price | null = null
  let ofEdition = -1
  return () => {
    if (ofEdition === edition) return known
    ofEdition = edition
    return (known = priceOfRow(rules, model))
  }
}

/** A provider's model by its name, without regard to any row. */
export function lookUp(provider: string, name: string): Price | null {
  const key = `${provider}/${name}`
  const known = found.get(key)
  if (known !== undefined) return known
  if (found.size >= CACHE_MAX) found.clear()
  const price = priceWith(fileInForce, provider, name)
  found.set(key, price)
  return price
}

/** The same, if that file were in force. */
export function priceWith(file: PriceFile | null, provider: string, name: string): Price | null {
  const listed = find(provider, name)
  const entry = file && entryIn(file, provider, name)
  if (!entry) return listed
  const base = listed ?? flat('file', { input: 0n, output: 0n })
  const maxInputTokens = entry.maxInputTokens ?? base.maxInputTokens
  return { ...override(base, entry.overrides), source: 'file', maxInputTokens }
}

function entryIn(file: PriceFile, provider: string, name: string): FileEntry | null {
  for (const spelling of spellings(name)) {
    const entry = file.get(`${provider}/${spelling}`)
    if (entry) return entry
    const named = file.get(spelling)
    if (named && isOf(named, provider)) return named
  }
  return null
}

/** LiteLLM tells Bedrock's two APIs apart. */
const isOf = (entry: FileEntry, provider: string) =>
  entry.provider !== null &&
  catalogId(entry.provider.replace(/_converse$/, '')) === catalogId(provider)

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
