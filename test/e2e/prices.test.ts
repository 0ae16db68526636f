import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../../dev/listen.ts'
import { MASTER_KEY } from './gateway.ts'
import { PROVIDER_KEY, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

/** What the provider reports for each model. */
const USAGE: Record<string, object> = {
  'gpt-4o-mini': { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  'gpt-5.5': { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 },
  'grok-4.3': {
    prompt_tokens: 100,
    completion_tokens: 10,
    total_tokens: 110,
    cost_in_usd_ticks: 777,
  },
}

let stack: Stack
let closeProvider: () => Promise<void>

beforeAll(async () => {
  const server = createServer((request, response) => void respond(request, response))
  const { port, close } = await listen(server)
  closeProvider = close
  const row = (name: string, model: string) => `  - model_name: ${name}
    litellm_params:
      model: ${model}
      api_base: http://127.0.0.1:${port}
      api_key: ${PROVIDER_KEY}
`
  stack = await startStack(
    row('openai/*', 'openai/*') + row('grok', 'xai/grok-4.3') + row('odd', 'acme/odd'),
  )
})
afterAll(async () => {
  await stack.close()
  await closeProvider()
})

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { model, service_tier: tier } = JSON.parse(await textOf(request)) as Record<string, string>
  const message = { role: 'assistant', content: 'hi' }
  const body = {
    id: `priced-${model}`,
    object: 'chat.completion',
    model,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: USAGE[model ?? ''],
    ...(tier && { service_tier: tier }),
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function logOf(teamId: string): Promise<Record<string, unknown>> {
  await stack.delivered(teamId, 1)
  const { json, text } = await stack.http(`/spend/logs?team_id=${teamId}`)
  const [row] = (Array.isArray(json) ? json : JSON.parse(text)) as Record<string, unknown>[]
  return row?.['metadata'] as Record<string, unknown>
}

describe.concurrent('a model without a price of its own', () => {
  it('costs what the list says, under a wildcard too', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const answer = await stack.chat(key, 'openai/gpt-4o-mini')
    expect(answer.headers.get('x-litellm-response-cost')).toBe('4.5e-06')
    await stack.agreeOn(teamId, 4_500_000n)
    expect(await logOf(teamId)).toMatchObject({
      cost_breakdown: { input: 1.5e-6, output: 3e-6 },
    })
  })

  it('costs what its service tier does, if that was served', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    await stack.chat(key, 'openai/gpt-5.5', { service_tier: 'flex' })
    const ordinary = 1_000n * 5_000_000n + 500n * 30_000_000n
    await stack.agreeOn(teamId, ordinary / 2n)
    expect(await logOf(teamId)).toMatchObject({ service_tier: 'flex' })
  })

  it('costs what its provider says, where that is the bill', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    await stack.chat(key, 'grok')
    await stack.agreeOn(teamId, 77_700n)
    const { listed_cost: listed, provider_cost: said } = await logOf(teamId)
    expect(said).toBe(7.77e-8)
    expect(listed).toBeGreaterThan(0)
  })

  it('is refused to a budget if nobody knows it, and says what to add', async () => {
    const { key } = await stack.tenant({ max_budget: 1 })
    const { status, text } = await stack.chat(key, 'odd')
    expect(status).toBe(400)
    expect(text).toContain('input_cost_per_token')
    expect(text).toContain('base_model')
  })
})

describe.concurrent('an admin', () => {
  it('sees prices and where they come from', async () => {
    const { json } = await stack.http('/model/info')
    const rows = json['data'] as { model_name: string; model_info: Record<string, unknown> }[]
    const infoOf = (name: string) => rows.find((row) => row.model_name === name)?.model_info
    expect(infoOf('grok')).toMatchObject({
      price_source: expect.stringContaining('genai-prices'),
      input_cost_per_token: expect.any(Number),
    })
    expect(infoOf('odd')).toMatchObject({ price_source: null, input_cost_per_token: null })
    expect(infoOf('script/*')).toMatchObject({ price_source: 'config' })
  })

  it('is told what a usage would cost, in parts', async () => {
    const usage = {
      prompt_tokens: 10_000,
      completion_tokens: 500,
      prompt_tokens_details: { cached_tokens: 8_000 },
    }
    const completion_response = { model: 'gpt-4o', usage }
    const { json, text } = await stack.http('/spend/calculate', {
      key: MASTER_KEY,
      body: { model: 'openai/gpt-4o', completion_response },
    })
    expect(json['cost'], text).toBe(0.02)
    expect(json['cost_breakdown']).toEqual({ input: 0.005, cache_read: 0.01, output: 0.005 })
  })
})
