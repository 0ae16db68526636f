import {
  type ModelInfo,
  type ModelPrice,
  type Provider,
  waitForUpdate,
} from '@pydantic/genai-prices'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parsePico } from '../src/money.ts'
import type { CatalogModel, CatalogPeriod, CatalogRates } from '../src/pricing/catalog.ts'
import type { RateName } from '../src/pricing/rates.ts'

export const CATALOG_FILE = fileURLToPath(new URL('../src/pricing/catalog.json', import.meta.url))

type Unit = 'million' | 'thousand' | 'hour'
const DIVISORS: Readonly<Record<Unit, bigint>> = { million: 1_000_000n, thousand: 1_000n, hour: 1n }

/** The package's price keys → our rates. */
const RATES: Readonly<Record<string, readonly [RateName, Unit]>> = {
  input_mtok: ['input', 'million'],
  cache_read_mtok: ['cacheRead', 'million'],
  cache_write_mtok: ['cacheWrite', 'million'],
  cache_write_1h_mtok: ['cacheWrite1h', 'million'],
  input_audio_mtok: ['inputAudio', 'million'],
  cache_audio_read_mtok: ['cacheReadAudio', 'million'],
  input_image_mtok: ['inputImage', 'million'],
  cache_image_read_mtok: ['cacheReadImage', 'million'],
  input_video_mtok: ['inputVideo', 'million'],
  output_mtok: ['output', 'million'],
  output_reasoning_mtok: ['reasoning', 'million'],
  output_citation_mtok: ['citation', 'million'],
  output_audio_mtok: ['outputAudio', 'million'],
  output_image_mtok: ['outputImage', 'million'],
  requests_kcount: ['request', 'thousand'],
  web_searches_kcount: ['webSearch', 'thousand'],
  storage_searches_kcount: ['fileSearch', 'thousand'],
  input_document_kpages: ['page', 'thousand'],
  audio_hours: ['audioHour', 'hour'],
  input_audio_hours: ['audioHour', 'hour'],
}

/** Units that no usage of the calls that are relayed reports. */
const UNMETERED = new Set([
  'output_video_mtok',
  'input_annotated_document_kpages',
  'input_text_messages_kcount',
])

/** What has no prices and costs nothing; others have none because nobody listed them. */
const FREE = /:free$|^moderation$|^gemma-|-exp(?:-|$)/

/** The list price says "more than 272K" of these as of all others; the package begins one early. */
const ONE_EARLY = 271_999

/** The locked package's prices in whole picodollars, a model on each line. */
export async function compileCatalog(): Promise<string> {
  const providers = await waitForUpdate()
  if (!providers) throw new Error('@pydantic/genai-prices has no data')
  const lines = providers.map(compileProvider)
  return `{"source":${JSON.stringify(sourceOf())},"providers":[\n${lines.join(',\n')}\n]}\n`
}

function sourceOf(): string {
  const file = new URL('../node_modules/@pydantic/genai-prices/package.json', import.meta.url)
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
  return `${name} ${version}`
}

function compileProvider(provider: Provider): string {
  const { id, provider_match: match, fallback_model_providers: fallback } = provider
  const head = JSON.stringify({ id, match, fallback })
  const models = provider.models.flatMap((model) => {
    const compiled = compileModel(model)
    return compiled ? [JSON.stringify(compiled)] : []
  })
  return `${head.slice(0, -1)},"models":[\n${models.join(',\n')}\n]}`
}

/** Null: nothing of it can be charged by what answers report. */
function compileModel({
  id,
  match,
  context_window: window,
  prices,
}: ModelInfo): CatalogModel | null {
  const dated = Array.isArray(prices) ? prices : [{ prices }]
  const periods = dated.map((price): CatalogPeriod => {
    const constraint = 'constraint' in price ? price.constraint : undefined
    const tariff = compileTariff(price.prices)
    if (!constraint) return tariff
    if (constraint.type === 'start_date') return { from: constraint.start_date, ...tariff }
    return { hours: [constraint.start_time, constraint.end_time], ...tariff }
  })
  const isPriced = dated.some((price) => Object.keys(price.prices).length > 0)
  if (!isPriced && !FREE.test(id)) return null
  if (isPriced && periods.every(({ rates }) => Object.keys(rates).length === 0)) return null
  return { id, match, ...(window !== undefined && { window }), periods }
}

function compileTariff(price: ModelPrice): Pick<CatalogPeriod, 'rates' | 'tiers'> {
  const rates: CatalogRates = {}
  const tiers = new Map<number, CatalogRates>()
  for (const [key, value] of Object.entries(price)) {
    if (value === undefined || UNMETERED.has(key)) continue
    const [name, unit] = RATES[key] ?? fail(key)
    if (typeof value === 'number') rates[name] = picoPer(value, unit)
    else {
      rates[name] = picoPer(value.base, unit)
      for (const tier of value.tiers) {
        const above = tier.start === ONE_EARLY ? ONE_EARLY + 1 : tier.start
        tiers.set(above, { ...tiers.get(above), [name]: picoPer(tier.price, unit) })
      }
    }
  }
  if (tiers.size === 0) return { rates }
  const ascending = [...tiers].toSorted(([a], [b]) => a - b)
  return { rates, tiers: ascending.map(([above, changed]) => ({ above, rates: changed })) }
}

function fail(key: string): never {
  throw new Error(`the price key "${key}" is new: say in dev/prices.ts what it is charged for`)
}

/** A number's shortest decimal is what was typed, so this is exact; noise is rounded away. */
function picoPer(usd: number, unit: Unit): number {
  const divisor = DIVISORS[unit]
  return Number((parsePico(usd) + divisor / 2n) / divisor)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(CATALOG_FILE, await compileCatalog())
}
