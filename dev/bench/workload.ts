/** What is asked and answered, the same for everyone who is measured. */

export const MODEL = 'bench'
export const PATH = '/v1/chat/completions'
export const USAGE = { promptTokens: 250, completionTokens: 33 }
export const STREAM_EVENTS = 32

/** In picodollars; every call costs the same, so the books can be checked by counting. */
export const COST_PICO = 250n * 1_000_000n + 33n * 2_000_000n
export const PRICES = `input_cost_per_token: 0.000001
      output_cost_per_token: 0.000002`

/** A request as it goes over the wire, about a kilobyte of it. */
export function requestBytes(key: string, stream: boolean): Buffer {
  const content = 'Does the budget hold, however many calls arrive at once? '.repeat(16).trim()
  const messages = [{ role: 'user', content }]
  const body = JSON.stringify({ model: MODEL, messages, max_tokens: 100, stream })
  const head = [
    `POST ${PATH} HTTP/1.1`,
    'host: 127.0.0.1',
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
