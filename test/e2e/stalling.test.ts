import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../../dev/listen.ts'
import { costOf } from './amounts.ts'
import { eventually } from './eventually.ts'
import { HI } from './gateway.ts'
import { mark, model, startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { rawChat } from './raw-call.ts'

/** Together more than all that lies between the provider and a client that stopped reading. */
const EVENTS = 400
const CONTENT = 'x'.repeat(64 * 1024)
const PAID = costOf([{ promptTokens: 13, completionTokens: 29 }])
const BUDGET = { max_budget: 1 }

let stack: Stack
let closeFlood: () => Promise<void>
/** Events that the provider got rid of, by the call's user. */
const sent = new Map<string, number>()

beforeAll(async () => {
  const server = createServer((request, response) => {
    flood(request, response).catch(() => response.destroy())
  })
  const { port, close } = await listen(server)
  closeFlood = close
  const url = `http://127.0.0.1:${port}`
  stack = await startStack(model('flood', url) + model('hasty-flood', url, 1))
})
afterAll(async () => {
  await stack.close()
  await closeFlood()
})

/** A provider that waits for whoever reads it, and tells its usage at the end. */
async function flood(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { user } = JSON.parse(await textOf(request)) as { user: string }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const event = JSON.stringify({ id: user, choices: [{ index: 0, delta: { content: CONTENT } }] })
  for (let count = 1; count <= EVENTS; count++) {
    if (!response.write(`data: ${event}\n\n`)) await once(response, 'drain')
    sent.set(user, count)
  }
  const usage = { prompt_tokens: 13, completion_tokens: 29, total_tokens: 42 }
  response.end(`data: ${JSON.stringify({ id: user, choices: [], usage })}\n\ndata: [DONE]\n\n`)
}

/** The same for half a second, and not all: the provider waits for the client. */
async function untilStalled(user: string): Promise<void> {
  await eventually(async () => {
    const before = sent.get(user) ?? 0
    await sleep(500)
    expect(sent.get(user)).toBe(before)
    expect(before).toBeGreaterThan(0)
  })
  expect(sent.get(user)).toBeLessThan(EVENTS)
}

async function expectPaid(teamId: string): Promise<void> {
  const [row] = await stack.delivered(teamId, 1)
  expect(row).toMatchObject({ status: 'success', usage_source: 'provider', state: 'settled' })
  await stack.agreeOn(teamId, PAID)
}

describe.concurrent('a client that stops reading a stream', () => {
  it('slows the provider down, and may go on where it was', async () => {
    const user = mark()
    const { teamId, key } = await stack.tenant(BUDGET)
    const answer = await fetch(`${stack.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'flood', messages: HI, stream: true, user }),
    })
    await untilStalled(user)
    const text = await answer.text()
    expect(text.split(CONTENT)).toHaveLength(EVENTS + 1)
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    await expectPaid(teamId)
  })

  it('and then leaves is charged once, as the provider bills', async () => {
    const user = mark()
    const { teamId, key } = await stack.tenant(BUDGET)
    const call = await rawChat(stack.url, key, { model: 'flood', stream: true, user })
    await call.until('data: {')
    call.stopReading()
    await untilStalled(user)
    call.reset()
    await expectPaid(teamId)
    expect(sent.get(user)).toBe(EVENTS)
  })

  it('for as long as a provider may be silent has as good as left', async () => {
    const user = mark()
    const { teamId, key } = await stack.tenant(BUDGET)
    const call = await rawChat(stack.url, key, { model: 'hasty-flood', stream: true, user })
    await call.until('data: {')
    call.stopReading()
    await expectPaid(teamId)
    expect(call.seen()).not.toContain('[DONE]')
    call.reset()
  })
})
