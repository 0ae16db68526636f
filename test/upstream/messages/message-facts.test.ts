import { describe, expect, it } from 'vitest'
import { messagesDialect } from '../../../src/upstream/messages/message-facts.ts'
import { StreamTap } from '../../../src/upstream/stream-tap.ts'

const encoder = new TextEncoder()
const event = (data: Readonly<Record<string, unknown>>) =>
  `event: ${String(data['type'])}\ndata: ${JSON.stringify(data)}\n\n`
const delta = (fields: object) => event({ type: 'content_block_delta', index: 0, delta: fields })

const START_USAGE = { input_tokens: 5, cache_read_input_tokens: 3, output_tokens: 1 }
const BEFORE = [
  event({ type: 'message_start', message: { id: 'msg_1', model: 'claude', usage: START_USAGE } }),
  event({ type: 'ping' }),
  delta({ type: 'text_delta', text: 'say \\"thinking\\": "12"' }),
  delta({ type: 'input_json_delta', partial_json: '{"a":' }),
  delta({ type: 'thinking_delta', thinking: 'Grüße' }),
  event({ type: 'message_delta', usage: { output_tokens: 9 } }),
].join('')
const END = event({ type: 'message_stop' })

function textOf(pieces: readonly Uint8Array[]): string {
  const streaming = new TextDecoder()
  return pieces.map((piece) => streaming.decode(piece, { stream: true })).join('')
}

function read(text: string, size: number) {
  const tap = new StreamTap({ hideUsage: false, dialect: messagesDialect() })
  const bytes = encoder.encode(text)
  const passed: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) {
    passed.push(...tap.push(bytes.slice(at, at + size)).map((piece) => piece.slice()))
  }
  const held = tap.end()
  return { tap, passed: textOf(passed), held: textOf(held) }
}

describe('a stream of Anthropic', () => {
  it.each([1, 3, 64, 100_000])('is read while it passes, %i bytes at a time', (size) => {
    const { tap, passed, held } = read(BEFORE + END, size)
    expect(passed).toBe(BEFORE)
    expect(held).toBe(END)
    expect(tap.sawDone).toBe(true)
    expect(tap.responseId).toBe('msg_1')
    expect(tap.responseModel).toBe('claude')
    expect(tap.usage).toMatchObject({ inputTokens: 8, cacheReadTokens: 3, outputTokens: 9 })
  })

  it('counts the words of its deltas, in whatever they stand', () => {
    const words = ['say \\"thinking\\": "12"', '{"a":', 'Grüße']
    const bytes = words.map((text) => encoder.encode(JSON.stringify(text)).length - 2)
    const total = bytes.reduce((sum, each) => sum + each, 0)
    const { tap } = read(BEFORE, 50)
    expect(tap.sawDone).toBe(false)
    expect(tap.outputTokensSeen).toBe(Math.max(3, Math.ceil(total / 4)))
    expect(tap.outputTokensCertain).toBe(Math.max(3, Math.floor(total / 16)))
  })

  it('counts deltas whose members stand in another order', () => {
    const data = {
      delta: { text: 'twelve bytes', type: 'text_delta' },
      type: 'content_block_delta',
    }
    expect(read(event(data), 9).tap.outputTokensSeen).toBe(3)
  })

  it('notes an error', () => {
    const error = event({ type: 'error', error: { type: 'overloaded_error', message: 'x' } })
    expect(read(error, 9).tap.errorEvent).toBe(true)
  })
})
