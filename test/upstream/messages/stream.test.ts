import { describe, expect, it } from 'vitest'
import { MessagesStream } from '../../../src/upstream/messages/stream.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

interface Event {
  readonly [name: string]: unknown
  readonly type: string
}

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({
    id: 'c1',
    model: 'gpt',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`
const call = (index: number, id: string | undefined, text: string): string =>
  chunk({
    tool_calls: [
      { index, ...(id && { id }), function: { ...(id && { name: id }), arguments: text } },
    ],
  })
const REPORT = `data: {"id":"c1","choices":[],"usage":{"prompt_tokens":30,"completion_tokens":7,"total_tokens":37,"prompt_tokens_details":{"cached_tokens":20}}}\n\n`
const DONE = 'data: [DONE]\n\n'

/** What a client of Anthropic's reads, the stream cut into pieces of so many bytes. */
function translated(text: string, size = 4_096): Event[] {
  const bytes = encoder.encode(text)
  const stream = new MessagesStream()
  const out: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size)
    out.push(...stream.push(bytes.slice(at, at + size)))
  out.push(...stream.end())
  const read = out.map((piece) => decoder.decode(piece)).join('')
  return read
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const [head = '', data = ''] = event.split('\n')
      const parsed = JSON.parse(data.slice('data: '.length)) as Event
      expect(head).toBe(`event: ${parsed.type}`)
      return parsed
    })
}

const typesOf = (events: readonly Event[]) => events.map(({ type }) => type)

describe('a chat stream for a client of Anthropic', () => {
  it.each([1, 7, 4_096])('is the same however it is cut (%i bytes)', (size) => {
    const text = chunk({ role: 'assistant', content: '' }) + chunk({ content: 'Grüße' })
    const events = translated(text + chunk({}, 'stop') + REPORT + DONE, size)
    expect(typesOf(events)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(events[2]).toMatchObject({ index: 0, delta: { type: 'text_delta', text: 'Grüße' } })
    expect(events[4]).toMatchObject({
      delta: { stop_reason: 'end_turn' },
      usage: { input_tokens: 10, cache_read_input_tokens: 20, output_tokens: 7 },
    })
  })

  it('has one block open at a time, though a chat mixes its tools', () => {
    const events = translated(
      chunk({ reasoning_content: 'hm' }) +
        chunk({ content: 'see' }) +
        call(0, 'a', '{"x"') +
        call(1, 'b', '{"y":') +
        call(0, undefined, ':1}') +
        call(1, undefined, '2}') +
        chunk({}, 'tool_calls') +
        DONE,
    )
    const opened = events.filter(({ type }) => type === 'content_block_start')
    expect(opened.map((event) => event['content_block'])).toMatchObject([
      { type: 'thinking' },
      { type: 'text' },
      { type: 'tool_use', id: 'a', name: 'a' },
      { type: 'tool_use', id: 'b', name: 'b' },
    ])
    let open: unknown = null
    const said = new Map<unknown, string>()
    for (const event of events) {
      if (event.type === 'content_block_start') {
        expect(open).toBeNull()
        open = event['index']
      }
      if (event.type === 'content_block_delta') {
        expect(event['index']).toBe(open)
        const { partial_json: json } = event['delta'] as { partial_json?: string }
        if (json !== undefined) said.set(open, (said.get(open) ?? '') + json)
      }
      if (event.type === 'content_block_stop') open = null
    }
    expect([...said.values()]).toEqual(['{"x":1}', '{"y":2}'])
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' } })
  })

  it.each([
    ['breaks off', chunk({ content: 'a' }), 'broke off'],
    ['is empty', DONE, 'said nothing'],
    ['is no JSON', 'data: {oops\n\n', 'no JSON'],
    ['tells an error', 'data: {"error":{"message":"overloaded","code":529}}\n\n', 'overloaded'],
  ])('that %s ends with an error', (_how, text, message) => {
    const last = translated(text).at(-1)
    expect(last?.type).toBe('error')
    expect(last?.['error']).toMatchObject({ message: expect.stringContaining(message) })
  })

  it('without [DONE] ends well if it said how it finished', () => {
    const events = translated(chunk({ content: 'a' }) + chunk({}, 'length'))
    expect(typesOf(events).at(-1)).toBe('message_stop')
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'max_tokens' } })
  })
})
