import { describe, expect, it } from 'vitest'
import { inputParts, outputParts } from '../../src/pricing/cost.ts'
import { readBody, readUsage, type Usage, usageIn } from '../../src/upstream/usage.ts'

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const sum = (parts: Readonly<Record<string, number>>) =>
  Object.values(parts).reduce((total, count) => total + count, 0)

/** One answer of each API, as its documentation has it, and all that is read of it but zeros. */
const SHAPES: readonly (readonly [string, object, Partial<Usage>])[] = [
  [
    'OpenAI chat with audio, written cache and a tier',
    {
      service_tier: 'flex',
      usage: {
        prompt_tokens: 100,
        completion_tokens: 60,
        total_tokens: 160,
        prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 20, audio_tokens: 40 },
        completion_tokens_details: {
          reasoning_tokens: 10,
          audio_tokens: 25,
          rejected_prediction_tokens: 5,
        },
      },
    },
    {
      inputTokens: 100,
      outputTokens: 60,
      cacheReadTokens: 30,
      cacheWriteTokens: 20,
      inputAudioTokens: 40,
      reasoningTokens: 10,
      outputAudioTokens: 25,
      serviceTier: 'flex',
    },
  ],
  [
    'OpenAI images',
    {
      usage: {
        input_tokens: 50,
        input_tokens_details: { text_tokens: 10, image_tokens: 40 },
        output_tokens: 4_160,
        output_tokens_details: { image_tokens: 4_160, text_tokens: 0 },
        total_tokens: 4_210,
      },
    },
    { inputTokens: 50, outputTokens: 4_160, inputImageTokens: 40, outputImageTokens: 4_160 },
  ],
  [
    'OpenAI transcription by tokens',
    {
      usage: {
        type: 'tokens',
        input_tokens: 14,
        input_token_details: { text_tokens: 4, audio_tokens: 10 },
        output_tokens: 45,
        total_tokens: 59,
      },
    },
    { inputTokens: 14, outputTokens: 45, inputAudioTokens: 10 },
  ],
  [
    'OpenAI transcription by the second',
    { usage: { type: 'duration', seconds: 9.5 } },
    { audioMs: 9_500 },
  ],
  [
    'OpenAI realtime',
    {
      type: 'response.done',
      response: {
        id: 'resp_1',
        usage: {
          total_tokens: 250,
          input_tokens: 130,
          output_tokens: 120,
          input_token_details: {
            text_tokens: 80,
            audio_tokens: 50,
            cached_tokens: 60,
            cached_tokens_details: { text_tokens: 40, audio_tokens: 20 },
          },
          output_token_details: { text_tokens: 20, audio_tokens: 100 },
        },
      },
    },
    {
      inputTokens: 130,
      outputTokens: 120,
      cacheReadTokens: 60,
      inputAudioTokens: 50,
      cacheReadAudioTokens: 20,
      outputAudioTokens: 100,
    },
  ],
  [
    'Anthropic Messages',
    {
      usage: {
        input_tokens: 1_000,
        cache_creation_input_tokens: 2_000,
        cache_read_input_tokens: 9_000,
        cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 1_500 },
        output_tokens: 500,
        output_tokens_details: { thinking_tokens: 100 },
        server_tool_use: { web_search_requests: 3 },
        service_tier: 'standard',
      },
    },
    {
      inputTokens: 12_000,
      outputTokens: 500,
      cacheReadTokens: 9_000,
      cacheWriteTokens: 2_000,
      cacheWrite1hTokens: 1_500,
      reasoningTokens: 100,
      webSearches: 3,
      serviceTier: 'standard',
    },
  ],
  [
    'Gemini native',
    {
      usageMetadata: {
        promptTokenCount: 100,
        cachedContentTokenCount: 60,
        candidatesTokenCount: 20,
        thoughtsTokenCount: 30,
        toolUsePromptTokenCount: 7,
        totalTokenCount: 157,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 70 },
          { modality: 'AUDIO', tokenCount: 30 },
        ],
        cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 10 }],
        candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 5 }],
      },
    },
    {
      inputTokens: 107,
      outputTokens: 50,
      cacheReadTokens: 60,
      inputAudioTokens: 30,
      cacheReadAudioTokens: 10,
      reasoningTokens: 30,
      outputImageTokens: 5,
    },
  ],
  [
    'Bedrock Converse',
    {
      usage: {
        inputTokens: 10,
        outputTokens: 5,
        totalTokens: 65,
        cacheReadInputTokens: 30,
        cacheWriteInputTokens: 20,
        cacheDetails: [{ ttl: '1h', inputTokens: 8 }],
      },
    },
    {
      inputTokens: 60,
      outputTokens: 5,
      cacheReadTokens: 30,
      cacheWriteTokens: 20,
      cacheWrite1hTokens: 8,
    },
  ],
  [
    'OpenRouter',
    {
      usage: {
        prompt_tokens: 14,
        completion_tokens: 16,
        total_tokens: 30,
        cost: 0.00014,
        cost_details: { upstream_inference_cost: 0.0001 },
        prompt_tokens_details: { cached_tokens: 2, cache_write_tokens: 1 },
      },
    },
    {
      inputTokens: 14,
      outputTokens: 16,
      cacheReadTokens: 2,
      cacheWriteTokens: 1,
      providerCostPico: 140_000_000n,
    },
  ],
  [
    'Perplexity',
    {
      usage: {
        prompt_tokens: 33,
        completion_tokens: 70,
        total_tokens: 103,
        citation_tokens: 129,
        num_search_queries: 18,
        reasoning_tokens: 50,
        cost: { total_cost: 0.25 },
      },
    },
    {
      inputTokens: 33,
      outputTokens: 70,
      reasoningTokens: 50,
      citationTokens: 129,
      webSearches: 18,
      providerCostPico: 250_000_000_000n,
    },
  ],
  [
    'Cohere chat, by what it bills',
    {
      usage: {
        billed_units: { input_tokens: 5, output_tokens: 418 },
        tokens: { input_tokens: 71, output_tokens: 420 },
      },
    },
    { inputTokens: 5, outputTokens: 418 },
  ],
  ['Cohere rerank', { meta: { billed_units: { search_units: 2 } } }, { queries: 2 }],
  ['Mistral OCR', { usage_info: { pages_processed: 12, doc_size_bytes: 4_096 } }, { pages: 12 }],
  [
    'Mistral transcription',
    {
      usage: {
        prompt_audio_seconds: 203,
        prompt_tokens: 4,
        total_tokens: 3_000,
        completion_tokens: 635,
      },
    },
    { inputTokens: 4, outputTokens: 2_996, audioMs: 203_000 },
  ],
]

describe('usage of', () => {
  it.each(SHAPES)('%s', (_name, body, expected) => {
    // Realtime's is an event, never a whole answer.
    const usage = 'type' in body ? readUsage(usageIn({ ...body })) : readBody(encode(body)).usage
    const said = Object.entries(usage ?? {}).filter(
      ([name, value]) => name !== 'totalTokens' && value !== 0 && value !== null,
    )
    expect(Object.fromEntries(said)).toEqual(expected)
    expect(usage!.totalTokens).toBe(usage!.inputTokens + usage!.outputTokens)
    expect(sum(inputParts(usage!))).toBe(usage!.inputTokens)
    expect(sum(outputParts(usage!))).toBe(usage!.outputTokens)
  })
})

describe('a part', () => {
  it('that would pass its whole is cut', () => {
    const usage = readUsage({
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 90, cache_write_tokens: 90, audio_tokens: 90 },
      completion_tokens_details: { reasoning_tokens: 90, audio_tokens: 90, image_tokens: 90 },
    })
    expect(usage).toMatchObject({
      cacheReadTokens: 10,
      cacheWriteTokens: 0,
      inputAudioTokens: 10,
      reasoningTokens: 5,
      outputAudioTokens: 5,
      outputImageTokens: 0,
    })
    expect(sum(inputParts(usage!))).toBe(10)
    expect(sum(outputParts(usage!))).toBe(5)
  })
})

describe("a provider's own cost", () => {
  it.each([
    ['negative', -1],
    ['no number', '0.1'],
    ['beyond what one call may cost', 1e8],
    ['not finite', Number.NaN],
  ])('that is %s is not believed', (_what, cost) => {
    const usage = readUsage({ prompt_tokens: 1, completion_tokens: 1, cost })
    expect(usage?.providerCostPico).toBe(null)
  })
})
