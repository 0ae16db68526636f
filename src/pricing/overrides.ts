import type { Pico } from '../money.ts'
import type { Period, Price, RateName, Rates, Tariff, Tier } from './rates.ts'

/** Prices of a row in `config.yaml`, by LiteLLM's names. */
export interface Overrides extends Tariff {
  readonly serviceTiers: Readonly<Record<string, Tariff>>
}

/** LiteLLM's field → the rate, and how many of its units that rate is for. */
const FIELDS: Readonly<Record<string, readonly [RateName, bigint?]>> = {
  input_cost_per_token: ['input'],
  cache_read_input_token_cost: ['cacheRead'],
  cache_creation_input_token_cost: ['cacheWrite'],
  cache_creation_input_token_cost_above_1hr: ['cacheWrite1h'],
  input_cost_per_audio_token: ['inputAudio'],
  cache_read_input_audio_token_cost: ['cacheReadAudio'],
  input_cost_per_image_token: ['inputImage'],
  cache_read_input_image_token_cost: ['cacheReadImage'],
  input_cost_per_video_token: ['inputVideo'],
  output_cost_per_token: ['output'],
  output_cost_per_reasoning_token: ['reasoning'],
  citation_cost_per_token: ['citation'],
  output_cost_per_audio_token: ['outputAudio'],
  output_cost_per_image_token: ['outputImage'],
  input_cost_per_request: ['request'],
  input_cost_per_query: ['query'],
  ocr_cost_per_page: ['page'],
  input_cost_per_image: ['image'],
  output_cost_per_image: ['image'],
  input_cost_per_character: ['character'],
  input_cost_per_audio_per_second: ['audioHour', 3_600n],
  input_cost_per_second: ['audioHour', 3_600n],
}

const PRICE_FIELD = /^(.+?)(?:_above_(\d{1,6})k_tokens)?(?:_(flex|priority))?$/

interface Named {
  readonly name: RateName
  readonly units: bigint
  readonly aboveTokens: number | null
  readonly serviceTier: string | null
}

function readName(field: string): Named | null {
  const [, base = '', above, serviceTier = null] = PRICE_FIELD.exec(field) ?? []
  const known = Object.hasOwn(FIELDS, base) ? FIELDS[base] : undefined
  if (!known) return null
  const aboveTokens = above === undefined ? null : Number(above) * 1_000
  return { name: known[0], units: known[1] ?? 1n, aboveTokens, serviceTier }
}

/** Whether a field of a row is a price that is charged. */
export function isPriceField(field: string): boolean {
  return readName(field) !== null
}

/**
 * Fields of a row → what they replace; null if there are none. Values are picodollars per unit.
 * xAI bills its higher rates from the threshold on, all others above it.
 */
export function readOverrides(
  fields: Readonly<Record<string, Pico>>,
  { thresholdInclusive }: { readonly thresholdInclusive: boolean },
): Overrides | null {
  const tariffs = new Map<
    string | null,
    { rates: MutableRates; tiers: Map<number, MutableRates> }
  >()
  for (const [field, pico] of Object.entries(fields)) {
    const named = readName(field)
    if (!named) continue
    const { name, units, aboveTokens, serviceTier } = named
    const tariff = tariffs.get(serviceTier) ?? { rates: {}, tiers: new Map() }
    tariffs.set(serviceTier, tariff)
    const above = aboveTokens === null ? null : aboveTokens - (thresholdInclusive ? 1 : 0)
    const rates = above === null ? tariff.rates : (tariff.tiers.get(above) ?? {})
    if (above !== null) tariff.tiers.set(above, rates)
    rates[name] = pico * units
  }
  if (tariffs.size === 0) return null
  const made = [...tariffs].map(
    ([tier, { rates, tiers }]) => [tier, { rates, tiers: ascending(tiers) }] as const,
  )
  const base = made.find(([tier]) => tier === null)?.[1] ?? { rates: {}, tiers: [] }
  const services = made.flatMap(([tier, tariff]) =>
    tier === null ? [] : [[tier, tariff] as const],
  )
  return { ...base, serviceTiers: Object.fromEntries(services) }
}

type MutableRates = Partial<Record<RateName, Pico>>

function ascending(tiers: ReadonlyMap<number, Rates>): Tier[] {
  return [...tiers]
    .map(([above, rates]) => ({ above, rates }))
    .toSorted((a, b) => a.above - b.above)
}

const INPUT_SIDE: readonly RateName[] = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'inputAudio',
  'cacheReadAudio',
  'inputImage',
  'cacheReadImage',
  'inputVideo',
]
const OUTPUT_SIDE: readonly RateName[] = [
  'output',
  'reasoning',
  'citation',
  'outputAudio',
  'outputImage',
]

/**
 * What a row says over what is inherited. Who sets the price of input says all about the input: the
 * inherited prices of its parts and its lengths go with it. Likewise for output.
 */
export function override(base: Price, over: Overrides): Price {
  const gone = new Set<string>([
    ...(over.rates.input === undefined ? [] : INPUT_SIDE),
    ...(over.rates.output === undefined ? [] : OUTPUT_SIDE),
  ])
  const merge = (tariff: Tariff, own: Tariff): Tariff => {
    const inherited = tariff.tiers.map((tier) => ({ ...tier, rates: without(tier.rates, gone) }))
    return {
      rates: { ...without(tariff.rates, gone), ...own.rates },
      tiers: mergeTiers(inherited, own.tiers),
    }
  }
  const [first, ...others] = base.periods.map((period): Period => ({
    ...period,
    ...merge(period, over),
  }))
  const names = new Set([...Object.keys(base.serviceTiers), ...Object.keys(over.serviceTiers)])
  const none = { rates: {}, tiers: [] }
  const services = [...names].map((name) => {
    return [name, merge(base.serviceTiers[name] ?? none, over.serviceTiers[name] ?? none)] as const
  })
  return {
    ...base,
    source: 'config',
    periods: [first ?? { fromMs: null, hours: null, ...over }, ...others],
    serviceTiers: Object.fromEntries(services),
  }
}

function without(rates: Rates, gone: ReadonlySet<string>): Rates {
  if (gone.size === 0) return rates
  return Object.fromEntries(Object.entries(rates).filter(([name]) => !gone.has(name)))
}

function mergeTiers(inherited: readonly Tier[], own: readonly Tier[]): Tier[] {
  const byEdge = new Map<number, Rates>()
  for (const { above, rates } of [...inherited, ...own]) {
    if (Object.keys(rates).length > 0) byEdge.set(above, { ...byEdge.get(above), ...rates })
  }
  return ascending(byEdge)
}
