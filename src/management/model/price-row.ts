import { formatPico, picoToUsd } from '../../money.ts'
import { CATALOG_SOURCE } from '../../pricing/catalog.ts'
import {
  periodAt,
  type Price,
  type RateName,
  type Rates,
  type Tariff,
} from '../../pricing/rates.ts'

/** Rates by LiteLLM's names, USD per unit. */
const NAMES: Readonly<Partial<Record<RateName, string>>> = {
  input: 'input_cost_per_token',
  cacheRead: 'cache_read_input_token_cost',
  cacheWrite: 'cache_creation_input_token_cost',
  cacheWrite1h: 'cache_creation_input_token_cost_above_1hr',
  inputAudio: 'input_cost_per_audio_token',
  cacheReadAudio: 'cache_read_input_audio_token_cost',
  inputImage: 'input_cost_per_image_token',
  cacheReadImage: 'cache_read_input_image_token_cost',
  inputVideo: 'input_cost_per_video_token',
  output: 'output_cost_per_token',
  reasoning: 'output_cost_per_reasoning_token',
  citation: 'citation_cost_per_token',
  outputAudio: 'output_cost_per_audio_token',
  outputImage: 'output_cost_per_image_token',
  request: 'input_cost_per_request',
  webSearch: 'web_search_cost_per_query',
  fileSearch: 'file_search_cost_per_query',
  query: 'input_cost_per_query',
  page: 'ocr_cost_per_page',
  image: 'output_cost_per_image',
  character: 'input_cost_per_character',
}

export interface PriceRow {
  readonly input_cost_per_token: number | null
  readonly output_cost_per_token: number | null
  readonly [field: string]: number | null
}

/** The price that is in force, as LiteLLM's `model_info` has it. */
export function priceRow(price: Price | null, nowMs: number): PriceRow {
  if (!price) return { input_cost_per_token: null, output_cost_per_token: null }
  const services = Object.entries(price.serviceTiers)
  return {
    input_cost_per_token: 0,
    output_cost_per_token: 0,
    ...tariffRow(periodAt(price, nowMs), ''),
    ...Object.assign({}, ...services.map(([name, tariff]) => tariffRow(tariff, `_${name}`))),
  }
}

/** Where the price comes from: the row, the catalog's version, a provider's list. */
export function sourceOf(price: Price | null): string | null {
  return price?.source === 'catalog' ? CATALOG_SOURCE : (price?.source ?? null)
}

function tariffRow({ rates, tiers }: Tariff, suffix: string): Record<string, number> {
  const above = tiers.map((tier) => {
    // xAI's begin at the threshold, which is the token above 199,999.
    const thousands = Math.ceil(tier.above / 1_000)
    return ratesRow(tier.rates, `_above_${thousands}k_tokens${suffix}`)
  })
  return Object.assign(ratesRow(rates, suffix), ...above) as Record<string, number>
}

function ratesRow(rates: Rates, suffix: string): Record<string, number> {
  const row: Record<string, number> = {}
  for (const [rate, name] of Object.entries(NAMES)) {
    const pico = rates[rate as RateName]
    if (pico !== undefined) row[name + suffix] = picoToUsd(pico)
  }
  if (rates.audioHour !== undefined) {
    row[`input_cost_per_second${suffix}`] = Number(formatPico(rates.audioHour)) / 3_600
  }
  return row
}
