import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mockAnswer } from '../../src/upstream/mock.ts'
import { EVENT_BYTES_MAX, ResponsesTap } from '../../src/upstream/responses-tap.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (pieces: readonly Uint8Array[]) => {
  const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join('') + decoder.decode()
}

const USAGE = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 1 },
  total_tokens: 13,
}
const HEAD = { id: 'resp_1', object: 'response', model: 'm-1' }
const event = (type: string, more: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
const says = (delta: string, kind = 'output_text') => event(`response.${kind}.delta`, { delta })
const last = (text = 'Hello', type = 'response.completed') =>
  event(type, { response: { ...HEAD, output: [{ text }], usage: USAGE, metadata: {} } })
const START = event('response.created', { response: { ...HEAD, usage: null } })
const STREAM = START + says('Hel') + says('lo 😀') + says('{"a"', 'function_call_arguments')

function run(text: string, sizes: readonly number[]) {
  const tap = new ResponsesTap()
  const bytes = encode(text)
  const before: Uint8Array[] = []
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length
    before.push(...tap.push(bytes.slice(at, at + size)))
    at += size
  }
  return { tap, before: decode(before), all: (after = tap.end()) => decode([...before, ...after]) }
}

describe('a stream of responses', () => {
  it.each(['response.completed', 'response.incomplete', 'response.failed'])(
    'keeps %s until the end, wherever its chunks are cut',
    (type) => {
      const end = last('Hello', type)
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
          fc.boolean(),
          (sizes, isCrlf) => {
            const ends = (text: string) => (isCrlf ? text.replaceAll('\n', '\r\n') : text)
            const { tap, before, all } = run(ends(STREAM + end), sizes)
            expect(before).toBe(ends(STREAM))
            expect(tap).toMatchObject({ sawDone: true, responseId: 'resp_1', responseModel: 'm-1' })
            expect(tap.usage).toMatchObject({
              inputTokens: 10,
              outputTokens: 3,
              cacheReadTokens: 4,
            })
            expect(all()).toBe(ends(STREAM + end))
          },
        ),
      )
    },
  )

  it('finds the usage of a last event that is larger than what is looked into', () => {
    const text = 'x "usage":{"input_tokens":999,"output_tokens":999} '.repeat(50_000)
    expect(text.length).toBeGreaterThan(2 * EVENT_BYTES_MAX)
    for (const size of [2 * text.length, 65_536, 7_777]) {
      const { tap, before, all } = run(STREAM + last(text), [size])
      expect(tap.usage).toMatchObject({ inputTokens: 10, outputTokens: 3 })
      expect(tap.sawDone).toBe(true)
      expect(before.endsWith('\n\n')).toBe(size > text.length)
      expect(all()).toBe(STREAM + last(text))
    }
  })

  it('passes a large event that is not the last, and reads on behind it', () => {
    const large = event('response.image', { data: 'x'.repeat(2 * EVENT_BYTES_MAX) })
    const { tap, before } = run(START + large + says('Hi') + last(), [50_000])
    expect(before).toBe(START + large + says('Hi'))
    expect(tap.usage?.totalTokens).toBe(13)
  })

  it('counts what was written when it is cut', () => {
    const { tap, before } = run(STREAM + says('x'.repeat(40), 'reasoning_summary_text'), [11])
    expect(tap.sawDone).toBe(false)
    expect(tap.usage).toBeNull()
    expect(tap.outputTokensSeen).toBe(Math.ceil((3 + 7 + 4 + 40) / 4))
    expect(before).toContain('x'.repeat(40))
  })

  it('ends without an event line, and without a blank line', () => {
    const { tap, all } = run(
      `data: {"type":"response.completed","response":${JSON.stringify({ ...HEAD, usage: USAGE })}}`,
      [5],
    )
    expect(all()).toContain('resp_1')
    expect(tap.usage?.totalTokens).toBe(13)
  })

  it('passes errors on', () => {
    const error = event('error', { code: 'server_error', message: 'no' })
    const { tap, before } = run(START + error, [9])
    expect(before).toBe(START + error)
    expect(tap.sawDone).toBe(false)
  })
})

describe('a mocked response', () => {
  const asked = { path: '/responses', model: 'm', text: 'Hello you', nowMs: 5_000 }

  it('has the shape and the usage of a response', async () => {
    expect(await mockAnswer({ ...asked, stream: false }).json()).toMatchObject({
      id: expect.stringMatching(/^resp_/),
      object: 'response',
      created_at: 5,
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hello you' }] }],
      usage: { input_tokens: 10, output_tokens: 20, total_tokens: 30 },
    })
  })

  it('streams as a provider does', async () => {
    const { tap, all } = run(await mockAnswer({ ...asked, stream: true }).text(), [64])
    expect(tap.usage).toMatchObject({ inputTokens: 10, outputTokens: 20 })
    expect(all().match(/^event: response\.output_text\.delta$/gm)).toHaveLength(2)
  })
})
