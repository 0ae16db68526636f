import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROVIDER_KEY, startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import {
  type ResponsesProvider,
  RESPONSES_USAGE,
  type SeenResponsesCall,
  startResponses,
} from './responses-provider.ts'

// 40 read at 5, 60 from the cache at 0.5, 30 written at 30 USD per million.
const COST = 40n * 5_000_000n + 60n * 500_000n + 30n * 30_000_000n

let stack: Stack
let first: ResponsesProvider
let second: ResponsesProvider

const deploymentAt = (name: string, baseUrl: string) => `  - model_name: ${name}
    litellm_params:
      model: openai/${name}
      api_base: ${baseUrl}
      api_key: ${PROVIDER_KEY}
      input_cost_per_token: 0.000005
      cache_read_input_token_cost: 0.0000005
      output_cost_per_token: 0.00003
`

beforeAll(async () => {
  ;[first, second] = await Promise.all([startResponses(), startResponses()])
  stack = await startStack(
    deploymentAt('one', first.baseUrl) +
      deploymentAt('cut', first.baseUrl) +
      deploymentAt('both', first.baseUrl) +
      deploymentAt('both', second.baseUrl) +
      `  - model_name: claude
    litellm_params:
      model: anthropic/claude-sonnet-4-5
      api_key: ${PROVIDER_KEY}
`,
  )
})
afterAll(async () => {
  await stack.close()
  await Promise.all([first.close(), second.close()])
})

const callsOf = (id: string, { seen }: ResponsesProvider): SeenResponsesCall[] =>
  seen.filter(({ path }) => path.includes(id))

async function statusOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 200,
    (error: { status?: number }) => error.status,
  )
}

describe.concurrent('a response', () => {
  it('is made, and charged by its usage', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const made = await stack.openai(key).responses.create({ model: 'one', input: 'hi' })
    expect(made.output_text).toBe('Grüße von hier')
    expect(made.usage).toEqual(RESPONSES_USAGE)
    await stack.agreeOn(teamId, COST)
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ usage_source: 'provider', prompt_tokens: '100' })
  })

  it('is streamed, and charged the same', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const asked = { model: 'one', input: 'hi', stream: true } as const
    const stream = await stack.openai(key).responses.create(asked)
    const types: string[] = []
    let text = ''
    for await (const event of stream) {
      types.push(event.type)
      if (event.type === 'response.output_text.delta') text += event.delta
    }
    expect(text).toBe('Grüße von hier')
    expect(types.at(-1)).toBe('response.completed')
    await stack.agreeOn(teamId, COST)
  })

  it('that is cut is charged what was seen, and the client is told', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const asked = { model: 'cut', input: 'hi', stream: true } as const
    const stream = await stack.openai(key).responses.create(asked)
    const read = (async () => {
      for await (const _ of stream) continue
    })()
    await expect(read).rejects.toThrow('The provider broke off the stream.')
    const [row] = await stack.delivered(teamId, 1)
    // "Grüße von hier" is 16 bytes.
    expect(row).toMatchObject({ usage_source: 'counted', completion_tokens: '4' })
    await stack.agreeOn(teamId, BigInt(row?.['spend_pico'] ?? 0))
  })

  it('is capped by max_output_tokens where a budget is strict', async () => {
    const budget = { max_budget: 0.05, budget_enforcement: 'strict' }
    const { key } = await stack.tenant(budget)
    const made = await stack.openai(key).responses.create({ model: 'one', input: 'strictly' })
    expect(made.status).toBe('completed')
    const { body } = first.seen.find((call) => call.body['input'] === 'strictly')!
    expect(body['max_output_tokens']).toBeGreaterThan(256)
    expect(body['max_output_tokens']).toBeLessThan(1_700)
  })

  it('is shown, listed, cancelled and deleted where it was made, for nothing', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const { responses } = stack.openai(key)
    for (let i = 0; i < 4; i++) {
      const { id } = await responses.create({ model: 'both', input: 'hi' })
      expect((await responses.retrieve(id)).id).toBe(id)
      expect((await responses.inputItems.list(id)).data).toHaveLength(1)
      expect((await responses.cancel(id)).status).toBe('cancelled')
      await responses.delete(id)
      const [here, elsewhere] = id.endsWith(new URL(first.baseUrl).port)
        ? [first, second]
        : [second, first]
      const calls = callsOf(id, here)
      expect(calls.map(({ method }) => method)).toEqual(['GET', 'GET', 'POST', 'DELETE'])
      expect(calls.every(({ headers }) => headers.authorization === `Bearer ${PROVIDER_KEY}`)).toBe(
        true,
      )
      expect(callsOf(id, elsewhere)).toEqual([])
    }
    await stack.agreeOn(teamId, 4n * COST)
  })

  it('is gone on from where it was made', async () => {
    const { key } = await stack.tenant({ max_budget: 10 })
    const { responses } = stack.openai(key)
    for (let i = 0; i < 4; i++) {
      const { id } = await responses.create({ model: 'both', input: 'hi' })
      const next = await responses.create({
        model: 'both',
        input: 'and?',
        previous_response_id: id,
      })
      expect(next.id.split('_')[2]).toBe(id.split('_')[2])
    }
  })

  it('is nowhere for another team', async () => {
    const [{ key }, other] = [await stack.tenant({ max_budget: 1 }), await stack.tenant()]
    const { id } = await stack.openai(key).responses.create({ model: 'one', input: 'hi' })
    const { responses } = stack.openai(other.key)
    expect(await statusOf(responses.retrieve(id))).toBe(404)
    expect(await statusOf(responses.delete(id))).toBe(404)
    const asked = { model: 'one', input: 'hi', previous_response_id: id }
    expect(await statusOf(responses.create(asked))).toBe(404)
    expect(callsOf(id, first)).toEqual([])
  })

  it('is no secret to be asked for with a blocked key', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const { id } = await stack.openai(key).responses.create({ model: 'one', input: 'hi' })
    await stack.http('/team/block', { body: { team_id: teamId } })
    const asked = { model: 'one', input: 'hi', previous_response_id: id }
    expect(await statusOf(stack.openai(key).responses.create(asked))).toBe(401)
    expect(await statusOf(stack.openai(key).responses.retrieve(id))).toBe(401)
  })

  it.each([
    ['one', { background: true }, 'background'],
    ['claude', {}, 'model'],
  ])('is refused, by name, where it could not be charged or made: %s %j', async (...asked) => {
    const [model, more, param] = asked
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const body = { model, input: 'hi', ...more }
    const { status, json } = await stack.http('/v1/responses', { key, body })
    expect(status).toBe(400)
    expect(json).toMatchObject({ error: { param } })
    await stack.agreeOn(teamId, 0n)
  })
})
