/** A mock of an OpenAI-compatible provider on loopback; `provider-script.ts` says what it can do. */
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from './listen.ts'
import { body, contentEvents, endEvents, errorBody, HTML_PAGE } from './provider-answers.ts'
import type { Answer, Family } from './provider-answers.ts'
import { readScript } from './provider-script.ts'

/**
 * Written once per call, in full, when the provider starts to answer: as a real one, it charges for
 * what it generates whether or not someone reads it. Errors, `hang`, `html` and `close` cost nothing.
 */
export interface Bill {
  id: string
  model: string
  promptTokens: number
  completionTokens: number
}

export interface SeenRequest {
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
  /** The gateway closed the connection before the answer was complete. */
  abandoned: boolean
}

export interface Provider {
  /** What goes into `api_base`. */
  baseUrl: string
  bills: Bill[]
  /** The last ones only. */
  requests: SeenRequest[]
  close: () => Promise<void>
}

const REQUESTS_MAX = 1_000
const FAMILIES: Record<string, Family> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'text',
  '/v1/embeddings': 'embedding',
}

interface Call {
  model: string
  stream?: boolean
  stream_options?: { include_usage?: boolean }
  input?: unknown
}

export async function startProvider(options: { port?: number } = {}): Promise<Provider> {
  const bills: Bill[] = []
  const requests: SeenRequest[] = []
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  const listening = await listen(server, options.port)
  let calls = 0

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await read(request)
    remember(requests, { request, response, bytes })
    const family = FAMILIES[request.url ?? '']
    if (request.method !== 'POST' || !family) return fail(response, 404)
    const call = JSON.parse(bytes.toString('utf8')) as Call
    const script = readScript(call.model)
    const answer: Answer = { id: `mock-${++calls}`, model: call.model, family, script }
    await sleep(script.delayMs)
    if (script.close) return void request.socket.destroy()
    if (script.hangAfter === 0) return
    if (script.html) return html(response, script.status)
    if (script.status >= 300) return fail(response, script.status)
    bills.push(billOf(answer))
    await (call.stream && family !== 'embedding'
      ? stream(response, answer, call.stream_options?.include_usage === true)
      : whole(response, answer, Array.isArray(call.input) ? call.input.length : 1))
  }

  const baseUrl = `http://127.0.0.1:${listening.port}/v1`
  return { baseUrl, bills, requests, close: () => listening.close() }
}

function billOf({ id, model, family, script }: Answer): Bill {
  const completionTokens = family === 'embedding' ? 0 : script.completionTokens
  return { id, model, promptTokens: script.promptTokens, completionTokens }
}

async function whole(response: ServerResponse, answer: Answer, inputs: number): Promise<void> {
  const bytes = Buffer.from(body(answer, inputs))
  response.writeHead(200, headers(answer, 'application/json', { 'content-length': bytes.length }))
  if (answer.script.closeMidStream) return breakAfter(response, bytes.subarray(0, bytes.length / 2))
  if (answer.script.slowMs > 0) {
    response.flushHeaders()
    await sleep(answer.script.slowMs)
  }
  // A model that hangs after some chunks has, without a stream, nothing complete to say.
  if (answer.script.hangAfter === undefined) response.end(bytes)
  else response.flushHeaders()
}

async function stream(
  response: ServerResponse,
  answer: Answer,
  includeUsage: boolean,
): Promise<void> {
  const { script } = answer
  const content = contentEvents(answer, includeUsage)
  const told = script.closeMidStream ? Math.floor(content.length / 2) : script.hangAfter
  response.writeHead(200, headers(answer, 'text/event-stream; charset=utf-8'))
  response.flushHeaders()
  for (const event of content.slice(0, told)) {
    if (script.slowMs > 0) await sleep(script.slowMs)
    if (response.destroyed) return
    await write(response, event, script.splitBytes)
  }
  if (script.closeMidStream) return breakAfter(response, Buffer.alloc(0))
  if (script.hangAfter !== undefined) return
  for (const event of endEvents(answer, includeUsage)) {
    await write(response, event, script.splitBytes)
  }
  response.end()
}

async function write(response: ServerResponse, event: string, splitBytes: number): Promise<void> {
  const bytes = Buffer.from(event)
  const size = splitBytes || bytes.length
  for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
    response.write(bytes.subarray(at, at + size))
    // Pieces written in one turn would leave in one packet.
    if (splitBytes) await sleep(0)
  }
}

async function breakAfter(response: ServerResponse, bytes: Buffer): Promise<void> {
  await new Promise((resolve) => response.write(bytes.length ? bytes : '\n', resolve))
  response.destroy()
}

function headers(
  answer: Answer,
  contentType: string,
  more: Record<string, number> = {},
): Record<string, string | number> {
  return { 'content-type': contentType, 'x-request-id': answer.id, ...more }
}

function html(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(HTML_PAGE)
}

function fail(response: ServerResponse, status: number): void {
  const retry: Record<string, string> = status === 429 ? { 'retry-after': '7' } : {}
  response.writeHead(status, { 'content-type': 'application/json', ...retry })
  response.end(errorBody(status))
}

function remember(
  requests: SeenRequest[],
  seen: { request: IncomingMessage; response: ServerResponse; bytes: Buffer },
): void {
  const { url = '', headers: given } = seen.request
  const entry = { path: url, headers: given, body: seen.bytes, abandoned: false }
  seen.response.on('close', () => (entry.abandoned = !seen.response.writableFinished))
  requests.push(entry)
  if (requests.length > REQUESTS_MAX) requests.shift()
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
