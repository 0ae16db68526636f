import { toCompletion } from './answer.ts'
import { toOpenAiError } from './error.ts'
import { type Fields, fieldsOf } from './fields.ts'
import { type MessagesDraft, toMessagesBody } from './request.ts'
import { toChunkStream } from './stream.ts'

const VERSION = '2023-06-01'
/** Far more than any model writes; converting takes several times an answer in memory. */
const ANSWER_MAX_BYTES = 16 * 1024 * 1024

interface Endpoint {
  readonly apiBase: string
  readonly apiKey: string | null
}

interface Sent {
  readonly draft: MessagesDraft
  readonly stream: boolean
  readonly outputTokens: number | null
  readonly nowMs: number
}

/** Sends a chat to the Messages API; the answer, an error's too, is already in OpenAI's format. */
export async function sendMessages(
  endpoint: Endpoint,
  { draft, stream, outputTokens, nowMs }: Sent,
  signal: AbortSignal,
): Promise<Response> {
  const answer = await fetch(messagesUrl(endpoint.apiBase), {
    method: 'POST',
    headers: messagesHeaders(endpoint.apiKey, stream),
    body: toMessagesBody(draft, { stream, outputTokens }),
    redirect: 'manual',
    signal,
  })
  return toOpenAiResponse(answer, nowMs)
}

/** LiteLLM's bases end before the version, after it, or at the path. */
export function messagesUrl(apiBase: string): string {
  if (apiBase.endsWith('/v1/messages')) return apiBase
  return apiBase.endsWith('/v1') ? `${apiBase}/messages` : `${apiBase}/v1/messages`
}

export function messagesHeaders(apiKey: string | null, stream: boolean): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: stream ? 'text/event-stream' : 'application/json',
    'user-agent': 'tollgate',
    'anthropic-version': VERSION,
    ...(apiKey !== null && { 'x-api-key': apiKey }),
  }
}

/** What is neither a stream nor JSON is left for the relay to judge. */
export function toOpenAiResponse(answer: Response, nowMs: number): Response {
  const type = answer.headers.get('content-type') ?? ''
  const { status, body } = answer
  const isRedirect = status >= 300 && status < 400
  if (!body || isRedirect) return answer
  const headers = new Headers({ 'content-type': type })
  const retryAfter = answer.headers.get('retry-after')
  if (retryAfter !== null) headers.set('retry-after', retryAfter)
  if (answer.ok && /^text\/event-stream\b/i.test(type)) {
    return new Response(body.pipeThrough(toChunkStream(nowMs)), { status, headers })
  }
  const convert = (value: Fields): Fields | null =>
    toOpenAiError(value, answer.ok ? undefined : status) ?? toCompletion(value, nowMs)
  return new Response(body.pipeThrough(wholeJson(convert)), { status, headers })
}

/** Converts a body once it is whole; a broken one stays broken, an unknown one as it came. */
function wholeJson(
  convert: (value: Fields) => Fields | null,
): TransformStream<Uint8Array, Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk) {
      length += chunk.length
      if (length > ANSWER_MAX_BYTES) throw new Error('the answer is too large')
      chunks.push(chunk)
    },
    async flush(controller) {
      const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer())
      const converted = convert(parsed(bytes))
      controller.enqueue(converted ? new TextEncoder().encode(JSON.stringify(converted)) : bytes)
    },
  })
}

function parsed(bytes: Uint8Array): Fields {
  try {
    return fieldsOf(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return {}
  }
}
