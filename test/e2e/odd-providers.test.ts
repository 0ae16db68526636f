import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../../dev/listen.ts'
import { costOf } from './amounts.ts'
import { HI } from './gateway.ts'
import { model, PROVIDER_KEY, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const SSE = { 'content-type': 'text/event-stream' }
const JSON_TYPE = { 'content-type': 'application/json' }
const USAGE = '"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}'
const WHOLE = `{"id":"odd-1","object":"chat.completion","choices":[],${USAGE}}`
const say = (content: string): string =>
  `data: {"id":"odd-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}]}\n\n`
const REPORT = `data: {"id":"odd-1","object":"chat.completion.chunk","choices":[],${USAGE}}\n\n`
const DONE = 'data: [DONE]\n\n'
const PAID = costOf([{ promptTokens: 8, completionTokens: 2 }])

/** What providers have been seen to do, and the mock's script has no word for. */
const HABITS: Record<string, (response: ServerResponse) => void> = {
  'breaks in mid-event': (response) => {
    response.writeHead(200, SSE).write(say('a'))
    response.write(say('b').slice(0, 40), () => setTimeout(() => response.destroy(), 50))
  },
  'ends without [DONE]': (response) => response.writeHead(200, SSE).end(say('a') + REPORT),
  'stays after [DONE]': (response) => response.writeHead(200, SSE).write(say('a') + REPORT + DONE),
  'speaks CRLF, with comments': (response) => {
    const events = `: keep-alive\n\n${say('a')}${REPORT}${DONE}`
    response.writeHead(200, SSE).end(events.replaceAll('\n', '\r\n'))
  },
  'says an error in the stream': (response) =>
    response
      .writeHead(200, SSE)
      .end(`${say('a')}data: {"error":{"message":"overloaded"}}\n\n${DONE}`),
  'answers whole to a stream': (response) => response.writeHead(200, JSON_TYPE).end(WHOLE),
  'answers gzipped': (response) => {
    const bytes = gzipSync(WHOLE)
    response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(bytes)
  },
  'sets cookies': (response) => {
    const more = { 'set-cookie': 'session=1', 'access-control-allow-origin': 'https://odd.example' }
    response.writeHead(200, { ...JSON_TYPE, ...more }).end(WHOLE)
  },
  'answers nothing': (response) => response.writeHead(200, JSON_TYPE).end(),
  'answers 204': (response) => response.writeHead(204).end(),
  'ends a stream without a word': (response) => response.writeHead(200, SSE).end(),
  'reports nonsense': (response) => {
    const usage = '"usage":{"prompt_tokens":-8,"completion_tokens":1e300,"total_tokens":"10"}'
    response.writeHead(200, JSON_TYPE).end(WHOLE.replace(USAGE, usage))
  },
  'reports zeros': (response) => {
    const usage = '"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}'
    response.writeHead(200, JSON_TYPE).end(WHOLE.replace(USAGE, usage))
  },
  'has an id that no database takes': (response) => {
    response.writeHead(200, JSON_TYPE).end(WHOLE.replace('odd-1', String.raw`odd\u0000\ud800`))
  },
  'answers with half an object': (response) =>
    response.writeHead(200, JSON_TYPE).end(WHOLE.slice(0, -USAGE.length - 1)),
  'answers with braces around nothing': (response) =>
    response.writeHead(200, JSON_TYPE).end('{"id":"odd-1","choices":[{]}'),
  'answers with noise': (response) => response.writeHead(200, JSON_TYPE).end(randomBytes(1_000)),
  'answers with a text': (response) => response.writeHead(200, JSON_TYPE).end('"just text"'),
  'answers without an end': (response) => {
    response.writeHead(200, JSON_TYPE)
    void writeForever(response, Buffer.alloc(1024 * 1024, ' '))
  },
  'sends a line of 10 MB': (response) => {
    response.writeHead(200, SSE).write(say('a'))
    response.write(say('x'.repeat(10 * 1024 * 1024)))
    response.end(REPORT + DONE)
  },
  'streams without an end': (response) => {
    response.writeHead(200, SSE)
    void writeForever(response, Buffer.from(`: ${'x'.repeat(65_533)}\n`))
  },
  'quotes the key in an answer': (response) =>
    response
      .writeHead(200, JSON_TYPE)
      .end(`{"error":{"message":"bad key ${PROVIDER_KEY}","code":401}}`),
  'quotes the key in a stream': (response) =>
    response
      .writeHead(200, SSE)
      .end(`data: {"error":{"message":"bad ${PROVIDER_KEY}"}}\n\n${DONE}`),
  'quotes the key in an error': (response) =>
    response.writeHead(401, JSON_TYPE).end(`{"error":{"message":"bad key ${PROVIDER_KEY}"}}`),
  'repeats its usage in every chunk': (response) => {
    const chunk = say('a').replace('"choices"', `${USAGE},"choices"`)
    response.writeHead(200, SSE).end(chunk + chunk + chunk + DONE)
  },
}

async function writeForever(response: ServerResponse, piece: Buffer): Promise<void> {
  while (!response.destroyed) {
    if (response.write(piece)) continue
    await new Promise((resolve) => {
      response.once('drain', resolve)
      response.once('close', resolve)
    })
  }
}

let stack: Stack
let closeOdd: () => Promise<void>

beforeAll(async () => {
  const server = createServer((request, response) => {
    void answer(request, response)
  })
  const { port, close } = await listen(server)
  closeOdd = close
  stack = await startStack(model('odd/*', `http://127.0.0.1:${port}`))
})
afterAll(async () => {
  await stack.close()
  await closeOdd()
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = JSON.parse(await textOf(request)) as { model: string }
  HABITS[asked.model.slice('odd/'.length)]?.(response)
}

async function ask(habit: string, stream: boolean) {
  const { teamId, key } = await stack.tenant({ max_budget: 1 })
  const reply = await stack.chat(key, `odd/${habit}`, { stream })
  return { teamId, key, reply }
}

describe.concurrent('a provider that', () => {
  it('breaks in mid-event raises in the openai SDK as one that breaks between two', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const asked = { model: 'odd/breaks in mid-event', messages: HI, stream: true } as const
    const stream = await stack.openai(key).chat.completions.create(asked)
    const read = (async () => {
      for await (const _ of stream) continue
    })()
    await expect(read).rejects.toThrow('The provider broke off the stream.')
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ usage_source: 'counted' })
  })

  it.each([
    ['ends without [DONE]', say('a')],
    ['stays after [DONE]', say('a') + DONE],
    ['speaks CRLF, with comments', `: keep-alive\n\n${say('a')}${DONE}`.replaceAll('\n', '\r\n')],
  ])('%s is relayed as it speaks and charged what it says', async (habit, text) => {
    const { teamId, reply } = await ask(habit, true)
    expect(reply).toMatchObject({ status: 200, text })
    await stack.agreeOn(teamId, PAID)
  })

  it('says an error in the stream is passed on, and charged for what it wrote', async () => {
    const { teamId, reply } = await ask('says an error in the stream', true)
    expect(reply.text).toContain('data: {"error":{"message":"overloaded"}}\n\n')
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ usage_source: 'counted', completion_tokens: '1' })
  })

  it.each([
    ['answers whole to a stream', true],
    ['answers gzipped', false],
    ['sets cookies', false],
  ])('%s is charged what it says', async (habit, stream) => {
    const { teamId, reply } = await ask(habit, stream)
    expect(reply).toMatchObject({ status: 200, text: WHOLE })
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(reply.headers.get('set-cookie')).toBeNull()
    expect(reply.headers.get('access-control-allow-origin')).toBe('*')
    await stack.agreeOn(teamId, PAID)
  })

  it('has an id that no database takes keeps no other entry from Postgres', async () => {
    const { teamId, reply } = await ask('has an id that no database takes', false)
    expect(reply.status).toBe(200)
    await stack.delivered(teamId, 1)
    await stack.agreeOn(teamId, PAID)
  })

  it('repeats its usage in every chunk is charged once', async () => {
    const { teamId, reply } = await ask('repeats its usage in every chunk', true)
    expect(reply.text.match(/"content":"a"/g)).toHaveLength(3)
    await stack.agreeOn(teamId, PAID)
  })

  it.each(['answers nothing', 'answers 204'])('%s is charged as the hold', async (habit) => {
    const { teamId, reply } = await ask(habit, false)
    expect(reply.status).toBe(502)
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ status: 'failure', usage_source: 'bound' })
    await stack.agreeOn(teamId, BigInt(row?.['spend_pico'] ?? 0))
  })

  it.each([
    ['reports nonsense', false],
    ['reports zeros', false],
    ['ends a stream without a word', true],
  ])('%s is charged by counting, and marked', async (habit, stream) => {
    const { teamId, reply } = await ask(habit, stream)
    expect(reply.status).toBe(200)
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ usage_source: 'counted' })
    const [prompt, completion] = [
      Number(row?.['prompt_tokens']),
      Number(row?.['completion_tokens']),
    ]
    expect(prompt).toBeGreaterThan(10)
    expect(completion).toBeLessThan(50)
    await stack.agreeOn(teamId, costOf([{ promptTokens: prompt, completionTokens: completion }]))
  })

  it.each([
    'answers with half an object',
    'answers with braces around nothing',
    'answers with noise',
    'answers with a text',
    'answers without an end',
  ])('%s is a gateway error, and its entry ends', { timeout: 30_000 }, async (habit) => {
    const { teamId, reply } = await ask(habit, false)
    expect(reply.status).toBe(502)
    expect(reply.json).toMatchObject({ error: { type: 'provider_error', code: '502' } })
    const [row] = await stack.delivered(teamId, 1)
    await stack.agreeOn(teamId, BigInt(row?.['spend_pico'] ?? 0))
  })

  it('sends a line of 10 MB is relayed as it speaks and charged what it says', async () => {
    const { teamId, reply } = await ask('sends a line of 10 MB', true)
    expect(reply.text.length).toBeGreaterThan(10 * 1024 * 1024)
    await stack.agreeOn(teamId, PAID)
  })

  it('streams without an end is cut, and its entry ends', { timeout: 60_000 }, async () => {
    const { teamId, reply } = await endless('odd/streams without an end')
    expect(reply).toContain('The provider did not come to an end.')
    const [row] = await stack.delivered(teamId, 1)
    await stack.agreeOn(teamId, BigInt(row?.['spend_pico'] ?? 0))
  })

  it.each([
    ['quotes the key in an answer', false],
    ['quotes the key in a stream', true],
    ['quotes the key in an error', false],
  ])('%s is relayed without it', async (habit, stream) => {
    const { reply } = await ask(habit, stream)
    expect(reply.text).toContain('[redacted]')
    expect(reply.text).not.toContain(PROVIDER_KEY)
  })
})

/** Reads a stream to its end, and keeps the last of it. */
async function endless(name: string) {
  const { teamId, key } = await stack.tenant({ max_budget: 1 })
  const response = await fetch(`${stack.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: name, messages: HI, stream: true }),
  })
  let reply = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    reply = (reply + decoder.decode(chunk, { stream: true })).slice(-1_000)
  }
  return { teamId, reply }
}
