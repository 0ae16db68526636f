import { asObject, firstCount, isCount, type RawObject } from './raw.ts'

/** A usage under OpenAI's names; what is in them already, or in Anthropic's, stays as it is. */
export function inOpenAiNames(usage: RawObject): RawObject {
  if ('promptTokenCount' in usage || 'candidatesTokenCount' in usage) return fromGemini(usage)
  if ('inputTokens' in usage || 'outputTokens' in usage) return fromBedrock(usage)
  const billed = asObject(usage['billed_units'])
  return billed ? fromCohere(billed) : usage
}

/** Candidates leave the thoughts out; prompts of tools are input beside the prompt. */
function fromGemini(usage: RawObject): RawObject {
  const thoughts = firstCount(usage['thoughtsTokenCount'])
  const prompt = firstCount(usage['promptTokenCount'])
  const toolUse = firstCount(usage['toolUsePromptTokenCount'])
  return {
    prompt_tokens: prompt + toolUse,
    completion_tokens: firstCount(usage['candidatesTokenCount']) + thoughts,
    total_tokens: usage['totalTokenCount'],
    prompt_tokens_details: {
      cached_tokens: usage['cachedContentTokenCount'],
      ...modalities(usage['promptTokensDetails']),
      cached_tokens_details: modalities(usage['cacheTokensDetails']),
    },
    completion_tokens_details: {
      reasoning_tokens: thoughts,
      ...modalities(usage['candidatesTokensDetails']),
    },
  }
}

function modalities(details: unknown): RawObject {
  if (!Array.isArray(details)) return {}
  const entries = details.flatMap((detail: unknown) => {
    const { modality, tokenCount } = asObject(detail) ?? {}
    return typeof modality === 'string' ? [[`${modality.toLowerCase()}_tokens`, tokenCount]] : []
  })
  return Object.fromEntries(entries) as RawObject
}

/** Converse: the input leaves out what was read from and written to the cache. */
function fromBedrock(usage: RawObject): RawObject {
  const read = firstCount(usage['cacheReadInputTokens'])
  const written = firstCount(usage['cacheWriteInputTokens'])
  const { inputTokens } = usage
  return {
    prompt_tokens: isCount(inputTokens) ? inputTokens + read + written : inputTokens,
    completion_tokens: usage['outputTokens'],
    prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    cache_creation: { ephemeral_1h_input_tokens: writtenForAnHour(usage['cacheDetails']) },
  }
}

function writtenForAnHour(details: unknown): number {
  if (!Array.isArray(details)) return 0
  const hour = details.map(asObject).find((detail) => detail?.['ttl'] === '1h')
  return firstCount(hour?.['inputTokens'])
}

/** Billed units are what the invoice says; `tokens` counts what was hidden too. */
function fromCohere(billed: RawObject): RawObject {
  const { input_tokens, output_tokens, search_units } = billed
  return {
    ...(input_tokens !== undefined && { prompt_tokens: input_tokens }),
    ...(output_tokens !== undefined && { completion_tokens: output_tokens }),
    ...(search_units !== undefined && { search_units }),
  }
}
