import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AnthropicProvider,
  type SeenMessage,
  startAnthropic,
  USAGE,
} from './anthropic-provider.ts'
import { costOf } from './amounts.ts'
import { PROVIDER_KEY, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const HELLO: Anthropic.MessageParam[] = [{ role: 'user', content: 'hi' }]
const ASK = { max_tokens: 100, messages: HELLO }
const WEATHER: Anthropic.Tool = {
  name: 'weather',
  description: 'Tells the weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
}
// 11 read at 3, 700 from a cache at 0.3, 50 written for 5 minutes at 3.75 and 40 for an hour at 6,
// 23 written at 15 USD per million.
const NATIVE_COST = 33_000_000n + 210_000_000n + 187_500_000n + 240_000_000n + 345_000_000n

let stack: Stack
let anthropic: AnthropicProvider

beforeAll(async () => {
  anthropic = await startAnthropic()
  stack = await startStack(`  - model_name: claude/*
    litellm_params:
      model: anthropic/*
      api_base: ${anthropic.baseUrl}
      api_key: ${PROVIDER_KEY}
      input_cost_per_token: 0.000003
      output_cost_per_token: 0.000015
      cache_read_input_token_cost: 0.0000003
      cache_creation_input_token_cost: 0.00000375
      cache_creation_input_token_cost_above_1hr: 0.000006
  - model_name: mock
    litellm_params:
      model: openai/mock
      mock_response: a mock's words
      input_cost_per_token: 0.000001
      output_cost_per_token: 0.000001
`)
})
afterAll(async () => {
  await stack.close()
  await anthropic.close()
})

function client(key: string): Anthropic {
  return new Anthropic({ baseURL: stack.url, apiKey: key, maxRetries: 0 })
}

const lastSeen = (model: string): SeenMessage => {
  const found = anthropic.seen.findLast(({ body }) => body['model'] === model)
  if (!found) throw new Error(`nobody asked for ${model}`)
  return found
}

async function thrown(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  )
}

describe.concurrent('a client of Anthropic, to a model of Anthropic', () => {
  it('gets the answer as it is, and pays to the picodollar', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const model = 'claude/native-think-tool'
    const { data, response } = await client(key)
      .messages.create({ ...ASK, model, tools: [WEATHER] })
      .withResponse()
    expect(data.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use'])
    expect(data.usage).toMatchObject(USAGE)
    expect(Number(response.headers.get('x-litellm-response-cost'))).toBe(0.0010155)
    await stack.agreeOn(teamId, NATIVE_COST)
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ usage_source: 'provider', prompt_tokens: '801' })
    const { path, headers, body } = lastSeen('native-think-tool')
    expect(path).toBe('/v1/messages')
    expect(headers['x-api-key']).toBe(PROVIDER_KEY)
    expect(body).toEqual({ ...ASK, model: 'native-think-tool', tools: [WEATHER] })
  })

  it('reads a stream, with thoughts and tools, and pays the same', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const asked = { ...ASK, model: 'claude/stream-think-tool', tools: [WEATHER] }
    const final = await client(key).messages.stream(asked).finalMessage()
    expect(final.content).toEqual([
      { type: 'thinking', thinking: 'Let me see.', signature: 'c2ln' },
      { type: 'text', text: 'Grüße "you"' },
      { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Zürich', days: 2 } },
    ])
    expect(final.stop_reason).toBe('tool_use')
    expect(final.usage).toMatchObject({ input_tokens: 11, output_tokens: 23 })
    await stack.agreeOn(teamId, NATIVE_COST)
  })

  it('has its version and betas sent on, and nothing else of its headers', async () => {
    const { key } = await stack.tenant()
    await client(key).messages.create(
      { ...ASK, model: 'claude/betas' },
      {
        headers: {
          'anthropic-version': '2023-01-01',
          'anthropic-beta': 'files-api-2025-04-14',
          'x-forwarded-for': '1.2.3.4',
        },
      },
    )
    const { headers } = lastSeen('betas')
    expect(headers['anthropic-version']).toBe('2023-01-01')
    expect(headers['anthropic-beta']).toBe('files-api-2025-04-14')
    expect(headers['x-forwarded-for']).toBeUndefined()
    expect(headers['authorization']).toBeUndefined()
  })

  it('is held within a strict budget by max_tokens, and its thinking within that', async () => {
    // 15 USD per million: 0.03 pays 2,000 tokens.
    const budget = { max_budget: 0.03, budget_enforcement: 'strict' }
    const { key } = await stack.tenant(budget)
    const asked = { ...ASK, model: 'claude/strict', max_tokens: 9_000 }
    const thinking = { type: 'enabled', budget_tokens: 8_000 } as const
    await client(key).messages.create({ ...asked, thinking })
    const { body } = lastSeen('strict')
    const { max_tokens: cap, thinking: sent } = body as unknown as typeof asked & {
      thinking: { budget_tokens: number }
    }
    expect(cap).toBeGreaterThan(1_024)
    expect(cap).toBeLessThan(2_000)
    expect(sent.budget_tokens).toBe(cap - 1)
  })

  it('counts tokens with Anthropic, for nothing', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const counted = await client(key).messages.countTokens({
      model: 'claude/counting',
      messages: HELLO,
    })
    expect(counted).toEqual({ input_tokens: 801 })
    expect(lastSeen('counting').path).toBe('/v1/messages/count_tokens')
    await stack.agreeOn(teamId, 0n)
  })

  it('sees an error of the provider as it is, free of charge', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const error = await thrown(client(key).messages.create({ ...ASK, model: 'claude/overloaded' }))
    expect(error).toBeInstanceOf(Anthropic.APIError)
    expect(error).toMatchObject({ status: 529, error: { error: { type: 'overloaded_error' } } })
    await stack.agreeOn(teamId, 0n)
  })

  it('is told when a stream breaks off, and pays what was seen', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const stream = client(key).messages.stream({ ...ASK, model: 'claude/cut' })
    expect(await thrown(stream.finalMessage())).toMatchObject({
      message: expect.stringContaining('The provider broke off the stream.'),
    })
    const [row] = await stack.delivered(teamId, 1)
    expect(BigInt(row?.['spend_pico'] ?? 0)).toBeGreaterThan(0n)
    await stack.agreeOn(teamId, BigInt(row?.['spend_pico'] ?? 0))
  })

  it.each([
    ['speed', 'fast'],
    ['inference_geo', 'us'],
  ])('is refused what no list prices: %s', async (name, value) => {
    const { key } = await stack.tenant({ max_budget: 1 })
    const body = { ...ASK, model: 'claude/priced', [name]: value }
    const { status, json } = await stack.http('/v1/messages', { key, body })
    expect(status).toBe(400)
    expect(json).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining(`${name}: `) },
    })
  })
})

describe.concurrent('a client of Anthropic, to a model behind an OpenAI-compatible API', () => {
  it('gets a message, and pays what the provider says', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const answer = await client(key).messages.create({ ...ASK, model: 'script/in-40+out-6' })
    expect(answer).toMatchObject({
      type: 'message',
      role: 'assistant',
      stop_reason: 'end_turn',
      content: [{ type: 'text' }],
    })
    const { input_tokens: promptTokens, output_tokens: completionTokens } = answer.usage
    expect(promptTokens).toBeGreaterThan(0)
    await stack.agreeOn(teamId, costOf([{ promptTokens, completionTokens }]))
    const sent = stack.provider.requests.findLast(({ body }) => body.includes('in-40+out-6'))
    expect(sent?.path).toBe('/v1/chat/completions')
    expect(JSON.parse(sent?.body.toString() ?? '')).toMatchObject({
      messages: [{ role: 'user', content: 'hi' }],
      max_completion_tokens: 100,
    })
  })

  it('reads a stream', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const final = await client(key)
      .messages.stream({ ...ASK, model: 'script/chunks-8' })
      .finalMessage()
    expect(final.content).toEqual([{ type: 'text', text: expect.stringContaining('Grüße 1 2') }])
    const { input_tokens: promptTokens, output_tokens: completionTokens } = final.usage
    await stack.agreeOn(teamId, costOf([{ promptTokens, completionTokens }]))
  })

  it('is told when a stream breaks off, and pays what was seen', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const model = 'script/close-mid-stream+chunks-8'
    const stream = client(key).messages.stream({ ...ASK, model })
    expect(await thrown(stream.finalMessage())).toMatchObject({
      message: expect.stringContaining('The provider broke off the stream.'),
    })
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ usage_source: 'counted' })
    await stack.agreeOn(teamId, BigInt(row?.['spend_pico'] ?? 0))
  })

  it('shows images, calls tools, asks for a schema and for thought', async () => {
    const { key } = await stack.tenant({ max_budget: 1 })
    const source = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } as const
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    await client(key).messages.create({
      ...ASK,
      model: 'script/in-77+out-3',
      system: [{ type: 'text', text: 'short', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content: [{ type: 'image', source }] },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 't1', name: 'weather', input: { city: 'x' } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'sun' }] },
      ],
      tools: [WEATHER],
      thinking: { type: 'enabled', budget_tokens: 1_024 },
      output_config: { format: { type: 'json_schema', schema } },
    })
    const sent = stack.provider.requests.findLast(({ body }) => body.includes('in-77+out-3'))
    expect(JSON.parse(sent?.body.toString() ?? '')).toMatchObject({
      messages: [
        { role: 'system', content: 'short' },
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        },
        {
          role: 'assistant',
          tool_calls: [{ id: 't1', function: { name: 'weather', arguments: '{"city":"x"}' } }],
        },
        { role: 'tool', tool_call_id: 't1', content: 'sun' },
      ],
      tools: [{ type: 'function', function: { name: 'weather' } }],
      reasoning_effort: 'low',
      response_format: { type: 'json_schema', json_schema: { schema } },
    })
  })

  it('sees errors as errors of Anthropic', async () => {
    const { key } = await stack.tenant({ max_budget: 1 })
    const error = await thrown(client(key).messages.create({ ...ASK, model: 'script/status-429' }))
    expect(error).toBeInstanceOf(Anthropic.RateLimitError)
    expect(error).toMatchObject({ error: { type: 'error', error: { type: 'rate_limit_error' } } })
  })

  it('has its tokens estimated here', async () => {
    const { key } = await stack.tenant()
    const { input_tokens: count } = await client(key).messages.countTokens({
      model: 'script/never-asked',
      messages: [{ role: 'user', content: 'x'.repeat(4_000) }],
    })
    expect(count).toBeGreaterThan(900)
    expect(count).toBeLessThan(1_200)
  })

  it('is answered by a mock, too', async () => {
    const { key } = await stack.tenant()
    for (const stream of [false, true]) {
      const sdk = client(key).messages
      const asked = { ...ASK, model: 'mock' }
      const answer = await (stream ? sdk.stream(asked).finalMessage() : sdk.create(asked))
      expect(answer.content).toEqual([{ type: 'text', text: "a mock's words" }])
    }
  })
})

describe.concurrent('a refusal', () => {
  it('is in the envelope of Anthropic, with the status of LiteLLM', async () => {
    const { key } = await stack.tenant({ max_budget: 1e-9 })
    await client(key).messages.create({ ...ASK, model: 'mock' })
    const error = await thrown(client(key).messages.create({ ...ASK, model: 'mock' }))
    expect(error).toBeInstanceOf(Anthropic.BadRequestError)
    expect(error).toMatchObject({
      error: {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: expect.stringMatching(/^Budget has been/),
        },
      },
    })
  })

  it.each(['/v1/messages', '/v1/messages/count_tokens'])('of a bad key, too: %s', async (path) => {
    const body = { ...ASK, model: 'mock' }
    const { status, json } = await stack.http(path, { key: 'sk-nobody', body })
    expect(status).toBe(401)
    expect(json).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
  })

  it('names the field that is wrong', async () => {
    const { key } = await stack.tenant()
    const body = { model: 'script/x', max_tokens: 9, messages: [{ role: 'user', content: [{}] }] }
    const { status, text } = await stack.http('/v1/messages', { key, body })
    expect(status).toBe(400)
    expect(text).toContain('messages.0.content.0.type')
  })
})
