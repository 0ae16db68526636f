import { asName, asObject } from '../usage.ts'

/** Anthropic's names for what went wrong, by status. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [529, 'overloaded_error'],
])

export interface AnthropicError {
  readonly type: 'error'
  readonly error: { readonly type: string; readonly message: string }
}

/** A failure in the envelope of Anthropic's API. */
export function anthropicError({
  status,
  message,
}: {
  readonly status: number
  readonly message: string
}): AnthropicError {
  const type = TYPES.get(status) ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  return { type: 'error', error: { type, message } }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const MESSAGE_MAX_LENGTH = 8_192

/** A refusal in JSON by a provider that speaks OpenAI's API, in Anthropic's envelope. */
export function translateError(bytes: Uint8Array, status: number): Uint8Array {
  const message = messageOf(parse(bytes)) ?? `The provider answered ${status}.`
  const error = anthropicError({ status, message: message.slice(0, MESSAGE_MAX_LENGTH) })
  return encoder.encode(JSON.stringify(error))
}

/** Where providers put what they say of an error: most in `error.message`, some elsewhere. */
export function messageOf(body: unknown): string | null {
  const { error, message, detail } = asObject(body) ?? {}
  const said = [asObject(error)?.['message'], error, message, detail]
  return said.map(asName).find((text) => text !== null) ?? null
}

/** The status that an error in mid-stream stands for. */
export function statusOf(error: unknown): number {
  const { code, status } = asObject(error) ?? {}
  const known = [code, status].map(Number).find((each) => each >= 400 && each <= 599)
  return known ?? 500
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    return null
  }
}
