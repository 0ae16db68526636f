/** A mock of OpenAI's Responses API on loopback, which keeps what it made. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { listen } from '../../dev/listen.ts'

export interface Fields {
  [name: string]: unknown
}

export interface SeenResponsesCall {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: Fields
}

export interface ResponsesProvider {
  baseUrl: string
  seen: SeenResponsesCall[]
  close: () => Promise<void>
}

export const RESPONSES_USAGE = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 60 },
  output_tokens: 30,
  output_tokens_details: { reasoning_tokens: 20 },
  total_tokens: 130,
}

const WORDS = ['Grüße ', 'von ', 'hier']

export async function startResponses(): Promise<ResponsesProvider> {
  const seen: SeenResponsesCall[] = []
  const kept = new Map<string, Fields>()
  const server = createServer((request, response) => void respond(request, response))
  const { port, close } = await listen(server)

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request)
    const body = (text === '' ? {} : JSON.parse(text)) as Fields
    const [path = '', method = ''] = [request.url, request.method]
    seen.push({ method, path, headers: request.headers, body })
    if (method === 'POST' && path === '/v1/responses') return make(body, response)
    const [, id = '', below = ''] = /^\/v1\/responses\/([^/?]+)\/?([^?]*)/.exec(path) ?? []
    const known = kept.get(id)
    if (!known) return json(response, 404, { error: { message: 'no such response' } })
    if (method === 'DELETE') return json(response, 200, { id, object: 'response', deleted: true })
    if (below === 'input_items')
      return json(response, 200, { object: 'list', data: [{ id: 'i1' }] })
    json(response, 200, below === 'cancel' ? { ...known, status: 'cancelled' } : known)
  }

  async function make(body: Fields, response: ServerResponse): Promise<void> {
    const made = responseOf(`resp_${kept.size + 1}_${port}`, body)
    kept.set(String(made['id']), made)
    if (body['stream'] !== true) return json(response, 200, made)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const isCut = String(body['model']).includes('cut')
    for (const event of eventsOf(made).slice(0, isCut ? -1 : undefined)) {
      response.write(`event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`)
    }
    if (!isCut) return void response.end()
    await new Promise((resolve) => setTimeout(resolve, 20))
    response.destroy()
  }

  return { baseUrl: `http://127.0.0.1:${port}/v1`, seen, close }
}

function json(response: ServerResponse, status: number, body: Fields): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function responseOf(id: string, { model }: Fields): Fields {
  const content = [{ type: 'output_text', text: WORDS.join(''), annotations: [] }]
  const output = [{ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content }]
  const about = { id, object: 'response', status: 'completed', model, service_tier: 'default' }
  return { ...about, output, usage: RESPONSES_USAGE }
}

function eventsOf(made: Fields): Fields[] {
  const begun = { ...made, status: 'in_progress', output: [], usage: null }
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }
  const deltas = WORDS.map((delta) => ({ type: 'response.output_text.delta', ...at, delta }))
  const item = { id: 'msg_1', type: 'message', role: 'assistant', content: [] }
  return [
    { type: 'response.created', response: begun },
    { type: 'response.output_item.added', output_index: 0, item },
    {
      type: 'response.content_part.added',
      ...at,
      part: { type: 'output_text', text: '', annotations: [] },
    },
    ...deltas,
    { type: 'response.completed', response: made },
  ].map((event, number) => ({ ...event, sequence_number: number }))
}
