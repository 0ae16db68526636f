/** A mock of Anthropic's API on loopback: what it says depends on the model's name. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { listen } from '../../dev/listen.ts'

export interface Fields {
  [name: string]: unknown
}

export interface SeenMessage {
  path: string
  headers: IncomingMessage['headers']
  body: Fields
}

export interface AnthropicProvider {
  baseUrl: string
  seen: SeenMessage[]
  close: () => Promise<void>
}

/** Input that no cache had, read from one, written to one (some of it for an hour), and output. */
export const USAGE = {
  input_tokens: 11,
  cache_read_input_tokens: 700,
  cache_creation_input_tokens: 90,
  cache_creation: { ephemeral_5m_input_tokens: 50, ephemeral_1h_input_tokens: 40 },
  output_tokens: 23,
  service_tier: 'standard',
}

const TOOL = {
  type: 'tool_use',
  id: 'toolu_1',
  name: 'weather',
  input: { city: 'Zürich', days: 2 },
}
const THOUGHT = { type: 'thinking', thinking: 'Let me see.', signature: 'c2ln' }

function contentOf(model: string): Fields[] {
  return [
    ...(model.includes('think') ? [THOUGHT] : []),
    { type: 'text', text: 'Grüße "you"' },
    ...(model.includes('tool') ? [TOOL] : []),
  ]
}

const message = (model: string): Fields => ({
  id: 'msg_mock',
  type: 'message',
  role: 'assistant',
  model,
  content: contentOf(model),
  stop_reason: model.includes('tool') ? 'tool_use' : 'end_turn',
  stop_sequence: null,
  usage: USAGE,
})

export async function startAnthropic(): Promise<AnthropicProvider> {
  const seen: SeenMessage[] = []
  const server = createServer((request, response) => void respond(request, response))
  const { port, close } = await listen(server)

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await textOf(request)) as Fields
    const path = request.url ?? ''
    seen.push({ path, headers: request.headers, body })
    const model = String(body['model'])
    if (path === '/v1/messages/count_tokens') return json(response, 200, { input_tokens: 801 })
    if (path !== '/v1/messages') return refuse(response, 404, 'not_found_error')
    if (model.includes('overloaded')) return refuse(response, 529, 'overloaded_error')
    if (body['stream'] !== true) return json(response, 200, message(model))
    await stream(response, model)
  }

  return { baseUrl: `http://127.0.0.1:${port}`, seen, close }
}

function json(response: ServerResponse, status: number, body: Fields): void {
  const headers = { 'content-type': 'application/json', 'request-id': 'req_mock' }
  response.writeHead(status, headers).end(JSON.stringify(body))
}

function refuse(response: ServerResponse, status: number, type: string): void {
  json(response, status, { type: 'error', error: { type, message: `mock: ${type}` } })
}

async function stream(response: ServerResponse, model: string): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  for (const event of eventsOf(model)) {
    if (model.includes('cut') && event['type'] === 'message_delta') {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return void response.destroy()
    }
    response.write(`event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  response.end()
}

function eventsOf(model: string): Fields[] {
  const { output_tokens: outputTokens, ...input } = USAGE
  const start = { ...message(model), content: [], stop_reason: null }
  return [
    { type: 'message_start', message: { ...start, usage: { ...input, output_tokens: 1 } } },
    { type: 'ping' },
    ...contentOf(model).flatMap(blockEvents),
    {
      type: 'message_delta',
      delta: { stop_reason: message(model)['stop_reason'], stop_sequence: null },
      usage: { output_tokens: outputTokens },
    },
    { type: 'message_stop' },
  ]
}

function blockEvents(block: Fields, index: number): Fields[] {
  const delta = (fields: Fields): Fields => ({ type: 'content_block_delta', index, delta: fields })
  const start = (content_block: Fields) => ({ type: 'content_block_start', index, content_block })
  const stop = { type: 'content_block_stop', index }
  if (block['type'] === 'text') {
    const words = String(block['text']).split(/(?<= )/)
    const deltas = words.map((text) => delta({ type: 'text_delta', text }))
    return [start({ type: 'text', text: '' }), ...deltas, stop]
  }
  if (block['type'] === 'thinking') {
    return [
      start({ type: 'thinking', thinking: '', signature: '' }),
      delta({ type: 'thinking_delta', thinking: block['thinking'] }),
      delta({ type: 'signature_delta', signature: block['signature'] }),
      stop,
    ]
  }
  const input = JSON.stringify(block['input'])
  return [
    start({ ...block, input: {} }),
    delta({ type: 'input_json_delta', partial_json: input.slice(0, 9) }),
    delta({ type: 'input_json_delta', partial_json: input.slice(9) }),
    stop,
  ]
}
