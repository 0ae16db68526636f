import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readMember, scanObject, spliceMembers } from '../../src/upstream/json-members.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
const scanText = (text: string) => scanObject(encode(text))
const splice = (text: string, edits: Record<string, string | null>) =>
  decode(spliceMembers(encode(text), scanText(text), edits))

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 })
const member = fc.tuple(
  fc.tuple(space, space, space, space),
  fc.string({ unit: 'binary' }),
  fc.json(),
)

const PUNCTUATION = '{ } [ ] , : " \\ 0 - 1 . e E + \n \u0000 t f n u / \u007f'
  .split(' ')
  .concat(' ')

// Where UTF-8's rules for first and following bytes change.
const SEQUENCE_EDGES = [
  0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
  0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
]

/** JSON text of an object, spaced at random, with its members' names and values as written. */
const spacedObject = fc
  .uniqueArray(member, { maxLength: 8, selector: ([, name]) => name })
  .map((members) => ({
    members: members.map(([, name, value]) => ({ name, value })),
    text: `{${members
      .map(([s, name, value]) => `${s[0]}${JSON.stringify(name)}${s[1]}:${s[2]}${value}${s[3]}`)
      .join(',')}}`,
  }))

const acceptsAsParser = (bytes: Uint8Array) => {
  try {
    const value: unknown = JSON.parse(decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
const refusal = (bytes: Uint8Array) => {
  try {
    scanObject(bytes)
    return null
  } catch (error) {
    return String(error)
  }
}
const hasRepeat = (message: string | null) => message?.includes('duplicate field') ?? false

const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
const counts = (body: object) => {
  const { mediaBytes, mediaCount, otherMediaBytes } = scanText(JSON.stringify(body))
  return [mediaBytes, mediaCount, otherMediaBytes]
}
const parts = (...content: object[]) => ({ messages: [{ role: 'user', content }] })

describe('scanObject', () => {
  it('finds every member with its own bytes', () => {
    fc.assert(
      fc.property(spacedObject, ({ text, members }) => {
        const bytes = encode(text)
        const object = scanObject(bytes)
        expect([...object.members.keys()]).toEqual(members.map(({ name }) => name))
        for (const { name, value } of members) {
          const { valueStart, valueEnd } = object.members.get(name)!
          expect(decode(bytes.subarray(valueStart, valueEnd))).toBe(value)
          expect(readMember(bytes, object, name)).toEqual(JSON.parse(value))
        }
      }),
    )
  })

  it('accepts exactly what JSON.parse accepts, on damaged text too', () => {
    const damage = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      drop: fc.nat(2),
      put: fc.oneof(
        fc.constantFrom(...PUNCTUATION).map(encode),
        fc.uint8Array({ minLength: 1, maxLength: 4 }),
        fc.constantFrom('é', '\u2028', '😀', '\\ud800', '1e5', 'null', '\ufeff').map(encode),
      ),
    })
    fc.assert(
      fc.property(
        spacedObject,
        fc.array(damage, { maxLength: 3 }),
        fc.nat(),
        (object, all, cut) => {
          let bytes = [...encode(object.text)]
          if (cut % 3 === 0) bytes = bytes.slice(0, cut % (bytes.length + 1))
          for (const { at, drop, put } of all)
            bytes.splice(Math.floor(at * bytes.length), drop, ...put)
          const text = Uint8Array.from(bytes)
          const message = refusal(text)
          if (!hasRepeat(message)) expect(message === null).toBe(acceptsAsParser(text))
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('accepts exactly the UTF-8 that a fatal decoder accepts', () => {
    const unit = fc.constantFrom(...SEQUENCE_EDGES)
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 5 }), (inside) => {
        const bytes = Uint8Array.from([...encode('{"a":"'), ...inside, ...encode('"}')])
        expect(refusal(bytes) === null).toBe(acceptsAsParser(bytes))
      }),
      { numRuns: 5_000 },
    )
  })

  it('reads an escaped key as the name that it spells', () => {
    const text = String.raw`{"mod\u0065l":"a","\"":1,"__proto__":2}`
    expect([...scanText(text).members.keys()]).toEqual(['model', '"', '__proto__'])
  })

  it.each([
    ['', 'empty body at byte 0'],
    [' \n', 'empty body at byte 2'],
    ['\ufeff{}', 'byte order mark at byte 0'],
    ['[]', "expected a JSON object: '{' at byte 0"],
    ['"a"', "expected a JSON object: '{' at byte 0"],
    ['{"a":1} x', 'expected nothing after the object at byte 8'],
    ['{"a":1,"b":2,"a":3}', 'duplicate field "a" at byte 13'],
    [String.raw`{"a":1,"\u0061":3}`, 'duplicate field "a" at byte 7'],
    ['{"a":1,}', 'expected a quoted key at byte 7'],
    ['{"a":01}', "expected ',' or '}' at byte 6"],
    ['{"a":1.}', 'expected a digit at byte 7'],
    ['{"a":[1 2]}', "expected ',' or ']' at byte 8"],
    ['{"a":nul}', 'expected a value at byte 5'],
    ['{"a":"\\x"}', String.raw`expected an escape such as \n or \u0041 at byte 6`],
    ['{"a":"\n"}', 'expected an escaped control character at byte 6'],
    ['{"a":"b', 'text ends where a closing quote belongs at byte 7'],
    ['{"a":', 'text ends where a value belongs at byte 5'],
    ['{"a":tr', 'expected a value at byte 5'],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => scanText(text)).toThrow(message)
  })

  it('lets repeated keys below the top level pass', () => {
    expect(scanText('{"a":{"b":1,"b":2}}').members.size).toBe(1)
  })

  it('refuses nesting beyond 512 levels, however deep it goes', () => {
    expect(scanText(nested(511)).members.size).toBe(1)
    expect(() => scanText(nested(512))).toThrow('nested deeper than 512 levels at byte 516')
    expect(() => scanText(nested(2_000_000))).toThrow('nested deeper')
  })
})

describe('the media counts', () => {
  const image = `data:image/png;base64,${'A'.repeat(2_000)}`
  const audio = 'UklG'.repeat(1_000)
  const quoted = image.length + 2

  it.each([
    ['an image part', parts({ image_url: { url: image } }), [quoted, 1, 0]],
    [
      'two of them and text',
      parts({ text: 'hi' }, { image_url: { url: image } }, { image_url: { url: image } }),
      [2 * quoted, 2, 0],
    ],
    [
      'an image of the Responses API',
      { input: [{ content: [{ type: 'input_image', image_url: image }] }] },
      [quoted, 1, 0],
    ],
    ['audio', parts({ input_audio: { data: audio } }), [0, 0, audio.length + 2]],
    ['a file', parts({ file: { file_data: image } }), [0, 0, quoted]],
    // Few bytes may be many pixels.
    ['a small image', parts({ image_url: { url: 'data:image/png;base64,AAAA' } }), [28, 1, 0]],
    ['an image elsewhere', parts({ image_url: { url: `https://${audio}` } }), [0, 1, 0]],
  ])('see %s', (_, body, expected) => {
    expect(counts(body)).toEqual(expected)
  })

  it('take text that poses as an image for text', () => {
    const posing = [
      { messages: [{ role: 'user', content: image }] },
      parts({ type: 'text', text: image }),
      { tools: [{ function: { parameters: { image_url: { url: image } } } }] },
      { messages: [{ tool_calls: [{ function: { arguments: { url: image } } }] }] },
      { metadata: [{ content: [{ image_url: { url: image } }] }] },
      parts([image]),
    ]
    for (const body of posing) expect(counts(body).slice(0, 2)).toEqual([0, 0])
  })
})

describe('spliceMembers', () => {
  it.each([
    ['{"model":"a","n":1}', { model: '"b"' }, '{"model":"b","n":1}'],
    ['{ "model" : "a" , "n":1}', { model: '"b"' }, '{ "model" : "b" , "n":1}'],
    ['{ "a":1, "b":2 , "c":3 }', { a: null }, '{ "b":2 , "c":3 }'],
    ['{ "a":1, "b":2 , "c":3 }', { b: null }, '{ "a":1 , "c":3 }'],
    ['{ "a":1, "b":2 , "c":3 }', { c: null }, '{ "a":1, "b":2 }'],
    ['{ "a":1, "b":2 , "c":3 }', { a: null, b: null }, '{ "c":3 }'],
    ['{ "a":1, "b":2 , "c":3 }', { b: null, c: null }, '{ "a":1 }'],
    ['{ "a":1, "b":2 }', { a: null, b: null }, '{  }'],
    ['{ "a":1, "b":2 }', { a: null, b: null, c: '3', d: '4' }, '{ "c":3,"d":4 }'],
    ['{ "a":1 }', { b: '{"x":[]}' }, '{ "a":1,"b":{"x":[]} }'],
    ['{ }', { b: 'true' }, '{"b":true }'],
    ['{"a":1,"b":2}', { a: null, b: '3' }, '{"b":3}'],
    [String.raw`{"mod\u0065l":1}`, { model: '2' }, String.raw`{"mod\u0065l":2}`],
    ['{"seed":12345678901234567890123}', { n: '1' }, '{"seed":12345678901234567890123,"n":1}'],
  ])('turns %s with %j into %s', (text, edits, expected) => {
    expect(splice(text, edits)).toBe(expected)
  })

  it('returns the same bytes when nothing changes', () => {
    const bytes = encode('{"a":1}')
    expect(spliceMembers(bytes, scanObject(bytes), { b: null })).toBe(bytes)
  })

  it('gives valid JSON in which only the edited members differ', () => {
    const edit = fc.option(fc.json(), { freq: 2, nil: null })
    const added = fc.dictionary(fc.string({ unit: 'binary' }), edit, { maxKeys: 3 })
    fc.assert(
      fc.property(
        spacedObject,
        fc.array(fc.option(edit)),
        added,
        ({ text, members }, some, more) => {
          const edits = new Map(Object.entries(more))
          members.forEach(({ name }, i) => some[i] !== undefined && edits.set(name, some[i]))
          const out = encode(splice(text, Object.fromEntries(edits)))
          const kept = members.flatMap(({ name, value }) => {
            const change = edits.has(name) ? edits.get(name) : value
            return typeof change === 'string' ? [[name, change]] : []
          })
          const known = new Set(members.map(({ name }) => name))
          const appended = [...edits].filter(([name, value]) => value !== null && !known.has(name))
          const after = scanObject(out)
          const written = [...after.members].map(([name, { valueStart, valueEnd }]) => [
            name,
            decode(out.subarray(valueStart, valueEnd)),
          ])
          expect(written.slice(0, kept.length)).toEqual(kept)
          expect(new Map(written.slice(kept.length).map(([name, value]) => [name, value]))).toEqual(
            new Map(appended),
          )
          const expected = [...kept, ...appended].map(([name, value]) => [name, JSON.parse(value!)])
          expect(JSON.parse(decode(out))).toEqual(Object.fromEntries(expected))
        },
      ),
    )
  })
})
