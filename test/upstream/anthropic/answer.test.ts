import { describe, expect, it } from 'vitest'
import { finishReason, toCompletion } from '../../../src/upstream/anthropic/answer.ts'
import { toOpenAiError } from '../../../src/upstream/anthropic/error.ts'
import { toOpenAiUsage } from '../../../src/upstream/anthropic/usage.ts'

const message = (content: object[], more: object = {}) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content,
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 2 },
  ...more,
})
const said = (content: object[]) => {
  const { choices } = toCompletion(message(content), 0) as { choices: { message: unknown }[] }
  return choices[0]?.message
}

describe('an answer of Anthropic', () => {
  it('is a chat.completion', () => {
    const content = [
      { type: 'text', text: 'Grü' },
      { type: 'text', text: 'ße' },
    ]
    expect(toCompletion(message(content), 1_700_000_000_900)).toEqual({
      id: 'msg_1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'claude-sonnet-4-5-20250929',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Grüße', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 3,
        completion_tokens: 2,
        total_tokens: 5,
        prompt_tokens_details: { cached_tokens: 0, cache_creation_tokens: 0 },
      },
    })
  })

  it('calls tools', () => {
    const use = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Łódź' } }
    expect(said([use, { ...use, id: 'toolu_2', input: {} }])).toEqual({
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: [
        {
          id: 'toolu_1',
          type: 'function',
          function: { name: 'weather', arguments: '{"city":"Łódź"}' },
        },
        { id: 'toolu_2', type: 'function', function: { name: 'weather', arguments: '{}' } },
      ],
    })
  })

  it('shows its thoughts, as text and as what can be sent back', () => {
    const thoughts = [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'redacted_thinking', data: 'x' },
    ]
    expect(said([...thoughts, { type: 'text', text: 'so' }])).toMatchObject({
      content: 'so',
      reasoning_content: 'hm',
      thinking_blocks: thoughts,
    })
  })

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['whatever comes next', 'stop'],
    [null, 'stop'],
  ])('that stops by %s finishes by %s', (reason, finish) => {
    expect(finishReason(reason)).toBe(finish)
  })

  it('is none if it is something else', () => {
    for (const other of [{}, { type: 'message' }, { type: 'completion', content: [] }]) {
      expect(toCompletion(other, 0)).toBeNull()
    }
  })
})

describe('its usage', () => {
  it('has the cache within the prompt, and what prices need beside', () => {
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 200,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
      output_tokens: 7,
      output_tokens_details: { thinking_tokens: 4 },
      server_tool_use: { web_search_requests: 1 },
      service_tier: 'standard',
      inference_geo: null,
    }
    const { input_tokens: _, output_tokens: __, output_tokens_details: ___, ...rest } = usage
    const { inference_geo: ____, ...mirrored } = rest
    expect(toOpenAiUsage(usage)).toEqual({
      prompt_tokens: 240,
      completion_tokens: 7,
      total_tokens: 247,
      prompt_tokens_details: { cached_tokens: 200, cache_creation_tokens: 30 },
      completion_tokens_details: { reasoning_tokens: 4 },
      ...mirrored,
    })
  })

  it('is none without counts', () => {
    expect(toOpenAiUsage({})).toBeNull()
    expect(toOpenAiUsage({ input_tokens: null, service_tier: 'standard' })).toBeNull()
  })
})

describe('an error of Anthropic', () => {
  const envelope = { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } }

  it("has OpenAI's envelope", () => {
    const error = { message: 'slow down', type: 'rate_limit_error', param: null, code: '429' }
    expect(toOpenAiError(envelope)).toEqual({ error })
    expect(toOpenAiError(envelope, 418)).toEqual({ error: { ...error, code: '418' } })
  })

  it('is none if it is something else', () => {
    expect(toOpenAiError({ error: { message: 'x' } })).toBeNull()
    expect(toOpenAiError({ type: 'error' })).toBeNull()
  })
})
