import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeUsage, readBody, readUsage } from '../../src/upstream/usage.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const counts = (raw: unknown) => {
  const usage = readUsage(raw)
  return (
    usage && [usage.inputTokens, usage.outputTokens, usage.cacheReadTokens, usage.reasoningTokens]
  )
}

const NAMES = [
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'input_tokens',
  'output_tokens',
  'cached_tokens',
  'reasoning_tokens',
  'prompt_tokens_details',
  'output_tokens_details',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  '__proto__',
]

describe('readUsage', () => {
  const both = { prompt_tokens: 100, completion_tokens: 50 }
  it.each([
    ['OpenAI chat', { ...both, total_tokens: 150 }, [100, 50, 0, 0]],
    [
      'OpenAI chat, cached and reasoning',
      {
        ...both,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 64, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 40, rejected_prediction_tokens: 3 },
      },
      [100, 50, 64, 40],
    ],
    ['embeddings', { prompt_tokens: 8, total_tokens: 8 }, [8, 0, 0, 0]],
    ['embeddings with a total alone', { total_tokens: 8 }, [8, 0, 0, 0]],
    [
      'Responses',
      {
        input_tokens: 36,
        input_tokens_details: { cached_tokens: 4 },
        output_tokens: 87,
        output_tokens_details: { reasoning_tokens: 7 },
        total_tokens: 123,
      },
      [36, 87, 4, 7],
    ],
    [
      'xAI, reasoning outside the completion',
      {
        prompt_tokens: 12,
        completion_tokens: 1,
        total_tokens: 399,
        prompt_tokens_details: { text_tokens: 12, cached_tokens: 11 },
        completion_tokens_details: { reasoning_tokens: 386 },
        num_sources_used: 0,
        cost_in_usd_ticks: 1_934_000,
      },
      [12, 387, 11, 386],
    ],
    [
      'Gemini, reasoning outside the completion and unnamed',
      { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 },
      [20, 603, 0, 0],
    ],
    [
      'Gemini, all of it reasoning',
      { prompt_tokens: 21, total_tokens: 81, completion_tokens_details: { reasoning_tokens: 60 } },
      [21, 60, 0, 60],
    ],
    [
      'DeepSeek',
      { ...both, total_tokens: 150, prompt_cache_hit_tokens: 70, prompt_cache_miss_tokens: 30 },
      [100, 50, 70, 0],
    ],
    ['Groq', { ...both, total_tokens: 150, queue_time: 0.01, total_time: 0.2 }, [100, 50, 0, 0]],
    [
      'OpenRouter',
      {
        ...both,
        total_tokens: 150,
        cost: 0.0014,
        cost_details: { upstream_inference_cost: null },
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 12 },
      },
      [100, 50, 0, 12],
    ],
    [
      'Perplexity',
      { ...both, total_tokens: 250, reasoning_tokens: 60, citation_tokens: 40 },
      [100, 150, 0, 60],
    ],
    ['Moonshot', { ...both, total_tokens: 150, cached_tokens: 9 }, [100, 50, 9, 0]],
    ['null details', { ...both, prompt_tokens_details: null, total_tokens: null }, [100, 50, 0, 0]],
    [
      'Anthropic, whose input excludes the cache',
      {
        input_tokens: 10,
        cache_creation_input_tokens: 200,
        cache_read_input_tokens: 3000,
        output_tokens: 5,
      },
      [3210, 5, 3000, 0],
    ],
    [
      'Anthropic fields mirrored beside an inclusive prompt',
      { ...both, cache_read_input_tokens: 60, cache_creation_input_tokens: 0 },
      [100, 50, 60, 0],
    ],
  ])('reads %s', (_, raw, expected) => {
    expect(counts(raw)).toEqual(expected)
  })

  it('keeps subsets within their whole', () => {
    const raw = {
      ...both,
      prompt_tokens_details: { cached_tokens: 101 },
      completion_tokens_details: { reasoning_tokens: 51 },
    }
    expect(counts(raw)).toEqual([100, 50, 100, 50])
  })

  it('ignores a subset that is no count', () => {
    for (const cached of [-1, 0.5, '7', Infinity, {}]) {
      expect(counts({ ...both, prompt_tokens_details: { cached_tokens: cached } })).toEqual([
        100, 50, 0, 0,
      ])
    }
  })

  it.each([
    [null],
    [undefined],
    ['12'],
    [[1, 2]],
    [{}],
    [{ type: 'duration', seconds: 0 }],
    [{ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
    [{ completion_tokens: 5 }],
    [{ prompt_tokens: -1, completion_tokens: 5 }],
    [{ prompt_tokens: 1.5, completion_tokens: 5 }],
    [{ prompt_tokens: '10', completion_tokens: 5 }],
    [{ prompt_tokens: 10, completion_tokens: 5, total_tokens: Number.NaN }],
    [{ prompt_tokens: 10, completion_tokens: 2 ** 53 }],
    [{ prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 1 }],
  ])('takes %j for no usage', (raw) => {
    expect(readUsage(raw)).toBeNull()
  })

  it('never throws, and its counts are always whole and consistent', () => {
    const count = fc.oneof(
      fc.nat(),
      fc.maxSafeInteger(),
      fc.double(),
      fc.string(),
      fc.constant(null),
    )
    const name = fc.constantFrom(...NAMES)
    const inner = fc.dictionary(name, count)
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.dictionary(name, fc.oneof(count, inner))), (raw) => {
        const usage = readUsage(raw)
        if (!usage) return
        const { serviceTier: _tier, providerCostPico, ...numbers } = usage
        expect(providerCostPico === null || providerCostPico >= 0n).toBe(true)
        for (const value of Object.values(numbers)) {
          expect(Number.isSafeInteger(value) && value >= 0).toBe(true)
        }
        expect(usage.totalTokens).toBe(usage.inputTokens + usage.outputTokens)
        expect(usage.cacheReadTokens).toBeLessThanOrEqual(usage.inputTokens)
        expect(usage.reasoningTokens).toBeLessThanOrEqual(usage.outputTokens)
      }),
    )
  })
})

describe('mergeUsage', () => {
  it('lets the later count win and adds nothing', () => {
    const merged = mergeUsage(
      { input_tokens: 10, cache_read_input_tokens: 3, output_tokens: 1 },
      { output_tokens: 15, cache_read_input_tokens: null },
    )
    expect(counts(merged)).toEqual([13, 15, 3, 0])
  })

  it('merges details key by key', () => {
    const earlier = { prompt_tokens: 9, prompt_tokens_details: { cached_tokens: 4 } }
    const later = { completion_tokens: 2, prompt_tokens_details: { audio_tokens: 0 } }
    expect(counts(mergeUsage(earlier, later))).toEqual([9, 2, 4, 0])
  })

  it('keeps what was counted when zeros follow', () => {
    const earlier = { prompt_tokens: 9, completion_tokens: 2 }
    const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
    expect(mergeUsage(earlier, zeros)).toEqual(earlier)
  })

  it('cannot be given inherited counts', () => {
    const hostile: unknown = JSON.parse('{"completion_tokens":2,"__proto__":{"prompt_tokens":1}}')
    expect(readUsage(mergeUsage({ total_tokens: 2 }, Object(hostile)))?.inputTokens).toBe(0)
  })
})

describe('readBody', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
  const answer = { id: 'chatcmpl-1', model: 'gpt-4o-mini-2024-07-18', choices: [], usage }
  const expected = {
    isJson: true,
    usage: readUsage(usage),
    responseId: 'chatcmpl-1',
    responseModel: 'gpt-4o-mini-2024-07-18',
  }
  const text = JSON.stringify(answer)

  it.each([
    ['an answer', text],
    ['one after white space that kept the connection alive', `\n\n \n${text}`],
    ['one with a byte order mark', `\ufeff${text}`],
    ['one with a repeated field', text.replace('{', '{"object":1,"object":2,')],
  ])('reads %s', (_, body) => {
    expect(readBody(encode(body))).toEqual(expected)
  })

  it.each([
    ['', false],
    ['<html><body>Bad gateway</body></html>', false],
    [text.slice(0, -1), false],
    ['[{"usage":{"prompt_tokens":1}}]', true],
    ['null', true],
    ['{"id":7,"model":"","usage":"much"}', true],
    ['{"choices":[{"message":{"content":"\\"usage\\":{\\"prompt_tokens\\":9}"}}]}', true],
    ['{"choices":[{"usage":{"prompt_tokens":9}}]}', true],
    ['['.repeat(100_000), false],
  ])('finds nothing in %.60s (JSON: %j)', (body, isJson) => {
    const nothing = { isJson, usage: null, responseId: null, responseModel: null }
    expect(readBody(encode(body))).toEqual(nothing)
  })
})
