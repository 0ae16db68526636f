import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { providerNames } from '../../src/upstream/providers.ts'
import { startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { type SeenCall, type StrictProvider, startStrict } from './strict-provider.ts'

// 40 read at 1, 60 from a cache at 0.1, 30 written at 20 USD per million.
const COST = 40n * 1_000_000n + 60n * 100_000n + 30n * 20_000_000n
/** All that a provider may see of headers, its key aside. */
const HEADERS = new Set([
  'accept',
  'accept-encoding',
  'anthropic-version',
  'content-length',
  'content-type',
  'host',
  'transfer-encoding',
  'user-agent',
])
const KEYS = new Set(['authorization', 'api-key', 'x-api-key'])
const FOREIGN = {
  cookie: 'session=1',
  'cf-connecting-ip': '1.2.3.4',
  'x-forwarded-for': '1.2.3.4',
  'x-real-ip': '1.2.3.4',
  'openai-organization': 'org-of-the-client',
  'x-goog-api-key': 'unused',
  'x-custom': 'anything',
}

const say = (content: string) => [{ role: 'user' as const, content }]

let stack: Stack
let strict: StrictProvider

beforeAll(async () => {
  strict = await startStrict()
  const rows = providerNames().map(
    (provider) => `  - model_name: at/${provider}
    litellm_params:
      model: ${provider}/some-model
      api_base: ${strict.baseOf(provider)}
      api_key: sk-of-${provider}
      input_cost_per_token: 0.000001
      cache_read_input_token_cost: 0.0000001
      output_cost_per_token: 0.00002
`,
  )
  stack = await startStack(rows.join(''))
})
afterAll(async () => {
  await stack.close()
  await strict.close()
})

/** The call that said these words. */
function seenWith(provider: string, words: string): SeenCall {
  const found = strict.seen.find(
    (call) => call.provider === provider && JSON.stringify(call.body).includes(words),
  )
  if (!found) throw new Error(`${provider} was not asked`)
  return found
}

describe.concurrent.each(providerNames())('%s', (provider) => {
  it('is asked in its own words, and charged as it counts', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const body = { model: `at/${provider}`, messages: say('whole') }
    const answer = await stack.http('/v1/chat/completions', { key, body, headers: FOREIGN })
    expect(answer.status, answer.text).toBe(200)
    expect(answer.json).toMatchObject({ choices: [{ message: { content: 'hi' } }] })
    const { headers, body: sent } = seenWith(provider, 'whole')
    expect(sent['model']).toBe('some-model')
    const names = Object.keys(headers)
    expect(names.filter((name) => !HEADERS.has(name) && !KEYS.has(name))).toEqual([])
    expect(names.filter((name) => KEYS.has(name))).toHaveLength(1)
    for (const name of ['set-cookie', 'x-request-id', 'openai-organization']) {
      expect(answer.headers.get(name)).toBeNull()
    }
    await stack.agreeOn(teamId, COST)
  })

  it('streams, and is charged the same', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const asked = { model: `at/${provider}`, messages: say('stream'), stream: true } as const
    const stream = await stack.openai(key).chat.completions.create(asked)
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe('hi')
    await stack.agreeOn(teamId, COST)
  })

  it('is capped where a budget is strict', async () => {
    const { key } = await stack.tenant({ max_budget: 0.03, budget_enforcement: 'strict' })
    const answer = await stack.chat(key, `at/${provider}`, { messages: say('strictly') })
    expect(answer.status, answer.text).toBe(200)
    const { body } = seenWith(provider, 'strictly')
    const caps = ['max_tokens', 'max_completion_tokens'].filter((name) => name in body)
    expect(caps).toHaveLength(1)
    expect(body[caps[0] ?? '']).toBeLessThan(1_500)
    expect(answer.headers.get('x-tollgate-max-tokens')).toBe(String(body[caps[0] ?? '']))
  })
})
