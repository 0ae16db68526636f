import type { Pico } from '../money.ts'
import { costOf } from './cost.ts'
import type { MediaEstimate } from './media/media-tokens.ts'
import { type Price, type Rates, reachable } from './rates.ts'

/** What is known of a request before it is sent. Sizes are bytes of its JSON body. */
export interface RequestSize {
  readonly bodyBytes: number
  /** As a tokenizer may see it that normalises text; never less than bodyBytes. */
  readonly normalisedBytes: number
  /** Bytes of inline encodings of any kind: no text that a model reads. */
  readonly encodedBytes: number
  readonly media: MediaEstimate
  readonly toolCount: number
  /** Tools that the provider runs by itself, each time with all that was said so far. */
  readonly runsServerTools: boolean
  /** What the provider remembers is read too, and nobody here knows how much it is. */
  readonly continuesElsewhere: boolean
  /** Something is written to a cache for an hour. */
  readonly hasLongCacheTtl: boolean
  /** The one that is asked for; null: the ordinary one. */
  readonly serviceTier: string | null
  /** The output cap that is sent upstream; null: none. */
  readonly outputCap: number | null
  /** How many answers are asked for. */
  readonly answers: number
  readonly hasOutput: boolean
}

export interface Limits {
  readonly defaultOutputTokens: number
  /** The model's, as the operator says; null: not said. */
  readonly maxInputTokens: number | null
  readonly maxOutputTokens: number | null
  readonly atMs: number
}

export interface Estimate {
  readonly inputTokens: number
  readonly expectedTokens: number
  readonly expectedPico: Pico
  /** Always boundInputPico + boundOutput's tokens × picoPerToken. */
  readonly boundPico: Pico
  readonly boundInputPico: Pico
  /** The part of the bound that a smaller cap would lower; null: the call has no output. */
  readonly boundOutput: BoundOutput | null
}

export interface BoundOutput {
  /** The client's cap or the model's maximum, whichever is smaller. */
  readonly tokens: number
  /** For all answers together, per token of the cap. */
  readonly picoPerToken: Pico
}

const BYTES_PER_TOKEN = 4
/** Hidden prompts that providers add to a request, and to each tool. */
const OVERHEAD_TOKENS = 1_024
const TOOL_OVERHEAD_TOKENS = 64
/** The cap of a strict call that names none, if nobody knows the model's maximum; LiteLLM's too. */
const OUTPUT_TOKENS = 16_384
/** The widest window on the market, for models whose own nobody knows. */
const WINDOW_TOKENS = 1_048_576
/** How often a provider may go round with its own tools, and search, before it answers. */
const SERVER_TURNS = 8
const SERVER_SEARCHES = 16

/**
 * Expected: bytes/4 of text and media as it will probably be counted, and min(cap, default) of output.
 * Bound: a token is at least a byte, media by each family's formula, all at the dearest rate that
 * such a request may reach; the output is cut at the cap or the model's maximum. No tokenizer.
 */
export function estimate(size: RequestSize, price: Price | null, limits: Limits): Estimate {
  const { serviceTier } = size
  const answers = size.hasOutput ? size.answers : 0
  const cap = size.outputCap ?? Number.POSITIVE_INFINITY
  const boundInput = inputBound(size, price, limits)
  const text = Math.max(0, size.bodyBytes - size.encodedBytes)
  const inputTokens = Math.min(
    Math.ceil(text / BYTES_PER_TOKEN) + size.media.expected,
    limits.maxInputTokens ?? boundInput,
  )
  const outputTokens = Math.min(cap, limits.defaultOutputTokens) * answers
  const expected = { inputTokens, outputTokens, serviceTier }
  const asked = { atMs: limits.atMs, inputTokens: boundInput, serviceTier }
  const rates = price ? reachable(price, asked) : []
  const boundInputPico = most(rates, (one) => inputPico(one, boundInput, size))
  const tokens = Math.min(cap, limits.maxOutputTokens ?? OUTPUT_TOKENS)
  const picoPerToken = most(rates, outputPico) * BigInt(answers)
  return {
    inputTokens,
    expectedTokens: inputTokens + outputTokens,
    expectedPico: price ? costOf(price, expected, limits.atMs).totalPico : 0n,
    boundPico: boundInputPico + BigInt(tokens) * picoPerToken,
    boundInputPico,
    boundOutput: size.hasOutput ? { tokens, picoPerToken } : null,
  }
}

/** The most input tokens that may be billed. */
function inputBound(size: RequestSize, price: Price | null, limits: Limits): number {
  const { media, toolCount } = size
  const text = Math.max(0, size.normalisedBytes - media.bytes)
  const known = text + (media.bound ?? 0) + OVERHEAD_TOKENS + toolCount * TOOL_OVERHEAD_TOKENS
  const isOpen = media.bound === null || size.runsServerTools || size.continuesElsewhere
  const window = limits.maxInputTokens ?? price?.maxInputTokens ?? WINDOW_TOKENS
  const once = Math.min(
    isOpen ? Math.max(known, window) : known,
    limits.maxInputTokens ?? Number.POSITIVE_INFINITY,
  )
  return size.runsServerTools ? once * SERVER_TURNS : once
}

/** All of the input at the dearest of its rates, and what is billed by the piece. */
function inputPico(rates: Rates, tokens: number, size: RequestSize): Pico {
  const { input = 0n, cacheRead, cacheWrite, cacheWrite1h } = rates
  const text = [input, cacheRead, cacheWrite, size.hasLongCacheTtl ? cacheWrite1h : undefined]
  const mayHaveMedia = size.media.bound !== 0 || size.continuesElsewhere
  const media = mayHaveMedia
    ? [
        rates.inputAudio,
        rates.cacheReadAudio,
        rates.inputImage,
        rates.cacheReadImage,
        rates.inputVideo,
      ]
    : []
  const searches = size.runsServerTools ? (rates.webSearch ?? 0n) + (rates.fileSearch ?? 0n) : 0n
  const pieces = (rates.request ?? 0n) + searches * BigInt(SERVER_SEARCHES)
  return BigInt(tokens) * dearest([...text, ...media]) + pieces
}

function outputPico({ output, reasoning, outputAudio, outputImage }: Rates): Pico {
  return dearest([output, reasoning, outputAudio, outputImage])
}

const dearest = (rates: readonly (Pico | undefined)[]): Pico =>
  rates.reduce<Pico>((top, rate) => (rate !== undefined && rate > top ? rate : top), 0n)

function most(rates: readonly Rates[], picoOf: (rates: Rates) => Pico): Pico {
  return dearest(rates.map(picoOf))
}
