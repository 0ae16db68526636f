import { JsonError, readMember, scanObject } from './json-members.ts'

/** Token counts, normalised: each a non-negative safe integer, subsets within their whole. */
export interface Usage {
  /** All prompt tokens, those read from or written to a cache included. */
  readonly inputTokens: number
  /** All billed output, reasoning included. */
  readonly outputTokens: number
  /** Always inputTokens + outputTokens. */
  readonly totalTokens: number
  /** Part of inputTokens. */
  readonly cacheReadTokens: number
  /** Part of outputTokens. */
  readonly reasoningTokens: number
}

/** What an answer says about itself. */
export interface AnswerFacts {
  readonly usage: Usage | null
  readonly responseId: string | null
  readonly responseModel: string | null
}

export type RawObject = Readonly<Record<string, unknown>>

export const asObject = (value: unknown): RawObject | null => (isObject(value) ? value : null)

export const asName = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null

const isObject = (value: unknown): value is RawObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

const decoder = new TextDecoder()

/**
 * Normalises the usage of OpenAI's APIs and those that follow them, and of Anthropic's. Null if
 * there is none that can be charged: no input, all zero, or a main count that is no token count.
 */
export function readUsage(raw: unknown): Usage | null {
  const usage = asObject(raw)
  if (!usage) return null
  const main = readMain(usage)
  if (!main) return null
  const [inputTokens, outputTokens] = main
  const totalTokens = inputTokens + outputTokens
  // A usage of zeros stands beside real answers at some providers: they did not count.
  if (totalTokens === 0 || !isCount(totalTokens)) return null
  const cacheReadTokens = Math.min(readCached(usage), inputTokens)
  const reasoningTokens = Math.min(readReasoning(usage), outputTokens)
  return { inputTokens, outputTokens, totalTokens, cacheReadTokens, reasoningTokens }
}

function readMain(usage: RawObject): readonly [input: number, output: number] | null {
  const input = usage['prompt_tokens'] ?? usage['input_tokens']
  const output = usage['completion_tokens'] ?? usage['output_tokens']
  const total = usage['total_tokens']
  if (![input, output, total].every((count) => count == null || isCount(count))) return null
  if (!isCount(input)) {
    if (!isCount(total)) return null
    return isCount(output) ? [Math.max(0, total - output), output] : [total, 0]
  }
  const said = isCount(output) ? output : 0
  if (leavesCacheOut(usage)) return [input + cacheTokensBeside(usage), said]
  // xAI, Gemini and Perplexity leave reasoning out of the completion, some without naming it; the
  // total has it, and they bill it as output.
  return [input, isCount(total) ? Math.max(said, total - input) : said]
}

// Anthropic's own input_tokens excludes the cache. Proxies that mirror its cache fields beside
// prompt_tokens follow OpenAI, where the prompt includes it.
const leavesCacheOut = (usage: RawObject) =>
  usage['prompt_tokens'] == null &&
  (isCount(usage['cache_read_input_tokens']) || isCount(usage['cache_creation_input_tokens']))

const cacheTokensBeside = (usage: RawObject) =>
  firstCount(usage['cache_read_input_tokens']) + firstCount(usage['cache_creation_input_tokens'])

const readCached = (usage: RawObject) =>
  firstCount(
    asObject(usage['prompt_tokens_details'])?.['cached_tokens'],
    asObject(usage['input_tokens_details'])?.['cached_tokens'],
    usage['cache_read_input_tokens'],
    usage['prompt_cache_hit_tokens'],
    usage['cached_tokens'],
  )

const readReasoning = (usage: RawObject) =>
  firstCount(
    asObject(usage['completion_tokens_details'])?.['reasoning_tokens'],
    asObject(usage['output_tokens_details'])?.['reasoning_tokens'],
    asObject(usage['output_tokens_details'])?.['thinking_tokens'],
    usage['reasoning_tokens'],
  )

const firstCount = (...candidates: readonly unknown[]) => candidates.find(isCount) ?? 0

/** The usage of a parsed answer or event, at one of the places where it is known to stand. */
export function usageIn(payload: RawObject): RawObject | null {
  return (
    asObject(payload['usage']) ??
    asObject(asObject(payload['x_groq'])?.['usage']) ??
    asObject(asObject(payload['response'])?.['usage'])
  )
}

const MAIN_COUNTS = [
  'prompt_tokens',
  'input_tokens',
  'completion_tokens',
  'output_tokens',
  'total_tokens',
]

/**
 * Raw usages of one stream, merged key by key: providers repeat running totals, so the later one
 * wins and nothing is added. Null members and usages of zeros say nothing.
 */
export function mergeUsage(earlier: RawObject | null, later: RawObject): RawObject {
  if (!earlier) return later
  if (!MAIN_COUNTS.some((name) => later[name] !== 0 && isCount(later[name]))) return earlier
  const entries = Object.entries(later).map(([key, value]) => {
    const [before, after] = [asObject(earlier[key]), asObject(value)]
    return [key, before && after ? { ...before, ...after } : (value ?? earlier[key])]
  })
  return { ...earlier, ...Object.fromEntries(entries) }
}

/** Reads an answer that came in one piece. Never throws: HTML and broken JSON say nothing. */
export function readBody(bytes: Uint8Array): AnswerFacts {
  const body = parseFacts(bytes)
  return {
    usage: readUsage(body && usageIn(body)),
    responseId: asName(body?.['id']),
    responseModel: asName(body?.['model']),
  }
}

const FACT_MEMBERS = ['id', 'model', 'usage', 'x_groq']

// An answer of embeddings is megabytes of numbers; only four members are worth building.
function parseFacts(bytes: Uint8Array): RawObject | null {
  try {
    const object = scanObject(bytes)
    return Object.fromEntries(FACT_MEMBERS.map((name) => [name, readMember(bytes, object, name)]))
  } catch (error) {
    return error instanceof JsonError ? parseLeniently(bytes) : null
  }
}

// What our strict reader refuses and others accept: a byte order mark, a repeated field.
function parseLeniently(bytes: Uint8Array): RawObject | null {
  try {
    return asObject(JSON.parse(decoder.decode(bytes)))
  } catch {
    return null
  }
}
