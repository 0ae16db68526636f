import type { Price } from '../config/config.ts'
import type { Pico } from '../money.ts'
import { costOf } from './cost.ts'

/** What is known of a request before it is sent. Sizes are bytes of its JSON body. */
export interface RequestSize {
  readonly bodyBytes: number
  /** Bytes of inline base64 images within the body, and how many pieces they are. */
  readonly mediaBytes: number
  readonly mediaCount: number
  /** Bytes of other inline encodings: far fewer tokens than bytes, but no limit per piece. */
  readonly otherMediaBytes: number
  /** The output cap that is sent upstream; null: none. */
  readonly outputCap: number | null
  /** How many answers are asked for. */
  readonly answers: number
  readonly hasOutput: boolean
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
/** A picture in a common size, for what a call will probably cost. */
const EXPECTED_MEDIA_TOKENS = 1_000
const BOUND_MEDIA_TOKENS = 16_384
/** Hidden prompts that providers add to a request. */
const BOUND_OVERHEAD_TOKENS = 1_024
/** The cap of a strict call that names none, if nobody knows the model's maximum; LiteLLM's too. */
const BOUND_OUTPUT_TOKENS = 16_384

/**
 * Expected: bytes/4 of input and min(cap, default) of output. Bound: a token is at least a byte,
 * and the output is cut at the cap or the model's maximum. Both before the call, no tokenizer.
 */
export function estimate(
  size: RequestSize,
  price: Price | null,
  limits: { readonly defaultOutputTokens: number; readonly maxOutputTokens: number | null },
): Estimate {
  const nonImageBytes = Math.max(0, size.bodyBytes - size.mediaBytes)
  const textBytes = Math.max(0, nonImageBytes - size.otherMediaBytes)
  const cap = size.outputCap ?? Number.POSITIVE_INFINITY
  const answers = size.hasOutput ? size.answers : 0
  const inputTokens =
    Math.ceil(textBytes / BYTES_PER_TOKEN) + size.mediaCount * EXPECTED_MEDIA_TOKENS
  const outputTokens = Math.min(cap, limits.defaultOutputTokens) * answers
  const boundInput = nonImageBytes + size.mediaCount * BOUND_MEDIA_TOKENS + BOUND_OVERHEAD_TOKENS
  const boundInputPico = price ? costOf(price, { inputTokens: boundInput, outputTokens: 0 }) : 0n
  const tokens = Math.min(cap, limits.maxOutputTokens ?? BOUND_OUTPUT_TOKENS)
  const picoPerToken = (price?.outputPico ?? 0n) * BigInt(answers)
  return {
    inputTokens,
    expectedTokens: inputTokens + outputTokens,
    expectedPico: price ? costOf(price, { inputTokens, outputTokens }) : 0n,
    boundPico: boundInputPico + BigInt(tokens) * picoPerToken,
    boundInputPico,
    boundOutput: size.hasOutput ? { tokens, picoPerToken } : null,
  }
}
