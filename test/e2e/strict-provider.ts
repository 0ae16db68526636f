/** A mock that speaks as each provider does, and refuses what the real one would. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { listen } from '../../dev/listen.ts'

export interface Fields {
  [name: string]: unknown
}

export interface SeenCall {
  provider: string
  path: string
  headers: IncomingMessage['headers']
  body: Fields
}

export interface StrictProvider {
  /** Of a provider by its name. */
  baseOf: (provider: string) => string
  seen: SeenCall[]
  close: () => Promise<void>
}

/** What each is known for; others are as OpenAI was before its newer models. */
const REFUSES_STREAM_OPTIONS = new Set(['mistral'])
const REFUSES_MAX_TOKENS = new Set(['openai', 'azure', 'azure_ai'])
const KEY_HEADER: Record<string, string> = {
  azure: 'api-key',
  azure_ai: 'api-key',
  anthropic: 'x-api-key',
}
const TELLS_USAGE_ANYHOW = new Set(['mistral', 'openrouter'])

/** 100 read, 60 of them from a cache, and 30 written: in each one's words. */
const PLAIN = { prompt_tokens: 100, completion_tokens: 30, total_tokens: 130 }
const CACHED = { prompt_tokens_details: { cached_tokens: 60 } }
const REASONING_APART = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 130, ...CACHED }
const USAGE: Record<string, Fields> = {
  deepseek: { ...PLAIN, prompt_cache_hit_tokens: 60, prompt_cache_miss_tokens: 40 },
  moonshot: { ...PLAIN, cached_tokens: 60 },
  xai: { ...REASONING_APART, completion_tokens_details: { reasoning_tokens: 10 } },
  gemini: REASONING_APART,
  openrouter: { ...PLAIN, ...CACHED, cost: 0.5 },
  perplexity: { ...PLAIN, ...CACHED, cost: { total_cost: 0.5 }, citation_tokens: 0 },
  anthropic: { input_tokens: 40, cache_read_input_tokens: 60, output_tokens: 30 },
}
const usageOf = (provider: string): Fields => USAGE[provider] ?? { ...PLAIN, ...CACHED }

export async function startStrict(): Promise<StrictProvider> {
  const seen: SeenCall[] = []
  const server = createServer((request, response) => void respond(request, response))
  const { port, close } = await listen(server)

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await textOf(request)) as Fields
    const [, provider = '', path = ''] = /^\/([^/]+)\/v1(.*)$/.exec(request.url ?? '') ?? []
    const { headers } = request
    seen.push({ provider, path, headers, body })
    const problem = problemOf({ provider, path, headers, body })
    if (problem !== null) return json(response, 422, { error: { message: problem } })
    if (provider === 'anthropic') return answerAsAnthropic(response, body)
    if (body['stream'] === true) return streamAnswer(response, provider, body)
    const message = { role: 'assistant', content: 'hi' }
    const choices = [{ index: 0, message, finish_reason: 'stop' }]
    const answer = { id: 'c1', object: 'chat.completion', model: body['model'], choices }
    return json(response, 200, { ...answer, usage: usageOf(provider) })
  }

  return { baseOf: (provider) => `http://127.0.0.1:${port}/${provider}/v1`, seen, close }
}

function problemOf({ provider, path, headers, body }: SeenCall): string | null {
  const wanted = provider === 'anthropic' ? '/messages' : '/chat/completions'
  if (path !== wanted) return `no such path: ${path}`
  const keyHeader = KEY_HEADER[provider] ?? 'authorization'
  const key = `sk-of-${provider}`
  const sent = headers[keyHeader]
  if (sent !== (keyHeader === 'authorization' ? `Bearer ${key}` : key)) return 'no key'
  if (provider === 'anthropic' && !headers['anthropic-version']) return 'no version'
  if (
    'stream_options' in body &&
    (REFUSES_STREAM_OPTIONS.has(provider) || provider === 'anthropic')
  )
    return 'stream_options: extra inputs are not permitted'
  if ('max_tokens' in body && REFUSES_MAX_TOKENS.has(provider)) return 'max_tokens: not supported'
  return null
}

function json(response: ServerResponse, status: number, body: Fields): void {
  const headers = {
    'content-type': 'application/json',
    'set-cookie': 'a=b',
    server: 'strict',
    'x-request-id': 'r1',
    'openai-organization': 'someone',
  }
  response.writeHead(status, headers).end(JSON.stringify(body))
}

const delta = (content: string) => ({ choices: [{ index: 0, delta: { content } }] })

function streamAnswer(response: ServerResponse, provider: string, body: Fields): void {
  const chunk = (fields: Fields) =>
    `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', model: body['model'], ...fields })}\n\n`
  const end = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
  const options = body['stream_options'] as { include_usage?: boolean } | undefined
  const usage = usageOf(provider)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(chunk(delta('h')) + chunk(delta('i')))
  if (TELLS_USAGE_ANYHOW.has(provider)) response.write(chunk({ ...end, usage }))
  else if (provider === 'groq') response.write(chunk({ ...end, x_groq: { id: 'r1', usage } }))
  else response.write(chunk(end))
  const isAsked = options?.include_usage === true && provider !== 'groq'
  if (isAsked) response.write(chunk({ choices: [], usage }))
  response.end('data: [DONE]\n\n')
}

function answerAsAnthropic(response: ServerResponse, { model, stream }: Fields): void {
  const usage = usageOf('anthropic')
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text: 'hi' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage,
  }
  if (stream !== true) return json(response, 200, message)
  const events: Fields[] = [
    {
      type: 'message_start',
      message: { ...message, content: [], usage: { ...usage, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hi' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 30 } },
    { type: 'message_stop' },
  ]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) {
    response.write(`event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  response.end()
}
