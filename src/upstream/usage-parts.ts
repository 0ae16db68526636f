import { asObject, firstCount, type RawObject } from './raw.ts'

/** Parts of the main counts, and what is billed beside them. */
export interface UsageParts {
  /** Part of inputTokens, as are all that are read, written or seen. */
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  /** Part of cacheWriteTokens: kept for an hour. */
  readonly cacheWrite1hTokens: number
  readonly inputAudioTokens: number
  readonly inputImageTokens: number
  /** Parts of cacheReadTokens, and of the audio and images above. */
  readonly cacheReadAudioTokens: number
  readonly cacheReadImageTokens: number
  /** Part of outputTokens, as are the next two. */
  readonly reasoningTokens: number
  readonly outputAudioTokens: number
  readonly outputImageTokens: number
  /** Billed beside the output: what Perplexity quotes. */
  readonly citationTokens: number
  readonly webSearches: number
  /** Rerank calls, as Cohere counts them. */
  readonly queries: number
  readonly pages: number
  readonly audioMs: number
}

interface Main {
  readonly inputTokens: number
  readonly outputTokens: number
}

const AUDIO_MAX_MS = 1_000 * 3_600_000

/** Of a usage under OpenAI's or Anthropic's names. A part that would pass its whole is cut. */
export function readParts(usage: RawObject, { inputTokens, outputTokens }: Main): UsageParts {
  const input = detailsOf(usage, INPUT_DETAILS)
  const output = detailsOf(usage, OUTPUT_DETAILS)
  const cached = asObject(input['cached_tokens_details']) ?? {}
  const cacheReadTokens = Math.min(readCached(usage, input), inputTokens)
  const written = firstCount(input['cache_write_tokens'], usage['cache_creation_input_tokens'])
  const cacheWriteTokens = Math.min(written, inputTokens - cacheReadTokens)
  const inputAudioTokens = Math.min(firstCount(input['audio_tokens']), inputTokens)
  const images = firstCount(input['image_tokens'])
  const inputImageTokens = Math.min(images, inputTokens - inputAudioTokens)
  const outputAudioTokens = Math.min(firstCount(output['audio_tokens']), outputTokens)
  const outputImages = firstCount(output['image_tokens'])
  return {
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: Math.min(readWritten1h(usage, input), cacheWriteTokens),
    inputAudioTokens,
    inputImageTokens,
    cacheReadAudioTokens: Math.min(firstCount(cached['audio_tokens']), inputAudioTokens),
    cacheReadImageTokens: Math.min(firstCount(cached['image_tokens']), inputImageTokens),
    reasoningTokens: Math.min(readReasoning(usage, output), outputTokens),
    outputAudioTokens,
    outputImageTokens: Math.min(outputImages, outputTokens - outputAudioTokens),
    ...readBeside(usage),
  }
}

const INPUT_DETAILS = ['prompt_tokens_details', 'input_tokens_details', 'input_token_details']
const OUTPUT_DETAILS = [
  'completion_tokens_details',
  'output_tokens_details',
  'output_token_details',
]

function detailsOf(usage: RawObject, names: readonly string[]): RawObject {
  return Object.assign({}, ...names.map((name) => asObject(usage[name]) ?? {})) as RawObject
}

function readBeside(usage: RawObject) {
  const tools = asObject(usage['server_tool_use'])
  return {
    citationTokens: firstCount(usage['citation_tokens']),
    webSearches: firstCount(tools?.['web_search_requests'], usage['num_search_queries']),
    queries: firstCount(usage['search_units']),
    pages: firstCount(usage['pages_processed']),
    audioMs: milliseconds(usage['seconds'] ?? usage['prompt_audio_seconds']),
  }
}

const readCached = (usage: RawObject, input: RawObject) =>
  firstCount(
    input['cached_tokens'],
    usage['cache_read_input_tokens'],
    usage['prompt_cache_hit_tokens'],
    usage['cached_tokens'],
  )

/** Anthropic's, and as LiteLLM passes it on. */
const readWritten1h = (usage: RawObject, input: RawObject) =>
  firstCount(
    asObject(usage['cache_creation'])?.['ephemeral_1h_input_tokens'],
    asObject(input['cache_creation_token_details'])?.['ephemeral_1h_input_tokens'],
  )

const readReasoning = (usage: RawObject, output: RawObject) =>
  firstCount(output['reasoning_tokens'], output['thinking_tokens'], usage['reasoning_tokens'])

function milliseconds(seconds: unknown): number {
  if (typeof seconds !== 'number' || !(seconds > 0)) return 0
  return Math.min(Math.ceil(seconds * 1_000), AUDIO_MAX_MS)
}
