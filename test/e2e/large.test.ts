import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listen } from '../../dev/listen.ts'
import { costOf } from './amounts.ts'
import { model, startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { memoryMb } from './memory.ts'

const MB = 1024 * 1024
const STREAM_BYTES = 100 * MB
const BODY_BYTES = 19 * MB
/** What an isolate may have in all; its heap is held to that here, too. */
const GROWTH_MAX_MB = 128
const USAGE = '"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}'
const PAID = costOf([{ promptTokens: 8, completionTokens: 2 }])

const EVENT = Buffer.from(
  `data: {"id":"big","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"${'word '.repeat(20)}"},"finish_reason":null}]}\n\n`,
)
const BLOCK = Buffer.concat(Array.from({ length: 256 }, () => EVENT))
const BLOCKS = Math.ceil(STREAM_BYTES / BLOCK.length)

let stack: Stack
let closeProvider: () => Promise<void>
let received = 0

beforeAll(async () => {
  const server = createServer((request, response) => void respond(request, response))
  const { port, close } = await listen(server)
  closeProvider = close
  stack = await startStack(model('large/*', `http://127.0.0.1:${port}`))
})
afterAll(async () => {
  await stack.close()
  await closeProvider()
})

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  received = 0
  let isStream = false
  for await (const chunk of request as AsyncIterable<Buffer>) {
    received += chunk.length
    isStream ||= chunk.includes('"stream":true')
  }
  if (!isStream) {
    const whole = `{"id":"big","object":"chat.completion","choices":[],${USAGE}}`
    return void response.writeHead(200, { 'content-type': 'application/json' }).end(whole)
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (let i = 0; i < BLOCKS; i++) {
    if (!response.write(BLOCK)) await new Promise((resolve) => response.once('drain', resolve))
  }
  const report = `data: {"id":"big","object":"chat.completion.chunk","choices":[],${USAGE}}\n\n`
  response.end(`${report}data: [DONE]\n\n`)
}

/** Memory at its highest while something is going on, above what it was before. */
async function growthMb(work: () => Promise<void>): Promise<number> {
  const before = memoryMb(stack.worker.pid)
  let peak = before
  const timer = setInterval(() => (peak = Math.max(peak, memoryMb(stack.worker.pid))), 20)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return peak - before
}

it('a stream of 100 MB passes within the memory of an isolate', { timeout: 60_000 }, async () => {
  const { teamId, key } = await stack.tenant({ max_budget: 1 })
  await stack.chat(key, 'large/warm')
  let bytes = 0
  const grown = await growthMb(async () => {
    const response = await fetch(`${stack.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'large/stream',
        messages: [{ role: 'user', content: 'hi' }],
        stream: true,
        stream_options: { include_usage: true },
      }),
    })
    for await (const chunk of response.body ?? []) bytes += (chunk as Uint8Array).length
  })
  console.log(JSON.stringify({ stream: { bytes, grownMb: grown } }))
  expect(bytes).toBeGreaterThan(STREAM_BYTES)
  expect(grown).toBeLessThan(GROWTH_MAX_MB)
  await stack.agreeOn(teamId, 2n * PAID)
})

it('a body of 19 MB passes within the memory of an isolate', { timeout: 60_000 }, async () => {
  const { teamId, key } = await stack.tenant({ max_budget: 1 })
  await stack.chat(key, 'large/warm')
  const grown = await growthMb(async () => {
    const answer = await stack.chat(key, 'large/body', {
      user: 'u',
      padding: 'x'.repeat(BODY_BYTES),
    })
    expect(answer.status, answer.text).toBe(200)
  })
  console.log(JSON.stringify({ body: { bytes: received, grownMb: grown } }))
  expect(received).toBeGreaterThan(BODY_BYTES)
  expect(grown).toBeLessThan(GROWTH_MAX_MB)
  await stack.agreeOn(teamId, 2n * PAID)
})
