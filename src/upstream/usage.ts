import { CHARGE_MAX_PICO, parsePico, type Pico } from '../money.ts'
import { JsonError, readMember, scanObject } from './json-members.ts'
import { asObject, firstCount, isCount, type RawObject } from './raw.ts'
import { inOpenAiNames } from './usage-dialects.ts'
import { readParts, type UsageParts } from './usage-parts.ts'

export { asObject, type RawObject }

/** What was used, normalised: each a non-negative safe integer, parts within their whole. */
export interface Usage extends UsageParts {
  /** All prompt tokens, those read from or written to a cache included. */
  readonly inputTokens: number
  /** All billed output, reasoning included. */
  readonly outputTokens: number
  /** Always inputTokens + outputTokens. */
  readonly totalTokens: number
  /** The one that was served, as the provider names it; null: it did not say. */
  readonly serviceTier: string | null
  /** What the provider says it bills; null: it does not say. */
  readonly providerCostPico: Pico | null
}

/** What an answer says about itself. */
export interface AnswerFacts {
  readonly usage: Usage | null
  readonly responseId: string | null
  readonly responseModel: string | null
}

export const asName = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null

const decoder = new TextDecoder()

/**
 * Normalises the usage of OpenAI's APIs and those that follow them, of Anthropic's, Gemini's,
 * Bedrock's and Cohere's. Null if there is none that can be charged: nothing is said, all is zero, or
 * a main count is no count. Never throws.
 */
export function readUsage(raw: unknown): Usage | null {
  const said = asObject(raw)
  if (!said) return null
  const usage = inOpenAiNames(said)
  const main = readMain(usage)
  if (!main) return null
  const [inputTokens, outputTokens] = main
  const totalTokens = inputTokens + outputTokens
  if (!isCount(totalTokens)) return null
  const parts = readParts(usage, { inputTokens, outputTokens })
  // A usage of zeros stands beside real answers at some providers: they did not count.
  if (totalTokens === 0 && !parts.audioMs && !parts.queries && !parts.pages) return null
  const serviceTier = asName(usage['service_tier'])
  const providerCostPico = readCost(usage)
  return { inputTokens, outputTokens, totalTokens, ...parts, serviceTier, providerCostPico }
}

/** xAI's ticks are 1e-10 USD; OpenRouter's and Perplexity's cost is USD. */
function readCost(usage: RawObject): Pico | null {
  const ticks = usage['cost_in_usd_ticks']
  if (isCount(ticks)) return atMost(BigInt(ticks) * 100n)
  const cost = asObject(usage['cost'])?.['total_cost'] ?? usage['cost']
  if (typeof cost !== 'number' || !(cost >= 0 && cost < 1e9)) return null
  return atMost(parsePico(cost))
}

const atMost = (pico: Pico): Pico | null => (pico <= CHARGE_MAX_PICO ? pico : null)

function readMain(usage: RawObject): readonly [input: number, output: number] | null {
  const input = usage['prompt_tokens'] ?? usage['input_tokens']
  const output = usage['completion_tokens'] ?? usage['output_tokens']
  const total = usage['total_tokens']
  if (![input, output, total].every((count) => count == null || isCount(count))) return null
  if (!isCount(input)) {
    if (!isCount(total)) return measuresOtherwise(usage) ? [0, 0] : null
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

/** Seconds, searches or pages in the place of tokens. */
const measuresOtherwise = (usage: RawObject) =>
  ['seconds', 'search_units', 'pages_processed'].some((name) => typeof usage[name] === 'number')

/** The usage of a parsed answer or event, at one of the places where it is known to stand. */
export function usageIn(payload: RawObject): RawObject | null {
  return (
    asObject(payload['usage']) ??
    asObject(asObject(payload['x_groq'])?.['usage']) ??
    asObject(asObject(payload['response'])?.['usage']) ??
    asObject(payload['usageMetadata']) ??
    asObject(payload['usage_info']) ??
    billedUnits(payload['meta'])
  )
}

/** Cohere's, where an answer without tokens has them. */
function billedUnits(meta: unknown): RawObject | null {
  const units = asObject(asObject(meta)?.['billed_units'])
  return units && { billed_units: units }
}

const MAIN_COUNTS = [
  'prompt_tokens',
  'input_tokens',
  'completion_tokens',
  'output_tokens',
  'total_tokens',
  'totalTokenCount',
  'totalTokens',
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

/** What an answer in one piece says. */
export interface BodyFacts extends AnswerFacts {
  readonly isJson: boolean
}

/** Reads an answer that came in one piece. Never throws: HTML and broken JSON say nothing. */
export function readBody(bytes: Uint8Array): BodyFacts {
  const { isJson, body } = parseFacts(bytes)
  return {
    isJson,
    usage: withServiceTier(readUsage(body && usageIn(body)), body?.['service_tier']),
    responseId: asName(body?.['id']),
    responseModel: asName(body?.['model']),
  }
}

/** OpenAI names it beside the usage. */
export function withServiceTier(usage: Usage | null, named: unknown): Usage | null {
  return usage && { ...usage, serviceTier: usage.serviceTier ?? asName(named) }
}

const FACT_MEMBERS = [
  'id',
  'model',
  'usage',
  'x_groq',
  'service_tier',
  'usageMetadata',
  'usage_info',
  'meta',
]

// An answer of embeddings is megabytes of numbers; only these members are worth building.
function parseFacts(bytes: Uint8Array): ParsedFacts {
  try {
    const object = scanObject(bytes)
    const members = FACT_MEMBERS.map((name) => [name, readMember(bytes, object, name)])
    return { isJson: true, body: Object.fromEntries(members) as RawObject }
  } catch (error) {
    return error instanceof JsonError ? parseLeniently(bytes) : BROKEN
  }
}

interface ParsedFacts {
  readonly isJson: boolean
  readonly body: RawObject | null
}

const BROKEN: ParsedFacts = { isJson: false, body: null }

// What our strict reader refuses and others accept: a byte order mark, a repeated field.
function parseLeniently(bytes: Uint8Array): ParsedFacts {
  try {
    return { isJson: true, body: asObject(JSON.parse(decoder.decode(bytes))) }
  } catch {
    return BROKEN
  }
}
