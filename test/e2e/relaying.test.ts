import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../../dev/listen.ts'
import { body, contentEvents, endEvents } from '../../dev/provider-answers.ts'
import { readScript } from '../../dev/provider-script.ts'
import type { SeenRequest } from '../../dev/provider.ts'
import { costOf, usd } from './amounts.ts'
import { eventually } from './eventually.ts'
import { HI } from './gateway.ts'
import { mark, PROVIDER_KEY, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const BUDGET = { max_budget: 1 }

let stack: Stack
let elsewhere: { url: string; asked: () => number; close: () => Promise<void> }

beforeAll(async () => {
  elsewhere = await startElsewhere()
  stack = await startStack()
})
afterAll(async () => {
  await stack.close()
  await elsewhere.close()
})

/** Where a client may want a call to go. */
async function startElsewhere() {
  let asked = 0
  const server = createServer((_request, response) => {
    asked++
    response.end()
  })
  const { port, close } = await listen(server)
  return { url: `http://127.0.0.1:${port}/v1`, asked: () => asked, close }
}

const isUsage = (event: string): boolean => event.includes('"choices":[]')

const seenWith = (word: string): SeenRequest[] =>
  stack.provider.requests.filter((request) => request.body.includes(word))

describe.concurrent('an answer', () => {
  it('comes byte for byte, big numbers and unknown fields too, with its cost', async () => {
    const word = mark()
    const { teamId, key } = await stack.tenant(BUDGET)
    const answer = await stack.chat(key, `script/usage-9-4+${word}`)
    const [bill] = stack.bills(word)
    const script = readScript(bill?.model ?? '')
    const expected = body(
      { id: bill?.id ?? '', model: bill?.model ?? '', family: 'chat', script },
      1,
    )
    expect(answer.text).toBe(expected)
    expect(expected).toContain('"big":12345678901234567890')
    const cost = costOf([{ promptTokens: 9, completionTokens: 4 }])
    expect(Number(answer.headers.get('x-litellm-response-cost'))).toBe(usd(cost))
    expect(answer.headers.get('x-request-id')).toBeNull()
    await stack.agreeOn(teamId, cost)
  })

  it.each([
    ['as it came', '', false],
    ['as it came, with the usage chunk that was asked for', '', true],
    ['as it came in odd pieces', '+split-7', false],
    ['as it came in odd pieces, with the usage chunk that was asked for', '+split-7', true],
    ['without a usage chunk that nobody asked for', '+usage-unasked', false],
  ])('streams byte for byte, %s', async (_what, words, include_usage) => {
    const word = mark()
    const { teamId, key } = await stack.tenant(BUDGET)
    const options = include_usage ? { stream_options: { include_usage } } : {}
    const answer = await stack.chat(key, `script/usage-9-4${words}+${word}`, {
      stream: true,
      ...options,
    })
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const [bill] = stack.bills(word)
    const name = bill?.model ?? ''
    const whole = {
      id: bill?.id ?? '',
      model: name,
      family: 'chat',
      script: readScript(name),
    } as const
    // We always ask the provider for its usage; only the chunk of its own is taken out again.
    const events = [...contentEvents(whole, true), ...endEvents(whole, true)]
    expect(answer.text).toBe(events.filter((event) => include_usage || !isUsage(event)).join(''))
    expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(answer.text.includes('"prompt_tokens":9')).toBe(include_usage)
    await stack.agreeOn(teamId, costOf([{ promptTokens: 9, completionTokens: 4 }]))
  })

  it('streams to the openai SDK chunk by chunk, as the provider speaks', async () => {
    const { key } = await stack.tenant(BUDGET)
    const asked = { model: 'script/slow-150ms+chunks-4', messages: HI, stream: true } as const
    const stream = await stack.openai(key).chat.completions.create(asked)
    const arrivals: number[] = []
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) arrivals.push(Date.now())
    expect(arrivals).toHaveLength(4)
    expect(arrivals[3]! - arrivals[0]!).toBeGreaterThan(300)
  })

  it('carries tool calls, streamed and whole', async () => {
    const { key } = await stack.tenant(BUDGET)
    const client = stack.openai(key)
    const tool = {
      type: 'function',
      function: { name: 'weather', parameters: { type: 'object' } },
    } as const
    const asked = { model: 'script/tool', messages: HI, tools: [tool] }
    const { choices } = await client.chat.completions.create(asked)
    expect(choices[0]?.finish_reason).toBe('tool_calls')
    const expected = { name: 'weather', arguments: '{"city":"Łódź"}' }
    expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({ id: 'call_1', function: expected })
    const runner = client.chat.completions.stream(asked)
    expect((await runner.finalChatCompletion()).choices[0]?.message.tool_calls?.[0]).toMatchObject({
      id: 'call_1',
      function: expected,
    })
  })

  it('reads cached prompt tokens as part of the prompt', async () => {
    const { teamId, key } = await stack.tenant(BUDGET)
    expect((await stack.chat(key, 'script/usage-30-2+cached-20')).status).toBe(200)
    await stack.agreeOn(teamId, costOf([{ promptTokens: 30, completionTokens: 2 }]))
  })

  it('of embeddings and of legacy completions is charged alike', async () => {
    const word = mark()
    const { teamId, key } = await stack.tenant(BUDGET)
    const client = stack.openai(key)
    const name = `script/usage-6-3+${word}`
    const { data } = await client.embeddings.create({
      model: name,
      input: ['a', 'b'],
      encoding_format: 'float',
    })
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [0.25, -0.5],
      [0.25, -0.5],
    ])
    const whole = await client.completions.create({ model: name, prompt: 'hi' })
    expect(whole.choices[0]?.text).toBe('Grüße 1 2 3 4')
    let streamed = ''
    const stream = await client.completions.create({ model: name, prompt: 'hi', stream: true })
    for await (const chunk of stream) streamed += chunk.choices[0]?.text ?? ''
    expect(streamed).toBe('Grüße 1 2 3 4')
    const cost = costOf([
      { promptTokens: 6, completionTokens: 0 },
      { promptTokens: 6, completionTokens: 3 },
      { promptTokens: 6, completionTokens: 3 },
    ])
    await stack.agreeOn(teamId, cost)
    const rows = await stack.delivered(teamId, 3)
    const types = Object.groupBy(rows, (row) => row['call_type'] ?? '')
    expect(types).toMatchObject({ aembedding: { length: 1 }, atext_completion: { length: 2 } })
    expect(seenWith(word).map(({ path }) => path)).toEqual([
      '/v1/embeddings',
      '/v1/completions',
      '/v1/completions',
    ])
  })
})

async function relayed(raw: string, headers: Record<string, string> = {}): Promise<SeenRequest> {
  const word = /mark\d+end/.exec(raw)?.[0] ?? ''
  const { key } = await stack.tenant(BUDGET)
  const answer = await stack.http('/v1/chat/completions', { key, raw, headers })
  expect(answer.status, answer.text).toBe(200)
  expect(seenWith(word)).toHaveLength(1)
  expect(seenWith(word)[0]?.headers['authorization']).toBe(`Bearer ${PROVIDER_KEY}`)
  return seenWith(word)[0]!
}

describe.concurrent('a request', () => {
  it('reaches the provider byte for byte but for its model', async () => {
    const word = mark()
    const odd =
      `{ "seed":12345678901234567890 ,\n\t"model" : "script/${word}", "tiny":1.0E-7,"e":-0.0,` +
      `"x-unknown":{"a":[1.50,null,"\\u00e9\\ud83d\\ude00é"],"model":"mine"},"messages":[{"role":"user","content":"Łódź \\"q\\""}] }`
    const seen = await relayed(odd)
    expect(seen.body.toString()).toBe(odd.replace(`script/${word}`, word))
  })

  it('asks for usage of a stream, keeping the other stream options', async () => {
    const word = mark()
    const seen = await relayed(
      `{"model":"script/${word}","messages":[],"stream":true,"stream_options":{"include_obfuscation":false,"include_usage":false}}`,
    )
    const sent = JSON.parse(seen.body.toString()) as Record<string, unknown>
    expect(sent['stream_options']).toEqual({ include_obfuscation: false, include_usage: true })
  })

  it('carries images in messages, and is held for their tokens, not for their bytes', async () => {
    const word = mark()
    const { teamId, key } = await stack.tenant(BUDGET)
    const url = `data:image/png;base64,${Buffer.alloc(300_000, 7).toString('base64')}`
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url } },
    ]
    const pending = stack.http('/chat/completions', {
      key,
      body: {
        model: `script/delay-700ms+${word}`,
        messages: [{ role: 'user', content }],
        max_tokens: 1,
      },
    })
    const held = await eventually(async () => {
      const now = await stack.ledgerSpend(teamId)
      expect(now.held).toBeGreaterThan(0)
      return now.held
    })
    expect(held).toBeLessThan(usd(costOf([{ promptTokens: 2_000, completionTokens: 1 }])))
    expect((await pending).status).toBe(200)
    const sent = JSON.parse(seenWith(word)[0]?.body.toString() ?? '') as { messages: unknown[] }
    expect(sent.messages).toEqual([{ role: 'user', content }])
  })

  it.each([
    'api_base',
    'base_url',
    'api_key',
    'mock_response',
    'custom_llm_provider',
    'api_version',
  ])('cannot steer with %s, which never reaches the provider', async (field) => {
    const word = mark()
    const value = field.includes('base') ? elsewhere.url : 'steered'
    const seen = await relayed(`{"${field}":"${value}","model":"script/${word}","messages":[]}`)
    expect(seen.body.toString()).toBe(`{"model":"${word}","messages":[]}`)
    expect(elsewhere.asked()).toBe(0)
  })

  it('keeps its key, cookies and other headers from the provider', async () => {
    const word = mark()
    const { headers } = await relayed(`{"model":"script/${word}","messages":[]}`, {
      cookie: 'session=1',
      'x-api-key': 'sk-mine',
      'openai-organization': 'org-mine',
      'x-forwarded-for': '10.0.0.1',
      'x-litellm-call-id': 'call-mine',
    })
    expect(JSON.stringify(headers)).not.toMatch(/session=1|mine|10\.0\.0\.1/)
  })

  it('with names that no database takes is logged all the same, and so is the next', async () => {
    const word = mark()
    const { teamId, key } = await stack.tenant(BUDGET)
    const raw = `{"model":"script/${word}","messages":[],"user":"a\\u0000b\\ud800c"}`
    const headers = { 'x-litellm-call-id': `é${'x'.repeat(5_000)}` }
    expect((await stack.http('/v1/chat/completions', { key, raw, headers })).status).toBe(200)
    expect((await stack.chat(key, `script/${word}`)).status).toBe(200)
    await stack.delivered(teamId, 2)
    await stack.agreeOn(teamId, costOf(stack.bills(word)))
  })

  it('without a provider key sends no authorization at all', async () => {
    const word = mark()
    const { key } = await stack.tenant(BUDGET)
    expect((await stack.chat(key, `hasty/${word}`)).status).toBe(200)
    expect(seenWith(word)[0]?.headers['authorization']).toBeUndefined()
  })
})
