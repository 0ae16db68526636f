import { mockResponses } from './mock-responses.ts'

/**
 * `mock_response` in a deployment: the answer is made here, in the provider's own format, and goes
 * the same way as a provider's. Its usage is LiteLLM's: 10 prompt and 20 completion tokens.
 */
const MOCK_PROMPT_TOKENS = 10
const MOCK_COMPLETION_TOKENS = 20
const MOCK_EMBEDDING = Array.from({ length: 8 }, (_, i) => (i + 1) / 100)

export interface MockRequest {
  readonly path: string
  readonly model: string
  readonly text: string
  readonly stream: boolean
  readonly nowMs: number
}

export function mockAnswer(request: MockRequest): Response {
  if (request.path === '/responses') {
    return mockResponses(request, [MOCK_PROMPT_TOKENS, MOCK_COMPLETION_TOKENS])
  }
  const head = {
    id: `chatcmpl-${crypto.randomUUID()}`,
    created: Math.floor(request.nowMs / 1_000),
    model: request.model,
  }
  if (request.path === '/embeddings') return Response.json(embeddings(request.model))
  const isChat = request.path === '/chat/completions'
  return request.stream
    ? mockStream(head, request.text, isChat)
    : Response.json(mockWhole(head, request.text, isChat))
}

type Head = Readonly<Record<string, string | number>>

function mockWhole(head: Head, text: string, isChat: boolean) {
  const object = isChat ? 'chat.completion' : 'text_completion'
  const part = isChat ? { message: { role: 'assistant', content: text } } : { text }
  const choice = { index: 0, ...part, finish_reason: 'stop' }
  return { ...head, object, choices: [choice], usage: usage() }
}

function mockStream(head: Head, text: string, isChat: boolean): Response {
  const object = isChat ? 'chat.completion.chunk' : 'text_completion'
  const chunk = (part: object, finish: string | null): object => ({
    ...head,
    object,
    choices: [{ index: 0, ...part, finish_reason: finish }],
  })
  const say = (words: string): object =>
    isChat ? { delta: { role: 'assistant', content: words } } : { text: words }
  const events = [
    ...(text.match(/\S+\s*/g) ?? []).map((words) => chunk(say(words), null)),
    chunk(isChat ? { delta: {} } : { text: '' }, 'stop'),
    { ...head, object, choices: [], usage: usage() },
  ]
  const lines = [...events.map((event) => JSON.stringify(event)), '[DONE]']
  return new Response(lines.map((line) => `data: ${line}\n\n`).join(''), {
    headers: { 'content-type': 'text/event-stream' },
  })
}

function embeddings(model: string) {
  const data = [{ object: 'embedding', index: 0, embedding: MOCK_EMBEDDING }]
  const counts = { prompt_tokens: MOCK_PROMPT_TOKENS, total_tokens: MOCK_PROMPT_TOKENS }
  return { object: 'list', data, model, usage: counts }
}

function usage() {
  return {
    prompt_tokens: MOCK_PROMPT_TOKENS,
    completion_tokens: MOCK_COMPLETION_TOKENS,
    total_tokens: MOCK_PROMPT_TOKENS + MOCK_COMPLETION_TOKENS,
  }
}
