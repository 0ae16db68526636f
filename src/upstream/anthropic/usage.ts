import { type Fields, fieldsOf } from './fields.ts'

/** What Anthropic says beyond OpenAI's fields; prices depend on it. */
const MIRRORED = [
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'cache_creation',
  'server_tool_use',
  'service_tier',
  'inference_geo',
  'speed',
]

/**
 * Anthropic's usage in OpenAI's words. Its input_tokens leave the cache out; prompt_tokens have all
 * that was read, with what came from the cache and went into it as parts. Null if it has no counts.
 */
export function toOpenAiUsage(usage: Fields): Fields | null {
  if (!isCount(usage['input_tokens']) && !isCount(usage['output_tokens'])) return null
  const read = count(usage['cache_read_input_tokens'])
  const written = count(usage['cache_creation_input_tokens'])
  const promptTokens = count(usage['input_tokens']) + read + written
  const completionTokens = count(usage['output_tokens'])
  const thinking = fieldsOf(usage['output_tokens_details'])['thinking_tokens']
  const mirrored = MIRRORED.filter((name) => usage[name] != null).map((name) => [name, usage[name]])
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: read, cache_creation_tokens: written },
    ...(isCount(thinking) && { completion_tokens_details: { reasoning_tokens: thinking } }),
    ...Object.fromEntries(mirrored),
  }
}

/** The usages of one stream are running totals: the later one wins, key by key. */
export function laterUsage(earlier: Fields, later: Fields): Fields {
  const said = Object.entries(later).filter(([, value]) => value != null)
  return { ...earlier, ...Object.fromEntries(said) }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

const count = (value: unknown): number => (isCount(value) ? value : 0)
