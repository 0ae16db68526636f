import { parsePico } from '../money.ts'
import { flat, type Period, type Price, type Rates, type Tariff } from './rates.ts'

// What the catalog leaves out and users meet: OpenAI's speech, transcription, images and service
// tiers, as its list has them (https://openai.com/api/pricing and
// https://platform.openai.com/docs/pricing, read 2026-08-06; USD).

const usd = (perUnit: string) => parsePico(perUnit)
const perMillion = (amount: string) => parsePico(amount) / 1_000_000n

interface ImageModel {
  readonly text: readonly [input: string, cached: string]
  readonly image: readonly [input: string, cached: string]
  readonly output: string
}

function image({ text, image: picture, output }: ImageModel): Rates {
  return {
    input: perMillion(text[0]),
    cacheRead: perMillion(text[1]),
    inputImage: perMillion(picture[0]),
    cacheReadImage: perMillion(picture[1]),
    output: perMillion(output),
  }
}

const MODELS: Readonly<Record<string, Rates>> = {
  'tts-1': { character: usd('0.000015') },
  'tts-1-hd': { character: usd('0.00003') },
  'gpt-4o-mini-tts': {
    input: perMillion('0.6'),
    outputAudio: perMillion('12'),
    output: perMillion('12'),
  },
  // $0.006 a minute.
  'whisper-1': { audioHour: usd('0.36') },
  'gpt-image-1': image({ text: ['5', '1.25'], image: ['10', '2.5'], output: '40' }),
  'gpt-image-1-mini': image({ text: ['2', '0.2'], image: ['2.5', '0.25'], output: '8' }),
  'gpt-image-1.5': image({ text: ['5', '1.25'], image: ['8', '2'], output: '32' }),
  'gpt-image-2': image({ text: ['5', '1.25'], image: ['8', '2'], output: '30' }),
  'text-embedding-3-small': { input: perMillion('0.02') },
  'text-embedding-3-large': { input: perMillion('0.13') },
  'text-embedding-ada-002': { input: perMillion('0.1') },
  'omni-moderation-latest': { input: 0n },
}

const OPENAI = new Set(['openai', 'azure'])

/** Null: not among them. */
export function listPrice(providerId: string, spellings: readonly string[]): Price | null {
  if (!OPENAI.has(providerId)) return null
  const name = spellings.find((spelling) => Object.hasOwn(MODELS, spelling))
  const rates = name === undefined ? undefined : MODELS[name]
  return rates ? flat('list', rates) : null
}

type Factor = readonly [times: bigint, over: bigint]

const HALF: Factor = [1n, 2n]
const FLEX = /^(?:gpt-[56]|o3(?!-mini|-deep)|o4-mini)/

/** The longest name that a model's id begins with is its own. */
const PRIORITY: readonly (readonly [prefix: string, Factor | Rates])[] = [
  ['gpt-4.1-mini', tokens('0.7', '2.8', '0.175')],
  ['gpt-4.1-nano', tokens('0.2', '0.8', '0.05')],
  ['gpt-4.1', tokens('3.5', '14', '0.875')],
  ['gpt-4o-mini', tokens('0.25', '1', '0.125')],
  ['gpt-4o', tokens('4.25', '17', '2.125')],
  ['gpt-5-mini', tokens('0.45', '3.6', '0.045')],
  ['gpt-5.5', [5n, 2n]],
  ['gpt-5', [2n, 1n]],
  ['gpt-6', [2n, 1n]],
  ['o4-mini', tokens('2', '8', '0.5')],
  ['o3', tokens('3.5', '14', '0.875')],
]

function tokens(input: string, output: string, cacheRead: string): Rates {
  return {
    input: perMillion(input),
    output: perMillion(output),
    cacheRead: perMillion(cacheRead),
  }
}

/** OpenAI's flex and priority processing of a model, from its ordinary rates. */
export function serviceTiersOf(
  providerId: string,
  modelId: string,
  period: Period,
): Price['serviceTiers'] {
  if (!OPENAI.has(providerId)) return {}
  const priority = PRIORITY.find(([prefix]) => modelId.startsWith(prefix))?.[1]
  return {
    ...(FLEX.test(modelId) && { flex: scaled(period, HALF) }),
    ...(priority && { priority: isFactor(priority) ? scaled(period, priority) : own(priority) }),
  }
}

const isFactor = (value: Factor | Rates): value is Factor => Array.isArray(value)

const own = (rates: Rates): Tariff => ({ rates, tiers: [] })

function scaled({ rates, tiers }: Tariff, factor: Factor): Tariff {
  return {
    rates: scaledRates(rates, factor),
    tiers: tiers.map((tier) => ({ above: tier.above, rates: scaledRates(tier.rates, factor) })),
  }
}

/** Tools and requests cost the same in every tier: only tokens are scaled. */
function scaledRates(rates: Rates, [times, over]: Factor): Rates {
  const entries = Object.entries(rates).filter(([name]) => !/Search$|^request$/.test(name))
  return Object.fromEntries(entries.map(([name, pico]) => [name, (pico * times) / over]))
}
