import type { Price } from '../config/config.ts'
import type { Pico } from '../money.ts'
import { costOf } from './cost.ts'

/** What is known of a request before it is sent. Sizes are bytes of its JSON body. */
export interface RequestSize {
  readonly bodyBytes: number
  /** Bytes of inline base64 media within the body, and how many pieces they are. */
  readonly mediaBytes: number
  readonly mediaCount: number
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
  readonly boundPico: Pico
}

const BYTES_PER_TOKEN = 4
/** A picture in a common size, for what a call will probably cost. */
const EXPECTED_MEDIA_TOKENS = 1_000
const BOUND_MEDIA_TOKENS = 16_384
/** Hidden prompts that providers add to a request. */
const BOUND_OVERHEAD_TOKENS = 1_024
/** What a model without a known maximum may answer at most. */
const BOUND_OUTPUT_TOKENS = 131_072

/**
 * Expected: bytes/4 of input and min(cap, default) of output. Bound: a token is at least a byte,
 * and the output is cut at the cap or the model's maximum. Both before the call, no tokenizer.
 */
export function estimate(
  size: RequestSize,
  price: Price | null,
  limits: { readonly defaultOutputTokens: number; readonly maxOutputTokens: number | null },
): Estimate {
  const textBytes = Math.max(0, size.bodyBytes - size.mediaBytes)
  const cap = size.outputCap ?? Number.POSITIVE_INFINITY
  const answers = size.hasOutput ? size.answers : 0
  const inputTokens =
    Math.ceil(textBytes / BYTES_PER_TOKEN) + size.mediaCount * EXPECTED_MEDIA_TOKENS
  const outputTokens = Math.min(cap, limits.defaultOutputTokens) * answers
  const boundInput = textBytes + size.mediaCount * BOUND_MEDIA_TOKENS + BOUND_OVERHEAD_TOKENS
  const boundOutput = Math.min(cap, limits.maxOutputTokens ?? BOUND_OUTPUT_TOKENS) * answers
  return {
    inputTokens,
    expectedTokens: inputTokens + outputTokens,
    expectedPico: price ? costOf(price, { inputTokens, outputTokens }) : 0n,
    boundPico: price ? costOf(price, { inputTokens: boundInput, outputTokens: boundOutput }) : 0n,
  }
}
