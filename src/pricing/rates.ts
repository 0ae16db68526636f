import type { Pico } from '../money.ts'

/**
 * What is billed, and in picodollars per which unit. Tokens unless the name says otherwise; hours are
 * kept as hours, because a second of most list prices has no end in decimals.
 */
export const RATE_NAMES = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'inputAudio',
  'cacheReadAudio',
  'inputImage',
  'cacheReadImage',
  'inputVideo',
  'output',
  'reasoning',
  'citation',
  'outputAudio',
  'outputImage',
  'request',
  'webSearch',
  'fileSearch',
  'query',
  'page',
  'image',
  'character',
  'audioHour',
] as const

export type RateName = (typeof RATE_NAMES)[number]

/** A rate that is missing is charged as the one that it is a part of: see `cost.ts`. */
export type Rates = Readonly<Partial<Record<RateName, Pico>>>

/** The whole request is charged at the last tier that its input passes. */
export interface Tier {
  /** In force for more input tokens than this, cached ones included. */
  readonly above: number
  readonly rates: Rates
}

export interface Tariff {
  readonly rates: Rates
  /** Ascending; each replaces the rates that it names. */
  readonly tiers: readonly Tier[]
}

export interface Period extends Tariff {
  /** From this instant on; null: always. */
  readonly fromMs: number | null
  /** Every day between these, in milliseconds since midnight UTC; null: the whole day. */
  readonly hours: readonly [fromMs: number, toMs: number] | null
}

export type PriceSource = 'config' | 'file' | 'catalog' | 'list' | 'local' | 'unknown'

export interface Price {
  readonly source: PriceSource
  /** The last one that applies is in force; the first one if none does. */
  readonly periods: readonly [Period, ...Period[]]
  /** `flex`, `priority`: what replaces the rates of the period. */
  readonly serviceTiers: Readonly<Record<string, Tariff>>
  /** The model's window; null: nobody knows. */
  readonly maxInputTokens: number | null
  /** No transcription is billed for less than this. */
  readonly minAudioMs: number
}

/** A price that is the same at any time and for any length. */
export function flat(source: PriceSource, rates: Rates): Price {
  const period = { fromMs: null, hours: null, rates, tiers: [] }
  return { source, periods: [period], serviceTiers: {}, maxInputTokens: null, minAudioMs: 0 }
}

export const FREE = flat('local', { input: 0n, output: 0n })

/** Nobody knows what it costs, and nobody who calls it has a budget. */
export const UNPRICED = flat('unknown', { input: 0n, output: 0n })

const DAY_MS = 86_400_000

function applies({ fromMs, hours }: Period, atMs: number): boolean {
  if (fromMs !== null && atMs < fromMs) return false
  if (!hours) return true
  const [from, to] = hours
  const time = ((atMs % DAY_MS) + DAY_MS) % DAY_MS
  return to < from ? time >= from || time < to : time >= from && time < to
}

/** What is in force at an instant. */
export function periodAt({ periods }: Price, atMs: number): Period {
  return periods.findLast((period) => applies(period, atMs)) ?? periods[0]
}

/** All that may be in force within a day of an instant: a hold is made at the dearest of them. */
export function periodsOfDay({ periods }: Price, atMs: number): readonly Period[] {
  const begun = periods.filter(({ fromMs }) => fromMs === null || fromMs <= atMs + DAY_MS)
  const last = begun.findLastIndex(({ fromMs, hours }) => {
    return hours === null && (fromMs === null || fromMs <= atMs)
  })
  return begun.length === 0 ? [periods[0]] : begun.slice(Math.max(0, last))
}

export interface Asked {
  readonly atMs: number
  readonly inputTokens: number
  /** As the provider named it in its answer; null: the ordinary one. */
  readonly serviceTier: string | null
}

/** The rates that one request is charged at. */
export function ratesFor(price: Price, { atMs, inputTokens, serviceTier }: Asked): Rates {
  const rates = atLength(periodAt(price, atMs), inputTokens)
  const service = serviceTier === null ? undefined : tariffOf(price, serviceTier)
  return service ? { ...rates, ...atLength(service, inputTokens) } : rates
}

/** `fast` is what Anthropic's and LiteLLM's clients call priority. */
export function tariffOf({ serviceTiers }: Price, name: string): Tariff | undefined {
  const known = name === 'fast' ? 'priority' : name
  return Object.hasOwn(serviceTiers, known) ? serviceTiers[known] : undefined
}

function atLength({ rates, tiers }: Tariff, inputTokens: number): Rates {
  if (tiers.length === 0 || inputTokens <= tiers[0]!.above) return rates
  const passed = tiers.filter(({ above }) => inputTokens > above)
  return Object.assign({}, rates, ...passed.map((tier) => tier.rates))
}

/** Every set of rates that a request of at most so many input tokens may be charged at. */
export function reachable(price: Price, { atMs, inputTokens, serviceTier }: Asked): Rates[] {
  const service = serviceTier === null ? undefined : tariffOf(price, serviceTier)
  return periodsOfDay(price, atMs).flatMap((period) => {
    const base = lengthsOf(period, inputTokens)
    if (!service) return base
    const services = lengthsOf(service, inputTokens)
    return base.flatMap((rates) => [rates, ...services.map((own) => ({ ...rates, ...own }))])
  })
}

function lengthsOf(tariff: Tariff, inputTokens: number): Rates[] {
  const edges = tariff.tiers.map(({ above }) => above + 1).filter((edge) => edge <= inputTokens)
  return [0, ...edges].map((length) => atLength(tariff, length))
}
