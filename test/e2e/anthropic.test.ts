import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AnthropicProvider, startAnthropic, USAGE } from './anthropic-provider.ts'
import { HI } from './gateway.ts'
import { PROVIDER_KEY, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

// 801 read in all and 23 written: see messages.test.ts.
const COST = 33_000_000n + 210_000_000n + 187_500_000n + 240_000_000n + 345_000_000n
const WEATHER = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: {} } },
} as const

let stack: Stack
let anthropic: AnthropicProvider

beforeAll(async () => {
  anthropic = await startAnthropic()
  // No prices of its own: the catalog knows what a Sonnet costs.
  stack = await startStack(`  - model_name: claude-*
    litellm_params:
      model: anthropic/claude-*
      api_base: ${anthropic.baseUrl}
      api_key: ${PROVIDER_KEY}
    model_info:
      base_model: claude-sonnet-4-5
`)
})
afterAll(async () => {
  await stack.close()
  await anthropic.close()
})

describe.concurrent('a client of OpenAI, to a model of Anthropic', () => {
  it('gets a completion with tools, charged by the catalog', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const answer = await stack.openai(key).chat.completions.create({
      model: 'claude-sonnet-4-5-tool',
      messages: [{ role: 'system', content: 'Be short.' }, ...HI],
      tools: [WEATHER],
    })
    const [choice] = answer.choices
    expect(choice?.finish_reason).toBe('tool_calls')
    expect(choice?.message.content).toBe('Grüße "you"')
    expect(choice?.message.tool_calls).toEqual([
      {
        id: 'toolu_1',
        type: 'function',
        function: { name: 'weather', arguments: '{"city":"Zürich","days":2}' },
      },
    ])
    expect(answer.usage).toMatchObject({ prompt_tokens: 801, completion_tokens: 23 })
    await stack.agreeOn(teamId, COST)
    const [row] = await stack.delivered(teamId, 1)
    const detail = JSON.parse(row?.['detail'] ?? '') as Record<string, string>
    const parts = JSON.parse(detail['costParts'] ?? '') as Record<string, string>
    expect(Object.values(parts).reduce((sum, pico) => sum + BigInt(pico), 0n)).toBe(COST)
    const sent = anthropic.seen.findLast(({ body }) => body['model'] === 'claude-sonnet-4-5-tool')
    expect(sent?.body).toMatchObject({
      system: [{ type: 'text', text: 'Be short.' }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      tools: [{ name: 'weather' }],
    })
  })

  it('reads a stream of text, thoughts and tools', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const stream = stack.openai(key).chat.completions.stream({
      model: 'claude-sonnet-4-5-think-tool',
      messages: HI,
      tools: [WEATHER],
      stream_options: { include_usage: true },
    })
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]?.message.content).toBe('Grüße "you"')
    const [call] = final.choices[0]?.message.tool_calls ?? []
    expect(call).toMatchObject({ function: { arguments: '{"city":"Zürich","days":2}' } })
    expect(final.usage?.completion_tokens).toBe(USAGE.output_tokens)
    await stack.agreeOn(teamId, COST)
  })

  it('shows images, caches, asks for a schema and for thought', async () => {
    const { key } = await stack.tenant({ max_budget: 1 })
    const url = 'data:image/png;base64,iVBORw0KGgo='
    const cached = { type: 'text', text: 'long', cache_control: { type: 'ephemeral', ttl: '1h' } }
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    await stack.openai(key).chat.completions.create({
      model: 'claude-opus-4-6-shown',
      messages: [
        { role: 'system', content: [cached as OpenAI.ChatCompletionContentPartText] },
        { role: 'user', content: [{ type: 'image_url', image_url: { url } }] },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
      reasoning_effort: 'low',
    })
    const sent = anthropic.seen.findLast(({ body }) => body['model'] === 'claude-opus-4-6-shown')
    expect(sent?.body).toMatchObject({
      system: [cached],
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'image',
              source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' },
            },
          ],
        },
      ],
      thinking: { type: 'adaptive' },
      output_config: { effort: 'low', format: { type: 'json_schema', schema } },
    })
  })

  it('is refused what Anthropic cannot do, free of charge', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const answer = await stack.chat(key, 'claude-sonnet-4-5', { logprobs: true })
    expect(answer.status).toBe(400)
    expect(answer.json).toMatchObject({ error: { param: 'logprobs' } })
    await stack.agreeOn(teamId, 0n)
  })
})
