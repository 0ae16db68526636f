import { describe, expect, it } from 'vitest'
import { toChunkStream } from '../../../src/upstream/anthropic/stream.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const event = (data: { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const delta = (fields: object, index = 0) =>
  ({ type: 'content_block_delta', index, delta: fields }) as const
const open = (block: object, index = 0) =>
  ({ type: 'content_block_start', index, content_block: block }) as const
const close = (index = 0) => ({ type: 'content_block_stop', index }) as const
const START = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    model: 'claude-x',
    content: [],
    usage: {
      input_tokens: 10,
      cache_read_input_tokens: 90,
      output_tokens: 1,
      service_tier: 'standard',
    },
  },
}
const stop = (reason: string, tokens: number) => ({
  type: 'message_delta',
  delta: { stop_reason: reason, stop_sequence: null },
  usage: { output_tokens: tokens, input_tokens: null },
})
const STOP = { type: 'message_stop' }
const HEAD = {
  id: 'msg_1',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'claude-x',
}

const thought = (fields: object) => ({ thinking_blocks: [{ type: 'thinking', ...fields }] })

const TALK = [
  START,
  open({ type: 'thinking', thinking: '', signature: '' }),
  delta({ type: 'thinking_delta', thinking: 'hm' }),
  delta({ type: 'signature_delta', signature: 'sig' }),
  close(),
  { type: 'ping' },
  open({ type: 'text', text: '' }, 1),
  delta({ type: 'text_delta', text: 'Grüße 😀' }, 1),
  close(1),
  open({ type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }, 2),
  delta({ type: 'input_json_delta', partial_json: '' }, 2),
  delta({ type: 'input_json_delta', partial_json: '{"city":' }, 2),
  delta({ type: 'input_json_delta', partial_json: '"Łódź"}' }, 2),
  close(2),
  open({ type: 'tool_use', id: 'toolu_2', name: 'now', input: {} }, 3),
  close(3),
  { type: 'news_from_the_future' },
  stop('tool_use', 7),
  stop('tool_use', 9),
  STOP,
]

/** What comes out of these pieces, and whether it ended well. */
async function converted(pieces: readonly Uint8Array[]): Promise<{ text: string; error: string }> {
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
  return read(source)
}

async function read(source: ReadableStream<Uint8Array>): Promise<{ text: string; error: string }> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of source.pipeThrough(toChunkStream(1_700_000_000_000))) {
      text += decoder.decode(chunk, { stream: true })
    }
  } catch (error) {
    return { text, error: String(error) }
  }
  return { text, error: '' }
}

const streamed = (events: readonly { type: string }[]) =>
  converted([encode(events.map(event).join(''))])

const chunksOf = (text: string) =>
  text
    .split('\n\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as Record<string, unknown>)

describe('a stream of Anthropic', () => {
  it("is OpenAI's: role, thoughts, words, calls, finish, usage, end", async () => {
    const { text, error } = await streamed(TALK)
    expect(error).toBe('')
    const chunks = chunksOf(text)
    const choice = (fields: object, finish: string | null = null) => ({
      ...HEAD,
      choices: [{ index: 0, delta: fields, finish_reason: finish }],
    })
    const called = (index: number, fields: object) => choice({ tool_calls: [{ index, ...fields }] })
    expect(chunks).toEqual([
      choice({ role: 'assistant', content: '' }),
      choice({ reasoning_content: 'hm', ...thought({ thinking: 'hm' }) }),
      choice(thought({ thinking: '', signature: 'sig' })),
      choice({ content: 'Grüße 😀' }),
      called(0, { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '' } }),
      called(0, { function: { arguments: '{"city":' } }),
      called(0, { function: { arguments: '"Łódź"}' } }),
      called(1, { id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '' } }),
      called(1, { function: { arguments: '{}' } }),
      choice({}, 'tool_calls'),
      {
        ...HEAD,
        choices: [],
        usage: {
          prompt_tokens: 100,
          completion_tokens: 9,
          total_tokens: 109,
          prompt_tokens_details: { cached_tokens: 90, cache_creation_tokens: 0 },
          cache_read_input_tokens: 90,
          service_tier: 'standard',
        },
      },
    ])
    expect(text).toContain(': ping\n\n')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it.each([
    ['LF', (text: string) => text],
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['CR', (text: string) => text.replaceAll('\n', '\r')],
  ])('comes out the same, cut at any byte (%s)', async (_name, lines) => {
    const expected = await streamed(TALK)
    const bytes = encode(lines(TALK.map(event).join('')))
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte))
    expect(await converted(single)).toEqual(expected)
    for (let at = 1; at < bytes.length; at++) {
      const { text } = await converted([bytes.slice(0, at), bytes.slice(at)])
      if (text !== expected.text) expect({ at, text }).toEqual({ at, text: expected.text })
    }
  })

  it('tells the error that Anthropic told, and nothing after it', async () => {
    const told = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    const { text, error } = await streamed([START, told, STOP])
    expect(error).toBe('')
    expect(chunksOf(text).at(-1)).toEqual({
      error: { message: 'Overloaded', type: 'overloaded_error', param: null, code: '529' },
    })
    expect(text).not.toContain('[DONE]')
  })

  it.each([
    ['stops before its message does', TALK.slice(0, -1)],
    ['has nothing', []],
  ])('that %s is broken', async (_what, events) => {
    const { text, error } = await streamed(events)
    expect(error).toContain('ended before')
    expect(text).not.toContain('[DONE]')
  })

  it('that is cut stays cut', async () => {
    let isSent = false
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (isSent) controller.error(new Error('connection lost'))
        else
          controller.enqueue(encode([START, open({ type: 'text', text: 'a' })].map(event).join('')))
        isSent = true
      },
    })
    const { text, error } = await read(source)
    expect(error).toContain('connection lost')
    expect(text).not.toContain('[DONE]')
  })

  it('that is no JSON is broken', async () => {
    expect((await converted([encode('data: <html>\n\n')])).error).toContain('not JSON')
  })

  it.each([
    ['in one piece', 2 * 1024 * 1024],
    ['in many', 16 * 1024],
  ])('with a line over a megabyte is broken (%s)', async (_what, size) => {
    const bytes = encode(event(delta({ type: 'text_delta', text: 'x'.repeat(1_100_000) })))
    const pieces: Uint8Array[] = [encode(event(START))]
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size))
    expect((await converted(pieces)).error).toContain('longer than')
  })
})
