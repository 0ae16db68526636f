import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EVENT_BYTES_MAX, StreamTap } from '../../src/upstream/stream-tap.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (pieces: readonly Uint8Array[]) => {
  const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join('') + decoder.decode()
}

const USAGE = { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 }
const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`
const chunk = (more: object) => ({ id: 'chatcmpl-1', model: 'm-1', usage: null, ...more })
const says = (content: string) => event(chunk({ choices: [{ index: 0, delta: { content } }] }))
const REPORT = event(chunk({ choices: [], usage: USAGE }))
const report = (more: string) => event(chunk({ choices: [], usage: USAGE, more }))
const DONE = 'data: [DONE]\n\n'

interface Case {
  name: string
  /** The stream, in order: what always passes, what `hideUsage` drops, what waits for the end. */
  parts: readonly (string | { hidden: string } | { held: string })[]
  tokens?: number
  id?: string | null
  model?: string | null
  events: number
  seen: number
  error?: boolean
}

const hello = [says('Hel'), says('lo'), says(' 你好 😀')]
const cases: Case[] = [
  {
    name: 'a chat',
    parts: [...hello, { hidden: REPORT }, { held: DONE }],
    tokens: 13,
    events: 4,
    seen: 5,
  },
  {
    name: 'a legacy completion',
    parts: [
      event(chunk({ choices: [{ text: 'once upon a time' }] })),
      { hidden: REPORT },
      { held: DONE },
    ],
    tokens: 13,
    events: 2,
    seen: 4,
  },
  {
    name: 'CRLF lines',
    parts: [
      ...hello.map((text) => text.replaceAll('\n', '\r\n')),
      { hidden: REPORT.replaceAll('\n', '\r\n') },
      { held: DONE.replaceAll('\n', '\r\n') },
    ],
    tokens: 13,
    events: 4,
    seen: 5,
  },
  {
    name: 'CR lines',
    parts: [
      ...hello.map((text) => text.replaceAll('\n', '\r')),
      { hidden: REPORT.replaceAll('\n', '\r') },
      { held: DONE.replaceAll('\n', '\r') },
    ],
    tokens: 13,
    events: 4,
    seen: 5,
  },
  {
    name: 'comments, other fields, no space after the colon, an end mark without a line end',
    parts: [
      ': OPENROUTER PROCESSING\n\n',
      ': OPENROUTER PROCESSING\n\n',
      `id: 7\nevent: message\n${says('hi').replace('data: ', 'data:')}`,
      'data\n\n\n',
      { hidden: `: last\nretry: 5\n${REPORT.replace('data: ', 'data:')}` },
      { held: 'data:[DONE]' },
    ],
    tokens: 13,
    events: 2,
    seen: 1,
  },
  {
    name: 'data over several lines',
    parts: [
      {
        hidden:
          'data: {"id":"x","model":"m-2",\ndata: "choices":[],\ndata:"usage":{"total_tokens":4}}\n\n',
      },
      { held: DONE },
    ],
    tokens: 4,
    id: 'x',
    model: 'm-2',
    events: 1,
    seen: 0,
  },
  {
    name: "Azure's first event, without choices, id and usage",
    parts: [
      event({ choices: [], id: '', model: '', prompt_filter_results: [{ prompt_index: 0 }] }),
      ...hello,
      { hidden: REPORT },
      { held: DONE },
    ],
    tokens: 13,
    events: 5,
    seen: 5,
  },
  {
    name: 'usage on events that carry choices, the last one counting',
    parts: [
      event(chunk({ choices: [{ delta: { content: 'a' } }], usage: { prompt_tokens: 10 } })),
      event(chunk({ choices: [{ delta: { content: 'b' } }], usage: { ...USAGE, x: 1 } })),
      { held: DONE },
    ],
    tokens: 13,
    events: 2,
    seen: 2,
  },
  {
    name: 'usage before choices, and spaces after colons',
    parts: [
      'data: {"id": "i", "usage": {"prompt_tokens": 1, "completion_tokens": 2}, "choices": [{"text": "a"}]}\n\n',
      'data: {"id": "i", "usage": {"prompt_tokens": 1, "completion_tokens": 3}, "choices": [{"text": "a"}]}\n\n',
      { held: DONE },
    ],
    tokens: 4,
    id: 'i',
    model: null,
    events: 2,
    seen: 2,
  },
  {
    name: "Groq's own place",
    parts: [
      ...hello,
      event(chunk({ choices: [{ delta: {} }], x_groq: { usage: USAGE } })),
      { held: DONE },
    ],
    tokens: 13,
    events: 4,
    seen: 5,
  },
  {
    name: 'the Responses API, which has no end mark',
    parts: [
      event({ type: 'response.created', response: { id: 'resp-1', model: 'm-3' } }),
      event({ type: 'response.output_text.delta', delta: 'Hi' }),
      event({
        type: 'response.completed',
        response: { usage: { input_tokens: 2, output_tokens: 1 } },
      }),
    ],
    tokens: 3,
    id: 'resp-1',
    model: 'm-3',
    events: 3,
    seen: 0,
  },
  {
    name: 'text, arguments and objects that look like usage, errors and end marks',
    parts: [
      says('"usage":{"prompt_tokens":9} "error":{} \n\ndata: [DONE]\n\n'),
      event(
        chunk({
          choices: [{ delta: { tool_calls: [{ function: { arguments: '{"usage":{"a' } }] } }],
        }),
      ),
      event(
        chunk({ choices: [{ delta: { args: { usage: { prompt_tokens: 9 }, error: { a: 1 } } } }] }),
      ),
      event(chunk({ choices: [], note: { usage: { prompt_tokens: 9 } }, error: null })),
      { held: DONE },
    ],
    events: 4,
    seen: 20,
  },
  {
    name: 'an error in the middle',
    parts: [...hello, event({ error: { message: 'overloaded', code: 503 } })],
    events: 4,
    seen: 5,
    error: true,
  },
  {
    name: 'an error as a text',
    parts: [event({ error: 'overloaded' }), { held: DONE }],
    id: null,
    model: null,
    events: 1,
    seen: 0,
    error: true,
  },
  {
    name: 'an error beside a usage, which is shown',
    parts: [...hello, event(chunk({ choices: [], usage: USAGE, error: { code: 500 } }))],
    tokens: 13,
    events: 4,
    seen: 5,
    error: true,
  },
  {
    name: 'usage of zeros',
    parts: [
      ...hello,
      { hidden: event(chunk({ choices: [], usage: { total_tokens: 0 } })) },
      { held: DONE },
    ],
    events: 4,
    seen: 5,
  },
  {
    name: 'a report after the end mark',
    parts: [...hello, { held: DONE }, { hidden: REPORT }, { held: ': bye\n\n' }],
    tokens: 13,
    events: 4,
    seen: 5,
  },
  {
    name: 'no JSON at all',
    parts: ['<html>\n\nBad gateway</html>\n', 'data: {"usage":{ broken\n\n', { held: DONE }],
    id: null,
    model: null,
    events: 1,
    seen: 0,
  },
  { name: 'nothing', parts: [], id: null, model: null, events: 0, seen: 0 },
]

const textOf = (part: Case['parts'][number]) =>
  typeof part === 'string' ? part : 'hidden' in part ? part.hidden : part.held

const isHeld = (part: Case['parts'][number]) => typeof part !== 'string' && 'held' in part

/** Splits at the given places, which may repeat. */
const split = (bytes: Uint8Array, places: readonly number[]) => {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length]
  const sorted = cuts.toSorted((a, b) => a - b)
  return sorted.slice(1).map((end, i) => bytes.slice(sorted[i], end))
}

function run(chunks: readonly Uint8Array[], hideUsage: boolean) {
  const tap = new StreamTap({ hideUsage })
  const early = decode(chunks.flatMap((bytes) => tap.push(bytes)))
  return { tap, early, late: decode(tap.end()) }
}

const places = fc.array(fc.nat(), { maxLength: 40 })

describe.each(cases)('$name', ({ parts, ...expected }) => {
  const stream = encode(parts.map(textOf).join(''))
  const kept = (hideUsage: boolean) =>
    parts.filter((part) => typeof part === 'string' || 'held' in part || !hideUsage)

  it.each([true, false])('goes through untouched however it is cut, hideUsage %s', (hideUsage) => {
    const all = kept(hideUsage)
    const heldFrom = all.findIndex(isHeld)
    const early = all.slice(0, heldFrom < 0 ? undefined : heldFrom)
    const late = heldFrom < 0 ? [] : all.slice(heldFrom)
    fc.assert(
      fc.property(places, (at) => {
        const ran = run(split(stream, at), hideUsage)
        expect(ran.early + ran.late).toBe(all.map(textOf).join(''))
        if (heldFrom >= 0) {
          expect(ran.early).toBe(early.map(textOf).join(''))
          expect(ran.late).toBe(late.map(textOf).join(''))
        }
      }),
    )
  })

  it('is understood the same however it is cut', () => {
    const {
      tokens = null,
      id = 'chatcmpl-1',
      model = 'm-1',
      events,
      seen,
      error = false,
    } = expected
    fc.assert(
      fc.property(places, fc.boolean(), (at, hideUsage) => {
        const { tap } = run(split(stream, at), hideUsage)
        expect(tap.usage?.totalTokens ?? null).toBe(tokens)
        expect([tap.responseId, tap.responseModel]).toEqual([id, model])
        expect([tap.events, tap.outputTokensSeen]).toEqual([events, seen])
        expect([tap.errorEvent, tap.sawDone]).toEqual([error, parts.some(isHeld)])
      }),
    )
  })
})

describe('StreamTap', () => {
  it.each([
    ['events with text', ['Hello', ' there', ' you'], 3],
    ['no event without text', ['', '', 'Hello'], 1],
    ['letters as the words they are', 'letters of a word'.split(''), 4],
    ['a word of many bytes as one', [' internationalisat'], 1],
    ['a whole answer in one event', ['x'.repeat(1_600)], 100],
    ['nothing', [], 0],
  ])('counts what was certainly written: %s', (_what, words, expected) => {
    const { tap } = run([encode(words.map(says).join('') + DONE)], true)
    expect(tap.outputTokensCertain).toBe(expected)
    expect(tap.outputTokensCertain).toBeLessThanOrEqual(tap.outputTokensSeen)
  })

  it('passes the very chunk on, also in the middle of an event', () => {
    const tap = new StreamTap({ hideUsage: false })
    const chunks = split(encode(says('Hello') + says('you')), [3, 40, 41, 120])
    // The first three bytes could still become an end mark.
    expect(tap.push(chunks[0]!)).toEqual([])
    expect(decode(tap.push(chunks[1]!))).toBe(says('Hello').slice(0, 40))
    for (const bytes of chunks.slice(2)) expect(tap.push(bytes)[0]).toBe(bytes)
  })

  it('passes a chunk of whole events on as it is when it hides usage', () => {
    const tap = new StreamTap({ hideUsage: true })
    const bytes = encode(hello.join(''))
    expect(tap.push(bytes)[0]).toBe(bytes)
  })

  it('passes each event on with its last byte when it hides usage', () => {
    const tap = new StreamTap({ hideUsage: true })
    const bytes = encode(hello[0]!)
    for (const byte of bytes.slice(0, -1)) expect(tap.push(Uint8Array.of(byte))).toEqual([])
    expect(decode(tap.push(bytes.slice(-1)))).toBe(hello[0])
  })

  it('knows of the end mark before it lets it go', () => {
    for (const hideUsage of [true, false]) {
      const tap = new StreamTap({ hideUsage })
      tap.push(encode(`${hello.join('')}data: [DON`))
      expect(tap.sawDone).toBe(false)
      expect(tap.push(encode('E]'))).toEqual([])
      expect(tap.sawDone).toBe(true)
      expect(tap.push(encode('\n\n'))).toEqual([])
      expect(decode(tap.end())).toBe(DONE)
      expect(tap.end()).toEqual([])
    }
  })

  it('gives back what it has when the stream is cut anywhere', () => {
    const stream = encode([...hello, REPORT].join(''))
    const beforeReport = stream.length - encode(REPORT).length
    for (let cut = 0; cut < beforeReport; cut++) {
      for (const hideUsage of [true, false]) {
        const { tap, early, late } = run([stream.slice(0, cut)], hideUsage)
        expect(early + late).toBe(decode([stream.slice(0, cut)]))
        expect([tap.usage, tap.sawDone]).toEqual([null, false])
      }
    }
  })

  it('reads and hides a report whose blank line never came', () => {
    for (const text of [REPORT.slice(0, -1), REPORT.slice(0, -2)]) {
      const { tap, early, late } = run([encode(hello.join('') + text)], true)
      expect(early + late).toBe(hello.join(''))
      expect(tap.usage?.totalTokens).toBe(13)
    }
  })

  it('keeps no chunk and none of its own buffers in what it returns', () => {
    const tap = new StreamTap({ hideUsage: true })
    const [first, second] = [says('one'), says('two')]
    tap.push(encode(first.slice(0, 30)))
    const pieces = tap.push(encode(first.slice(30) + second.slice(0, 30)))
    tap.push(encode(second.slice(30)))
    expect(decode(pieces)).toBe(first)
  })

  const bulk = 'x'.repeat(EVENT_BYTES_MAX)
  const big = report(bulk)

  it.each([
    ['in one piece', []],
    ['in many', Array.from({ length: 400 }, (_, i) => i * 2_700)],
  ])('passes an event beyond the limit unread, %s', (_, at) => {
    for (const hideUsage of [true, false]) {
      for (const lineEnd of ['\n', '\r\n']) {
        const stream = (says('a') + big + REPORT + DONE).replaceAll('\n', lineEnd)
        const { tap, early, late } = run(split(encode(stream), at), hideUsage)
        const shown = hideUsage ? stream.replace(REPORT.replaceAll('\n', lineEnd), '') : stream
        expect(early + late === shown).toBe(true)
        expect(late).toBe(DONE.replaceAll('\n', lineEnd))
        expect([tap.events, tap.usage?.totalTokens]).toEqual([3, 13])
      }
    }
  })

  it('finds the end of an oversized event wherever it is cut', () => {
    for (const lineEnd of ['\n', '\r\n']) {
      const tail = `yz"}\n\n${REPORT}${DONE}`.replaceAll('\n', lineEnd)
      for (let cut = 0; cut < tail.length; cut++) {
        const tap = new StreamTap({ hideUsage: true })
        tap.push(encode(`data: {"a":"${bulk}`))
        const pieces = [tail.slice(0, cut), tail.slice(cut)].flatMap((text) =>
          tap.push(encode(text)),
        )
        expect(decode(pieces)).toBe(`yz"}${lineEnd}${lineEnd}`)
        expect(decode(tap.end())).toBe(DONE.replaceAll('\n', lineEnd))
        expect([tap.events, tap.usage?.totalTokens]).toEqual([2, 13])
      }
    }
  })

  it('reads a long event under the limit in time, a few bytes at a time', () => {
    const long = report(bulk.slice(1_000))
    const bytes = encode(long)
    const { tap, early, late } = run(
      Array.from({ length: Math.ceil(bytes.length / 100) }, (_, i) =>
        bytes.slice(i * 100, i * 100 + 100),
      ),
      true,
    )
    expect([early, late, tap.usage?.totalTokens]).toEqual(['', '', 13])
  })

  it('lets go of what follows the end mark once it is too much', () => {
    const tap = new StreamTap({ hideUsage: false })
    tap.push(encode(DONE))
    const after = [1, 2, 3].map(() => `: ${bulk.slice(0, EVENT_BYTES_MAX / 2)}\n\n`)
    const passed = after.map((text) => decode(tap.push(encode(text))))
    expect(passed.map((text) => text.length > 0)).toEqual([false, true, false])
    expect(passed.join('') + decode(tap.end()) === DONE + after.join('')).toBe(true)
  })

  it('estimates output by text, not by what surrounds it', () => {
    const padding = {
      logprobs: { content: [{ token: 'hi', bytes: [104, 105] }] },
      pad: bulk.slice(0, 999),
    }
    const twice = { reasoning: 'thinking', reasoning_details: [{ text: 'thinking' }] }
    const { tap } = run(
      [
        encode(event(chunk({ choices: [{ delta: { content: 'hi' }, ...padding }] }))),
        encode(event(chunk({ choices: [{ delta: { ...twice, reasoning_content: 'thinking' } }] }))),
        encode(event(chunk({ choices: [{ delta: { refusal: 'no, not that' } }] }))),
        encode(event({ type: 'ping' })),
      ],
      false,
    )
    expect(tap.outputTokensSeen).toBe(Math.ceil((2 + 8 + 12) / 4))
  })
})
