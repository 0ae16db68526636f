import { type Fields, fieldsOf, textOf } from './fields.ts'

/** The status that goes with an error that comes in a stream, after the status was sent. */
const STATUS: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  timeout_error: 504,
  overloaded_error: 529,
}

/** Anthropic's `{"type":"error","error":{type,message}}` in OpenAI's envelope; null: it is none. */
export function toOpenAiError(envelope: Fields, status?: number): Fields | null {
  const { type, message } = fieldsOf(envelope['error'])
  if (envelope['type'] !== 'error' || typeof message !== 'string') return null
  const kind = textOf(type) || 'api_error'
  const code = String(status ?? STATUS[kind] ?? 500)
  return { error: { message, type: kind, param: null, code } }
}
