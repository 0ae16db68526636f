import { createServer } from 'node:http'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, listen } from '../../dev/listen.ts'
import { errorBody } from '../../dev/provider-answers.ts'
import type { SeenRequest } from '../../dev/provider.ts'
import { costOf } from './amounts.ts'
import { eventually } from './eventually.ts'
import { HI } from './gateway.ts'
import type { Answer } from './gateway.ts'
import { mark, model, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const BUDGET = { max_budget: 1 }

let stack: Stack
let elsewhere: { url: string; paths: string[]; close: () => Promise<void> }

beforeAll(async () => {
  elsewhere = await startRedirecting()
  const gone = `http://127.0.0.1:${await freePort()}/v1`
  stack = await startStack(model('unreachable', gone) + model('redirecting', elsewhere.url))
})
afterAll(async () => {
  await stack.close()
  await elsewhere.close()
})

async function startRedirecting() {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    const location = `${stack.provider.baseUrl}/chat/completions`
    response.writeHead(307, { location, 'content-type': 'application/json' }).end('{}')
  })
  const { port, close } = await listen(server)
  return { url: `http://127.0.0.1:${port}`, paths, close }
}

const seenWith = (word: string): SeenRequest[] =>
  stack.provider.requests.filter((request) => request.body.includes(word))

function refusalOf(answer: Answer): unknown {
  const error = answer.json['error'] as Record<string, unknown>
  return { status: answer.status, type: error['type'], param: error['param'], code: error['code'] }
}

/** One failed call: nothing is charged or held, and the log says so. */
async function expectFree(teamId: string): Promise<Record<string, unknown>> {
  await stack.agreeOn(teamId, 0n)
  const [row] = await stack.delivered(teamId, 1)
  expect(row).toMatchObject({ status: 'failure', state: 'released', spend_pico: '0' })
  return JSON.parse(row?.['detail'] ?? '') as Record<string, unknown>
}

describe.concurrent('a provider that fails', () => {
  it.each([400, 401, 404, 429, 500, 503])(
    'with %i is passed on with its status and body, free of charge',
    async (status) => {
      for (const stream of [false, true]) {
        const { teamId, key } = await stack.tenant(BUDGET)
        const answer = await stack.chat(key, `script/status-${status}`, { stream })
        expect(answer.status).toBe(status)
        expect(answer.text).toBe(errorBody(status))
        expect(answer.headers.get('content-type')).toBe('application/json')
        expect(answer.headers.get('retry-after')).toBe(status === 429 ? '7' : null)
        expect(await expectFree(teamId)).toMatchObject({ statusCode: status })
      }
    },
  )

  it('raises in the openai SDK what it would without a gateway', async () => {
    const { key } = await stack.tenant(BUDGET)
    const ask = stack
      .openai(key)
      .chat.completions.create({ model: 'script/status-429', messages: HI })
    const error = await ask.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OpenAI.RateLimitError)
    expect(error).toMatchObject({ status: 429, code: 'mock_429', type: 'mock_error' })
  })

  it.each([
    ['HTML with 200', 'script/html'],
    ['HTML with 502', 'script/html+status-502'],
    ['a redirect', 'redirecting'],
    ['a redirect to nowhere', 'script/status-302'],
  ])('by %s is a gateway error, free of charge', async (_what, name) => {
    for (const stream of [false, true]) {
      const { teamId, key } = await stack.tenant(BUDGET)
      expectGatewayError(await stack.chat(key, name, { stream }))
      await expectFree(teamId)
    }
  })

  it('by closing a connection on which it may have worked is charged as the hold', async () => {
    for (const stream of [false, true]) {
      const { teamId, key } = await stack.tenant(BUDGET)
      expectGatewayError(await stack.chat(key, 'script/delay-200ms+close', { stream }))
      const [row] = await stack.delivered(teamId, 1)
      expect(row).toMatchObject({ status: 'failure', usage_source: 'bound' })
      expect(BigInt(row?.['spend_pico'] ?? 0)).toBeGreaterThan(0n)
      await stack.agreeOn(teamId, BigInt(row?.['spend_pico'] ?? 0))
    }
  })

  it('by silence is a timeout, charged as the hold, because it may have worked', async () => {
    const { teamId, key } = await stack.tenant(BUDGET)
    const answer = await stack.chat(key, 'hasty/hang', { max_tokens: 40 })
    const expected = { status: 504, type: 'timeout', param: null, code: '504' }
    expect(refusalOf(answer)).toEqual(expected)
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ status: 'failure', state: 'settled', usage_source: 'bound' })
    const charged = BigInt(row?.['spend_pico'] ?? 0)
    expect(charged).toBeGreaterThan(costOf([{ promptTokens: 0, completionTokens: 40 }]))
    expect(charged).toBeLessThan(costOf([{ promptTokens: 100, completionTokens: 40 }]))
    await stack.agreeOn(teamId, charged)
  })

  it('by silence is cut off, so that it does not work on for nobody', async () => {
    const word = mark()
    const { key } = await stack.tenant(BUDGET)
    expect((await stack.chat(key, `hasty/hang+${word}`)).status).toBe(504)
    await eventually(() => expect(seenWith(word)[0]?.abandoned).toBe(true))
  })

  it('in the middle of an answer is charged as the hold', async () => {
    const { teamId, key } = await stack.tenant(BUDGET)
    const answer = await stack.chat(key, 'script/close-mid-stream', { max_tokens: 40 })
    expect(refusalOf(answer)).toMatchObject({ status: 502, type: 'provider_error' })
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ status: 'failure', usage_source: 'bound' })
    expect(BigInt(row?.['spend_pico'] ?? 0)).toBeGreaterThan(0n)
    await stack.agreeOn(teamId, BigInt(row?.['spend_pico'] ?? 0))
  })

  it.each([
    ['closes', 'script/close-mid-stream+chunks-8', 4, '502', 'stream broke off'],
    ['falls silent', 'hasty/hang-after-3', 3, '504', 'timeout'],
  ])('%s in mid-stream: the client is told, and what was seen is charged', async (...row) => {
    const [, name, chunks, code, reason] = row
    const { teamId, key } = await stack.tenant(BUDGET)
    const answer = await stack.chat(key, name, { stream: true })
    expect(answer.status).toBe(200)
    const events = answer.text.split('\n').filter((line) => line.startsWith('data: '))
    expect(events).toHaveLength(chunks + 1)
    expect(answer.text).not.toContain('[DONE]')
    const last = JSON.parse(events.at(-1)?.slice('data: '.length) ?? '') as unknown
    expect(last).toEqual({
      error: { message: expect.any(String), type: expect.any(String), param: null, code },
    })

    const [logged] = await stack.delivered(teamId, 1)
    expect(logged).toMatchObject({ usage_source: 'counted', completion_tokens: String(chunks) })
    expect(JSON.parse(logged?.['detail'] ?? '')).toMatchObject({ reason })
    await stack.agreeOn(teamId, countedCost(logged))
  })

  it('in mid-stream raises in the openai SDK', async () => {
    const { key } = await stack.tenant(BUDGET)
    const asked = { model: 'script/close-mid-stream', messages: HI, stream: true } as const
    const stream = await stack.openai(key).chat.completions.create(asked)
    const read = (async () => {
      for await (const _ of stream) continue
    })()
    await expect(read).rejects.toThrow('The provider broke off the stream.')
  })

  it('never learns of a redirect, nor does its key travel', async () => {
    const { key } = await stack.tenant(BUDGET)
    const asked = elsewhere.paths.length
    const before = stack.provider.requests.length
    const word = mark()
    expect((await stack.chat(key, 'redirecting', { user: word })).status).toBe(502)
    expect(elsewhere.paths.length).toBeGreaterThan(asked)
    expect(stack.provider.requests.slice(before).some(({ body }) => body.includes(word))).toBe(
      false,
    )
  })
})

function expectGatewayError(answer: Answer): void {
  const expected = { status: 502, type: 'provider_error', param: null, code: '502' }
  expect(refusalOf(answer)).toEqual(expected)
  expect(answer.text).not.toContain('127.0.0.1')
}

// Alone: a connection that was refused is told from a lost one by how fast it fails.
it('a provider that refuses the connection is a gateway error, free of charge', async () => {
  for (const stream of [false, true]) {
    const { teamId, key } = await stack.tenant(BUDGET)
    expectGatewayError(await stack.chat(key, 'unreachable', { stream }))
    await expectFree(teamId)
  }
})

function countedCost(row: Record<string, unknown> | undefined): bigint {
  const promptTokens = Number(row?.['prompt_tokens'])
  const completionTokens = Number(row?.['completion_tokens'])
  expect(promptTokens).toBeGreaterThan(10)
  return costOf([{ promptTokens, completionTokens }])
}

describe.concurrent('a provider that reports no usage', () => {
  it.each([true, false])('is charged by counting, and marked (stream: %j)', async (stream) => {
    const { teamId, key } = await stack.tenant(BUDGET)
    const answer = await stack.chat(key, 'script/no-usage+chunks-8', { stream })
    expect(answer.status).toBe(200)
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ status: 'success', usage_source: 'counted' })
    // "Grüße 1 2 3 4 5 6 7" is 21 bytes; a stream's event is a token at least.
    expect(row?.['completion_tokens']).toBe(stream ? '9' : '6')
    await stack.agreeOn(teamId, countedCost(row))
  })
})
