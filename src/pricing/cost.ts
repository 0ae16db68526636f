import type { Pico } from '../money.ts'
import type { Usage } from '../upstream/usage.ts'
import { type Price, type Rates, ratesFor } from './rates.ts'

/** What one call cost, and of what. The parts that are not 0 sum to the total. */
export interface Cost {
  readonly totalPico: Pico
  readonly parts: Readonly<Partial<Record<Part, Pico>>>
}

export type Part =
  | 'input'
  | 'cache_read'
  | 'cache_write'
  | 'cache_write_1h'
  | 'input_audio'
  | 'input_image'
  | 'output'
  | 'reasoning'
  | 'citations'
  | 'output_audio'
  | 'output_image'
  | 'requests'
  | 'web_searches'
  | 'file_searches'
  | 'queries'
  | 'pages'
  | 'images'
  | 'characters'
  | 'audio'

/** What is not reported counts as none. */
export interface Metered extends Partial<Usage>, Beside {
  readonly inputTokens: number
  readonly outputTokens: number
}

/** What no usage reports, and a request or an answer's content may tell. */
interface Beside {
  readonly fileSearches?: number
  readonly images?: number
  readonly characters?: number
}

const HOUR_MS = 3_600_000n

/**
 * Tokens are charged once each, at the rate of the part that they belong to; a part without a rate is
 * charged as the whole that it is a part of (cached at the input's, reasoning at the output's).
 * Rates, tiers and times as `@pydantic/genai-prices` has them; whole picodollars, rounded half up.
 */
export function costOf(price: Price, usage: Metered, atMs: number): Cost {
  const { inputTokens, serviceTier = null } = usage
  const rates = ratesFor(price, { atMs, inputTokens, serviceTier })
  const sum = new Sum()
  addInput(sum, rates, usage)
  addOutput(sum, rates, usage)
  sum.add('citations', usage.citationTokens, rates.citation ?? 0n)
  sum.add('requests', 1, rates.request ?? 0n)
  sum.add('web_searches', usage.webSearches, rates.webSearch ?? 0n)
  sum.add('file_searches', usage.fileSearches, rates.fileSearch ?? 0n)
  sum.add('queries', usage.queries, rates.query ?? 0n)
  sum.add('pages', usage.pages, rates.page ?? 0n)
  sum.add('images', usage.images, rates.image ?? 0n)
  sum.add('characters', usage.characters, rates.character ?? 0n)
  if (usage.audioMs && rates.audioHour) {
    const audioMs = BigInt(Math.max(usage.audioMs, price.minAudioMs))
    sum.put('audio', (audioMs * rates.audioHour + HOUR_MS / 2n) / HOUR_MS)
  }
  return { totalPico: sum.totalPico, parts: sum.parts }
}

function addInput(sum: Sum, rates: Rates, usage: Metered): void {
  const { input = 0n } = rates
  const tokens = inputParts(usage)
  const cacheRead = rates.cacheRead ?? input
  const cacheWrite = rates.cacheWrite ?? input
  const audio = rates.inputAudio ?? input
  const image = rates.inputImage ?? input
  sum.add('input', tokens.text, input)
  sum.add('cache_read', tokens.cacheRead, cacheRead)
  sum.add('cache_read', tokens.cacheReadAudio, rates.cacheReadAudio ?? rates.cacheRead ?? audio)
  sum.add('cache_read', tokens.cacheReadImage, rates.cacheReadImage ?? rates.cacheRead ?? image)
  sum.add('cache_write', tokens.cacheWrite, cacheWrite)
  sum.add('cache_write_1h', tokens.cacheWrite1h, rates.cacheWrite1h ?? cacheWrite)
  sum.add('input_audio', tokens.audio, audio)
  sum.add('input_image', tokens.image, image)
}

function addOutput(sum: Sum, rates: Rates, usage: Metered): void {
  const { output = 0n } = rates
  const tokens = outputParts(usage)
  sum.add('output', tokens.text, output)
  sum.add('reasoning', tokens.reasoning, rates.reasoning ?? output)
  sum.add('output_audio', tokens.audio, rates.outputAudio ?? output)
  sum.add('output_image', tokens.image, rates.outputImage ?? output)
}

/** Disjoint parts of the input, which sum to it. A subset that would pass its whole is cut. */
export function inputParts(usage: Metered) {
  let left = usage.inputTokens
  const take = (count: number): number => {
    const taken = Math.min(count, left)
    left -= taken
    return taken
  }
  const { cacheReadTokens = 0, cacheWriteTokens = 0, cacheWrite1hTokens = 0 } = usage
  const { inputAudioTokens = 0, inputImageTokens = 0 } = usage
  const { cacheReadAudioTokens = 0, cacheReadImageTokens = 0 } = usage
  const cacheReadAudio = take(Math.min(cacheReadAudioTokens, cacheReadTokens))
  const cacheReadImage = take(Math.min(cacheReadImageTokens, cacheReadTokens - cacheReadAudio))
  const cacheRead = take(cacheReadTokens - cacheReadAudio - cacheReadImage)
  const cacheWrite1h = take(Math.min(cacheWrite1hTokens, cacheWriteTokens))
  const cacheWrite = take(cacheWriteTokens - cacheWrite1h)
  const audio = take(Math.max(0, inputAudioTokens - cacheReadAudio))
  const image = take(Math.max(0, inputImageTokens - cacheReadImage))
  const cached = { cacheRead, cacheReadAudio, cacheReadImage, cacheWrite, cacheWrite1h }
  return { text: left, ...cached, audio, image }
}

/** Disjoint parts of the output, which sum to it. */
export function outputParts(usage: Metered) {
  const { outputTokens, reasoningTokens = 0, outputAudioTokens = 0, outputImageTokens = 0 } = usage
  const audio = Math.min(outputAudioTokens, outputTokens)
  const image = Math.min(outputImageTokens, outputTokens - audio)
  const reasoning = Math.min(reasoningTokens, outputTokens - audio - image)
  return { text: outputTokens - audio - image - reasoning, reasoning, audio, image }
}

class Sum {
  totalPico: Pico = 0n
  readonly parts: Partial<Record<Part, Pico>> = {}

  add(part: Part, count: number | undefined, ratePico: Pico): void {
    if (count && ratePico) this.put(part, BigInt(count) * ratePico)
  }

  put(part: Part, pico: Pico): void {
    this.parts[part] = (this.parts[part] ?? 0n) + pico
    this.totalPico += pico
  }
}
