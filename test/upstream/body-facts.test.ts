import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JsonObject, scanObject } from '../../src/upstream/json-members.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const scanText = (text: string): JsonObject => scanObject(encode(text))
const scanBody = (body: object): JsonObject => scanText(JSON.stringify(body))

/** Parts as kind and base64 text, or kind and null for what is elsewhere. */
const mediaOf = (text: string) =>
  scanText(text).media.map(({ kind, start, end }) => [
    kind,
    start < 0 ? null : text.slice(start, end),
  ])
const chat = (...content: object[]) => ({ model: 'm', messages: [{ role: 'user', content }] })
const responses = (...content: object[]) => ({ input: [{ role: 'user', content }] })

const PNG = 'iVBORw0KGgo='
const dataUri = (type: string) => `data:${type};base64,${PNG}`
const image = { type: 'image_url', image_url: { url: dataUri('image/png') } }
const source = (more: object) => ({ type: 'base64', media_type: 'image/png', data: PNG, ...more })
const block = (type: string, more: object) => ({ type, source: source(more) })
const toolResult = (...content: object[]) => ({ type: 'tool_result', tool_use_id: 't', content })

const details = (body: object) => scanBody(body).media.map(({ detail }) => detail)
const toolsOf = (tools: readonly object[]) => scanBody({ tools }).serverTools

describe('the media of a body', () => {
  it.each([
    ['an image', chat({ type: 'text', text: 'hi' }, image), [['image', PNG]]],
    ['an image by its URL', chat({ image_url: { url: 'https://a.b/c.png' } }), [['image', null]]],
    ['an image as a text', chat({ image_url: dataUri('image/png') }), [['image', PNG]]],
    [
      'a PDF as an image',
      chat({ image_url: { url: dataUri('application/pdf') } }),
      [['file', PNG]],
    ],
    ['an image of no known scheme', chat({ image_url: { url: 'gs://a/b' } }), [['file', null]]],
    ['audio', chat({ input_audio: { data: PNG, format: 'wav' } }), [['audio', PNG]]],
    ['audio by its URL', chat({ audio_url: { url: 'http://a/b' } }), [['audio', null]]],
    ['a video', chat({ video_url: { url: dataUri('video/mp4') } }), [['file', PNG]]],
    ['a file', chat({ file: { filename: 'a', file_data: dataUri('a/b') } }), [['file', PNG]]],
    ['a file by its id', chat({ type: 'file', file: { file_id: 'f-1' } }), [['file', null]]],
    ['an image of a tool', { messages: [{ role: 'tool', content: [image] }] }, [['image', PNG]]],
  ])('is seen in chats: %s', (_what, body, expected) => {
    expect(mediaOf(JSON.stringify(body))).toEqual(expected)
  })

  it.each([
    [
      'an image',
      responses({ type: 'input_image', image_url: dataUri('image/png') }),
      [['image', PNG]],
    ],
    ['an image by its id', responses({ file_id: 'f', type: 'input_image' }), [['image', null]]],
    ['a file', responses({ type: 'input_file', file_data: dataUri('a/b') }), [['file', PNG]]],
    [
      'a file by its URL',
      responses({ type: 'input_file', file_url: 'https://a/b' }),
      [['file', null]],
    ],
    ['a file by its id', responses({ type: 'input_file', file_id: 'f' }), [['file', null]]],
    [
      "a function's output",
      { input: [{ type: 'function_call_output', output: [{ image_url: dataUri('image/gif') }] }] },
      [['image', PNG]],
    ],
    [
      'a screenshot',
      { input: [{ output: { type: 'computer_screenshot', image_url: dataUri('image/png') } }] },
      [['image', PNG]],
    ],
  ])('is seen in responses: %s', (_what, body, expected) => {
    expect(mediaOf(JSON.stringify(body))).toEqual(expected)
  })

  it.each([
    ['an image', [block('image', {})], [['image', PNG]]],
    ['a document', [block('document', { media_type: 'application/pdf' })], [['file', PNG]]],
    [
      'an image by its URL',
      [{ source: { type: 'url', url: 'x' }, type: 'image' }],
      [['image', null]],
    ],
    [
      'a document by its URL',
      [{ type: 'document', source: { type: 'url', url: 'x' } }],
      [['file', null]],
    ],
    ['a document by its id', [{ type: 'document', source: { file_id: 'f' } }], [['file', null]]],
    [
      "a tool's image",
      [toolResult({ type: 'text', text: 'a' }, block('image', {}))],
      [['image', PNG]],
    ],
    [
      "a document's image",
      [{ type: 'document', source: { type: 'content', content: [block('image', {})] } }],
      [['image', PNG]],
    ],
    [
      "a tool's document's image",
      [toolResult({ type: 'document', source: { content: [block('image', {})] } })],
      [['image', PNG]],
    ],
    ['plain text', [block('document', { type: 'text', media_type: 'text/plain' })], []],
  ])("is seen in Anthropic's messages: %s", (_what, content, expected) => {
    expect(mediaOf(JSON.stringify(chat(...content)))).toEqual(expected)
  })

  it('is the same however keys and slashes are escaped', () => {
    const text = JSON.stringify(chat(image))
      .replaceAll('/', String.raw`\/`)
      .replaceAll('image_url":{"url', String.raw`image\u005furl":{"ur\u006c`)
    expect(mediaOf(text)).toEqual([['image', PNG]])
    const https = String.raw`{"messages":[{"content":[{"image_url":{"url":"https:\/\/a\/b"}}]}]}`
    expect(mediaOf(https)).toEqual([['image', null]])
  })

  it('keeps the detail that is asked for, unless it is asked for twice', () => {
    const url = dataUri('image/png')
    expect(details(chat({ image_url: { detail: 'low', url } }))).toEqual(['low'])
    expect(details(responses({ image_url: url, detail: 'high' }))).toEqual(['high'])
    expect(details(chat({ image_url: { url, detail: 'tiny' } }))).toEqual([null])
    const twice = `{"messages":[{"content":[{"image_url":{"url":"${url}","detail":"low","detail":"high"}}]}]}`
    expect(scanText(twice).media.map(({ detail }) => detail)).toEqual([null])
  })

  it('does not believe a source that says two things', () => {
    for (const twice of ['"type":"text"', '"media_type":"text/plain"', `"data":"${PNG}"`]) {
      const text = JSON.stringify(chat(block('image', {}))).replace(
        '"source":{',
        `"source":{${twice},`,
      )
      expect(mediaOf(text).every(([kind]) => kind === 'file')).toBe(true)
    }
  })

  it('is not what poses as media elsewhere', () => {
    const posing = [
      { messages: [{ tool_calls: [{ function: { url: dataUri('image/png') } }] }] },
      chat({ type: 'tool_use', input: { content: [block('image', {})] } }),
      chat({ type: 'tool_use', input: { source: source({}) } }),
      { metadata: [{ content: [image] }], tools: [{ content: [image] }] },
      { messages: { content: [image] } },
      { input: { content: [image] } },
      { messages: [[[[image]]]] },
    ]
    for (const body of posing) expect(mediaOf(JSON.stringify(body))).toEqual([])
  })

  it('takes as many bytes as it says', () => {
    const { media, mediaBytes, otherMediaBytes, mediaCount, unknownMediaCount } = scanBody(
      chat(
        image,
        { input_audio: { data: PNG } },
        { image_url: { url: 'https://a' } },
        { file: { file_id: 'f' } },
      ),
    )
    expect(media.map(({ bytes }) => bytes)).toEqual([PNG.length + 24, PNG.length + 2, 0, 0])
    expect([mediaBytes, otherMediaBytes]).toEqual([PNG.length + 24, PNG.length + 2])
    expect([mediaCount, unknownMediaCount]).toEqual([2, 1])
  })

  it('is kept for a thousand parts, and counted for all', () => {
    const many = Array.from({ length: 1_500 }, () => image)
    const { media, mediaCount, mediaBytes } = scanBody(chat(...many))
    expect([media.length, mediaCount]).toEqual([1_000, 1_500])
    expect(mediaBytes).toBe(1_500 * (PNG.length + 24))
  })

  it('never passes the bytes of the body, whatever the body', () => {
    const key = fc.constantFrom(
      'content',
      'source',
      'image_url',
      'url',
      'data',
      'type',
      'file',
      'output',
    )
    const leaf = fc.constantFrom(PNG, dataUri('image/png'), 'https://a', 'base64', 'image', 1, null)
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(fc.array(fc.dictionary(key, fc.array(tree))), (messages) => {
        const text = JSON.stringify({ messages })
        const { media, mediaBytes, otherMediaBytes } = scanText(text)
        expect(mediaBytes + otherMediaBytes).toBeLessThan(text.length)
        for (const { start, end } of media) expect(end).toBeGreaterThanOrEqual(start)
      }),
    )
  })
})

describe('the tools of a body', () => {
  it('are counted', () => {
    const tool = { type: 'function', function: { parameters: { tools: [{ type: 'mcp' }] } } }
    expect(scanBody({ tools: [tool, tool, { name: 'a' }] })).toMatchObject({
      toolCount: 3,
      serverTools: [],
    })
    expect(scanBody({ messages: [{ tools: [tool] }] }).toolCount).toBe(0)
  })

  it.each([
    [[{ type: 'web_search_20250305', name: 'web_search' }], ['web_search_20250305']],
    [
      [{ type: 'mcp' }, { type: 'code_interpreter' }, { type: 'mcp' }],
      ['mcp', 'code_interpreter'],
    ],
    [[{ type: 'function' }, { type: 'custom' }, { name: 'a', input_schema: {} }], []],
    [[{ type: 'bash_20250124' }, { type: 'local_shell' }], []],
    [
      [{ googleSearch: {} }, { url_context: {} }],
      ['googleSearch', 'url_context'],
    ],
    [[{ type: 'x'.repeat(1_000) }], ['unread']],
  ])('run at the provider if they say so: %j', (tools, expected) => {
    expect(toolsOf(tools)).toEqual(expected)
  })

  it('run at the provider however that is escaped, and if servers are named', () => {
    const escaped = String.raw`{"tools":[{"typ\u0065":"file\u005fsearch"}]}`
    expect(scanText(escaped).serverTools).toEqual(['file_search'])
    expect(scanBody({ mcp_servers: [{ url: 'https://a' }] }).serverTools).toEqual(['mcp'])
  })

  it('never hide one behind many', () => {
    const many = Array.from({ length: 1_000 }, () => ({ type: 'bash_1' }))
    expect(toolsOf([...many, { type: 'web_search' }])).toEqual(['unread'])
    expect(toolsOf(Array.from({ length: 1_000 }, (_, i) => ({ type: `t${i}` }))).length).toBe(32)
  })

  it('may be the search that options ask for', () => {
    expect(scanBody({ web_search_options: {} }).hasWebSearchOptions).toBe(true)
    expect(scanBody({ a: { web_search_options: {} } }).hasWebSearchOptions).toBe(false)
  })
})

describe('a long cache', () => {
  it.each([
    ['{"cache_control":{"type":"ephemeral","ttl":"1h"}}', true],
    ['{"system":[{"text":"a","cache_control":{"ttl" :\n\t"1h"}}]}', true],
    ['{"messages":[{"content":[{"cache_control":{"ttl":"1h"}}]}]}', true],
    ['{"tools":[{"name":"a","cache_control":{"ttl":"1h"}}]}', true],
    [String.raw`{"a":{"t\u0074l":"\u0031\u0068"}}`, true],
    ['{"a":{"ttl":"5m"}}', false],
    ['{"a":{"ttl":["1h"]}}', false],
    [String.raw`{"a":"\"ttl\":\"1h\""}`, false],
    ['{"a":"ttl","b":"1h"}', false],
  ])('is seen in %s: %j', (text, expected) => {
    expect(scanText(text).hasLongCacheTtl).toBe(expected)
  })
})
