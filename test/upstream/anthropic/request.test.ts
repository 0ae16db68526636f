import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/errors.ts'
import { toMessagesBody, toMessagesDraft } from '../../../src/upstream/anthropic/request.ts'

const HI = [{ role: 'user', content: 'hi' }]
const TOOL = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }

interface Sent {
  model?: string
  maxOutputTokens?: number | null
  outputTokens?: number | null
  stream?: boolean
}

function sent(chat: object, how: Sent = {}): Record<string, unknown> {
  const { model = 'claude-sonnet-4-5', maxOutputTokens = null } = how
  const { outputTokens = null, stream = false } = how
  const draft = toMessagesDraft({ messages: HI, ...chat }, { model, maxOutputTokens })
  return JSON.parse(toMessagesBody(draft, { stream, outputTokens })) as Record<string, unknown>
}

function refusal(chat: object): unknown {
  try {
    sent(chat)
  } catch (error) {
    if (error instanceof ApiError) return [error.status, error.param]
    throw error
  }
  return 'taken'
}

describe('a chat for the Messages API', () => {
  it('has the least that Anthropic wants', () => {
    expect(sent({ model: 'claude' })).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 4096,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    })
  })

  it.each<[string, object, Sent, number]>([
    ["the client's cap", { max_tokens: 7 }, {}, 7],
    ['its newer name', { max_completion_tokens: 8 }, {}, 8],
    ['the smaller of both', { max_tokens: 9, max_completion_tokens: 8 }, {}, 8],
    ["the model's maximum", {}, { maxOutputTokens: 64_000 }, 64_000],
    ['no maximum', {}, {}, 4096],
    ['a strict cap', { max_tokens: 100 }, { outputTokens: 40 }, 40],
    ['a strict cap, none sent', {}, { maxOutputTokens: 64_000, outputTokens: 40 }, 40],
    ['a strict cap, which never raises', { max_tokens: 20 }, { outputTokens: 40 }, 20],
  ])('is capped by %s', (_what, chat, how, tokens) => {
    expect(sent(chat, how)['max_tokens']).toBe(tokens)
  })

  it.each<[string, object, object]>([
    ['temperature', { temperature: 0.2 }, { temperature: 0.2 }],
    ['a temperature above 1', { temperature: 1.7 }, { temperature: 1 }],
    ['top_p', { top_p: 0.5 }, { top_p: 0.5 }],
    ['a top_p that says nothing', { top_p: 1, temperature: 0 }, { temperature: 0 }],
    ['top_k', { top_k: 5 }, { top_k: 5 }],
    ['one stop', { stop: 'END' }, { stop_sequences: ['END'] }],
    ['several stops', { stop: ['a', 'b'] }, { stop_sequences: ['a', 'b'] }],
    ['user', { user: 'u-1' }, { metadata: { user_id: 'u-1' } }],
    ["Anthropic's tier", { service_tier: 'standard_only' }, { service_tier: 'standard_only' }],
    ["OpenAI's tier", { service_tier: 'flex' }, {}],
    ['a stream', { stream: true, stream_options: { include_usage: true } }, {}],
    [
      'what has no counterpart and changes nothing',
      { seed: 1, store: true, metadata: { a: 'b' }, presence_penalty: 1, n: 1, logprobs: false },
      {},
    ],
    [
      'a schema',
      { response_format: { type: 'json_schema', json_schema: { name: 's', schema: { a: 1 } } } },
      { output_config: { format: { type: 'json_schema', schema: { a: 1 } } } },
    ],
    ['JSON of any kind', { response_format: { type: 'json_object' } }, {}],
    ['nulls', { temperature: null, stop: null, tools: null, response_format: null, n: null }, {}],
  ])('maps %s', (_what, chat, expected) => {
    const { model: _, max_tokens: __, messages: ___, ...rest } = sent(chat)
    expect(rest).toEqual(expected)
  })

  it('asks for a stream if the client did', () => {
    expect(sent({}, { stream: true })['stream']).toBe(true)
  })

  it('sends no sampling to models that refuse it', () => {
    const chat = { temperature: 0.2, top_p: 0.5, top_k: 4 }
    for (const model of ['claude-opus-4-7', 'claude-sonnet-5', 'claude-haiku-5-5']) {
      expect(Object.keys(sent(chat, { model }))).toEqual(['model', 'max_tokens', 'messages'])
    }
  })

  it.each<[string, object]>([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['top_logprobs', { top_logprobs: 3 }],
    ['logit_bias', { logit_bias: { 50: 1 } }],
    ['functions', { functions: [] }],
    ['function_call', { function_call: 'auto' }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['inference_geo', { inference_geo: 'us' }],
    ['reasoning_effort', { reasoning_effort: 'immense' }],
    ['temperature', { temperature: 'hot' }],
    ['stop', { stop: [1] }],
    ['thinking', { thinking: true }],
    ['response_format.type', { response_format: { type: 'grammar' } }],
    [
      'response_format.json_schema.schema',
      { response_format: { type: 'json_schema', json_schema: {} } },
    ],
    ['messages', { messages: 'hi' }],
    ['messages', { messages: null }],
    ['messages[0]', { messages: ['hi'] }],
    ['messages[0].role', { messages: [{ role: 'ghost' }] }],
    ['messages[0].role', { messages: [{ role: 'function', name: 'f', content: '' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: 3 }] }],
    [
      'messages[0].content[0].type',
      { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
    ],
    ['messages[0].tool_call_id', { messages: [{ role: 'tool', content: 'x' }] }],
    ['tools[0].type', { tools: [{ type: 'custom' }] }],
    ['tools[0].function.name', { tools: [{ type: 'function', function: {} }] }],
    ['tool_choice', { tools: [TOOL], tool_choice: { type: 'allowed_tools' } }],
  ])('is refused with a 400 that names %s', (param, chat) => {
    expect(refusal(chat)).toEqual([400, param])
  })
})

describe('tools', () => {
  it('carry name, description, schema and cache mark', () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } } }
    const tool = {
      type: 'function',
      function: { name: 'weather', description: 'of a city', parameters, strict: true },
      cache_control: { type: 'ephemeral' },
    }
    const expected = {
      name: 'weather',
      description: 'of a city',
      input_schema: parameters,
      strict: true,
      cache_control: { type: 'ephemeral' },
    }
    expect(sent({ tools: [tool] })['tools']).toEqual([expected])
    const { strict: _, ...loose } = expected
    expect(sent({ tools: [tool] }, { model: 'claude-3-7-sonnet' })['tools']).toEqual([loose])
  })

  it('without parameters take an empty object', () => {
    const tools = [{ type: 'function', function: { name: 'now' } }]
    const input_schema = { type: 'object', properties: {} }
    expect(sent({ tools })['tools']).toEqual([{ name: 'now', input_schema }])
  })

  it("of Anthropic's own pass as they are", () => {
    const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }]
    expect(sent({ tools })['tools']).toEqual(tools)
  })

  it.each<[object, unknown]>([
    [{}, undefined],
    [{ tool_choice: 'auto' }, { type: 'auto' }],
    [{ tool_choice: 'none', parallel_tool_calls: false }, { type: 'none' }],
    [{ tool_choice: 'required' }, { type: 'any' }],
    [
      { tool_choice: { type: 'function', function: { name: 'weather' } } },
      { type: 'tool', name: 'weather' },
    ],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [{ parallel_tool_calls: true }, undefined],
  ])('are chosen by %j', (chat, expected) => {
    expect(sent({ tools: [TOOL], ...chat })['tool_choice']).toEqual(expected)
  })
})

const budget = (tokens: number) => ({ type: 'enabled', budget_tokens: tokens })

describe('thinking', () => {
  const CALLED = {
    role: 'assistant',
    tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' } }],
  }
  const think = (chat: object, how: Sent = {}) => {
    const { thinking, output_config: config } = sent({ max_tokens: 9000, ...chat }, how)
    return [thinking, config]
  }

  it.each<[string, object, Sent, unknown, unknown]>([
    ['low effort', { reasoning_effort: 'low' }, {}, budget(1024), undefined],
    ['high effort', { reasoning_effort: 'high' }, {}, budget(4096), undefined],
    ['no effort', { reasoning_effort: 'none' }, {}, undefined, undefined],
    [
      'a model before thinking',
      { reasoning_effort: 'low' },
      { model: 'claude-3-5-haiku-20241022' },
      undefined,
      undefined,
    ],
    [
      'the first model that thinks',
      { reasoning_effort: 'low' },
      { model: 'claude-3-7-sonnet-20250219' },
      budget(1024),
      undefined,
    ],
    [
      'a dated model',
      { reasoning_effort: 'low' },
      { model: 'claude-sonnet-4-20250514' },
      budget(1024),
      undefined,
    ],
    [
      'an adaptive model',
      { reasoning_effort: 'minimal' },
      { model: 'claude-opus-4-6' },
      { type: 'adaptive' },
      { effort: 'low' },
    ],
    [
      'more than it knows',
      { reasoning_effort: 'xhigh' },
      { model: 'claude-opus-4-6' },
      { type: 'adaptive' },
      { effort: 'high' },
    ],
    [
      'a newer model',
      { reasoning_effort: 'xhigh' },
      { model: 'claude-fable-5-1' },
      { type: 'adaptive' },
      { effort: 'xhigh' },
    ],
    [
      "the client's own",
      { thinking: budget(2000), reasoning_effort: 'low' },
      {},
      budget(2000),
      undefined,
    ],
    ['a budget past the cap', { thinking: budget(9000) }, {}, budget(8999), undefined],
    ['a strict cap', { thinking: budget(4000) }, { outputTokens: 3000 }, budget(2999), undefined],
    [
      'a cap too small to think',
      { reasoning_effort: 'high', max_tokens: 1024 },
      {},
      undefined,
      undefined,
    ],
    [
      'a forced tool',
      { reasoning_effort: 'low', tools: [TOOL], tool_choice: 'required' },
      {},
      undefined,
      undefined,
    ],
    [
      'a tool call that no thought precedes',
      {
        reasoning_effort: 'low',
        messages: [...HI, CALLED, { role: 'tool', tool_call_id: 'a', content: 'x' }],
      },
      {},
      undefined,
      undefined,
    ],
  ])('by %s', (_what, chat, how, thinking, config) => {
    expect(think(chat, how)).toEqual([thinking, config])
  })

  it('takes no temperature', () => {
    const body = sent({ reasoning_effort: 'low', max_tokens: 4000, temperature: 0 })
    expect(body).toHaveProperty('thinking')
    expect(body).not.toHaveProperty('temperature')
  })
})
