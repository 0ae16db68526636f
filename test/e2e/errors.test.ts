import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectError } from './expect-error.ts'
import { HI, MASTER_KEY } from './gateway.ts'
import { startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const CHAT = '/v1/chat/completions'
const CALL = { model: 'script/gpt', messages: HI }

let stack: Stack
let key: string

beforeAll(async () => {
  stack = await startStack()
  key = (await stack.tenant({ max_budget: 1 })).key
})
afterAll(() => stack.close())

describe('what is asked for wrongly', () => {
  it.each([
    '/nowhere',
    '/v1/nowhere',
    '/v1/v1/models',
    '/team',
    '/team/nowhere',
    '/key/',
    '/health',
    '/metrics/nowhere',
    '/v1//models',
  ])('%s is not found', async (path) => {
    for (const body of [undefined, {}]) {
      expectError(await stack.http(path, { body }), 404, { message: expect.stringContaining(path) })
    }
  })

  it.each([
    ['GET', CHAT, 'POST'],
    ['PUT', '/chat/completions', 'POST'],
    ['DELETE', '/embeddings', 'POST'],
    ['POST', '/v1/models', 'GET'],
    ['GET', '/team/new', 'POST'],
    ['POST', '/team/info', 'GET'],
    ['DELETE', '/key/delete', 'POST'],
    ['POST', '/metrics', 'GET'],
    ['POST', '/health/readiness', 'GET'],
  ])('%s %s is not allowed, and %s is', async (method, path, allow) => {
    const raw = method === 'GET' ? {} : { raw: '{}' }
    const answer = await stack.http(path, { method, ...raw })
    expectError(answer, 405, { message: expect.stringContaining(allow) })
    expect(answer.headers.get('allow')).toBe(allow)
  })

  it.each([
    ['an unfinished object', '{"model":"script/gpt"'],
    ['an empty body', ''],
    ['blanks', '  \n'],
    ['an array', '[]'],
    ['a string', '"model"'],
    ['null', 'null'],
    ['a trailing comma', '{"model":"script/gpt",}'],
    ['two objects', '{"model":"script/gpt"}{}'],
    ['single quotes', "{'model':'script/gpt'}"],
    ['NaN', '{"model":"script/gpt","temperature":NaN}'],
    ['a duplicate field', '{"model":"script/gpt","messages":[],"model":"script/other"}'],
    [
      'a duplicate field in disguise',
      String.raw`{"model":"script/gpt","messages":[],"mode\u006c":"x"}`,
    ],
    ['a lone surrogate byte', '{"model":"script/gpt","messages":"\u0000"}'],
    [
      'too deep a nest',
      `{"model":"script/gpt","messages":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    ],
  ])('%s is no request', async (_what, raw) => {
    const asked = stack.provider.requests.length
    const answer = await stack.http(CHAT, { key, raw })
    expectError(answer, 400, {
      message: expect.stringMatching(/^Invalid JSON payload: /),
      type: 'invalid_request_error',
      param: 'request_body',
    })
    expect(stack.provider.requests.length).toBe(asked)
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'content type %s is refused',
    async (type) => {
      const ask = { raw: JSON.stringify(CALL), headers: { 'content-type': type } }
      for (const path of [CHAT, '/team/new', '/key/generate', '/key/delete']) {
        expectError(await stack.http(path, ask), 415, {
          message: expect.stringContaining(type),
          param: 'content-type',
        })
      }
    },
  )

  it.each([
    ['a missing model', { messages: HI }, 'None'],
    ['a null model', { model: null, messages: HI }, 'None'],
    ['an unknown model', { model: 'gpt-nobody', messages: HI }, 'gpt-nobody'],
    ['a pattern as a model', { model: 'script/', messages: HI }, 'script/'],
    [
      'an endless model',
      { model: `script/${'x'.repeat(1_000)}`, messages: HI },
      `script/${'x'.repeat(249)}`,
    ],
  ])('%s is refused in the words of LiteLLM', async (_what, body, name) => {
    for (const path of ['/chat/completions', CHAT]) {
      expectError(await stack.http(path, { key, body }), 400, {
        message: `{'error': '/chat/completions: Invalid model name passed in model=${name}. Call \`/v1/models\` to view available models for your key.'}`,
        type: 'None',
        param: 'None',
      })
    }
  })

  it.each([
    ['model', 7],
    ['model', ['script/gpt']],
    ['stream', 'true'],
    ['stream', 1],
    ['stream_options', 'include_usage'],
    ['stream_options', []],
    ['max_tokens', '100'],
    ['max_tokens', -1],
    ['max_tokens', 1.5],
    ['max_completion_tokens', 1e300],
    ['n', 0.5],
    ['n', 1_000_000],
  ])('%s: %j is refused by its name', async (field, value) => {
    const answer = await stack.http(CHAT, { key, body: { ...CALL, [field]: value } })
    expectError(answer, 400, {
      message: expect.stringMatching(new RegExp(`^${field}: `)),
      param: field,
    })
  })

  it('a body above the limit is refused, announced or not', async () => {
    const limit = 20 * 1024 * 1024
    const announced = await rawStart(CHAT, `content-length: ${limit + 1}`)
    expect(announced).toMatch(/^HTTP\/1\.1 413 /)
    expect(announced).toContain(`the limit is ${limit} bytes`)
    expect(await rawStart('/team/new', 'content-length: 1048577')).toMatch(/^HTTP\/1\.1 413 /)
    const chunk = `100000\r\n${'a'.repeat(1024 * 1024)}\r\n`
    const chunks = Array.from({ length: 21 }, () => chunk)
    const header = 'transfer-encoding: chunked'
    expect(await rawStart(CHAT, header, chunks)).toMatch(/^HTTP\/1\.1 413 /)
  })
})

/** Sends headers and a body that does not end, and returns what came back. */
async function rawStart(path: string, header: string, body: string[] = []): Promise<string> {
  const { hostname, port } = new URL(stack.url)
  const socket = connect({ host: hostname, port: Number(port) })
  const lines = [
    `POST ${path} HTTP/1.1`,
    `host: ${hostname}`,
    `authorization: Bearer ${path === CHAT ? key : MASTER_KEY}`,
    'content-type: application/json',
    header,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  for (const part of body) socket.write(part)
  let came = ''
  for await (const data of socket) {
    came += String(data)
    if (came.includes('"code":"413"}}')) break
  }
  socket.destroy()
  return came
}

describe('a browser', () => {
  it('may call from anywhere: the preflight passes without a key', async () => {
    const answer = await stack.http(CHAT, {
      method: 'OPTIONS',
      key: null,
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-litellm-call-id',
      },
    })
    expect([200, 204]).toContain(answer.status)
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('access-control-allow-methods')).toMatch(/POST/)
    expect(answer.headers.get('access-control-allow-headers')).toMatch(/authorization/i)
    expect(answer.headers.get('access-control-allow-headers')).toMatch(/x-litellm-call-id/i)
  })

  it('may read the headers of an answer, streamed or whole', async () => {
    for (const stream of [false, true]) {
      const { headers } = await stack.chat(key, 'script/gpt', { stream })
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-expose-headers')).toBeTruthy()
    }
  })
})

describe('/health', () => {
  it('answers without a key', async () => {
    for (const path of ['/health/liveliness', '/health/liveness']) {
      expect(await stack.http(path, { key: null })).toMatchObject({
        status: 200,
        text: `"I'm alive!"`,
      })
    }
    const { status, json } = await stack.http('/health/readiness', { key: null })
    expect(status).toBe(200)
    expect(json).toMatchObject({
      status: 'connected',
      db: 'connected',
      success_callbacks: ['prometheus'],
    })
  })

  it('says whether Postgres answers, and nothing of where it is', async () => {
    stack.database.endpoint.faults.refuse = true
    const down = await stack.http('/health/readiness', { key: null })
    const alive = await stack.http('/health/liveliness', { key: null })
    stack.database.endpoint.faults.refuse = false
    expect(down).toMatchObject({ status: 200, json: { db: 'Not connected' } })
    expect(down.text).not.toMatch(/127\.0\.0\.1|tollgate:|sql/)
    expect(alive.status).toBe(200)
  })
})
