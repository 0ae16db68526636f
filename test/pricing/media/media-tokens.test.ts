import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  audioTokens,
  audioTokensBound,
  fileTokens,
  mediaTokens,
} from '../../../src/pricing/media/media-tokens.ts'
import { scanObject } from '../../../src/upstream/json-members.ts'
import { png, toBase64 } from './files.ts'

const tokensOf = (content: readonly object[], model = 'gpt-4o') => {
  const bytes = new TextEncoder().encode(JSON.stringify({ messages: [{ role: 'user', content }] }))
  const object = scanObject(bytes)
  return { ...mediaTokens({ bytes, object }, model), object }
}

const uri = (width: number, height: number) =>
  `data:image/png;base64,${toBase64(png(width, height))}`
const image = (width: number, height: number, detail?: string) => ({
  type: 'image_url',
  image_url: { url: uri(width, height), detail },
})
const audio = (bytes: number) => ({ input_audio: { data: toBase64(new Uint8Array(bytes)) } })
const elsewhere = { image_url: { url: 'https://a.b/c.png' } }
const file = {
  file: { file_data: `data:application/pdf;base64,${toBase64(new Uint8Array(9_000))}` },
}

describe('mediaTokens', () => {
  it('are none without media', () => {
    expect(tokensOf([{ type: 'text', text: 'hi' }])).toMatchObject({
      expected: 0,
      bound: 0,
      bytes: 0,
    })
  })

  it('are those of the images, by their pixels and detail', () => {
    expect(tokensOf([image(1_024, 1_024), image(2_048, 4_096)])).toMatchObject({
      expected: 765 + 1_105,
      bound: 765 + 1_105,
      bytes: 2 * (uri(1_024, 1_024).length + 2),
    })
    expect(tokensOf([image(4_096, 8_192, 'low')]).bound).toBe(85)
    const source = { type: 'base64', media_type: 'image/png', data: toBase64(png(1_000, 1_000)) }
    expect(tokensOf([{ type: 'image', source }], 'claude-opus-4-7').bound).toBe(1_350)
  })

  it('are the most of the family for an image that is elsewhere or unreadable', () => {
    const odd = { image_url: { url: 'data:image/tiff;base64,SUkqAA==' } }
    expect(tokensOf([elsewhere, odd])).toMatchObject({ expected: 2_000, bound: 2 * 1_445 })
    expect(tokensOf([elsewhere, odd]).bytes).toBe(odd.image_url.url.length + 2)
  })

  it('are 32 a second of audio', () => {
    const made = tokensOf([audio(30_000)], 'gemini-3-pro')
    expect(made).toMatchObject({ expected: 64, bound: 960, bytes: 40_002 })
  })

  it.each([
    ['a file', file],
    ['a file elsewhere', { file: { file_id: 'f' } }],
    ['audio elsewhere', { audio_url: { url: 'https://a' } }],
  ])('have no bound for %s', (_what, part) => {
    const { expected, bound } = tokensOf([image(10, 10), part])
    expect(expected).toBeGreaterThan(0)
    expect(bound).toBeNull()
  })

  it('count images beyond those that are kept as unknown ones, and files as unbounded', () => {
    const many = Array.from({ length: 1_000 }, () => image(1, 1, 'low'))
    const { bound, bytes, object } = tokensOf([...many, image(1, 1, 'low')])
    expect(bound).toBe(1_000 * 85 + 1_445)
    expect(bytes).toBe(object.mediaBytes)
    expect(tokensOf([...many, audio(10)]).bound).toBeNull()
  })

  it('are bounded by no less than is expected, whatever is sent', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `data:image/png;base64,${rest}`),
      fc.uint8Array().map((bytes) => `data:image/jpeg;base64,/9j/${toBase64(bytes)}`),
      fc.constantFrom('base64', 'image', 'image/png', 'low', 'https://a'),
    )
    const key = fc.constantFrom(
      'url',
      'data',
      'type',
      'media_type',
      'detail',
      'file_id',
      'file_data',
    )
    const inner = fc.oneof(text, fc.dictionary(key, text))
    const holder = fc.constantFrom('image_url', 'source', 'file', 'input_audio', 'type', 'file_id')
    const model = fc.constantFrom('gpt-4o', 'gpt-5.5', 'claude-opus-5', 'gemini-2.5-pro', 'x')
    fc.assert(
      fc.property(fc.array(fc.dictionary(holder, inner)), model, (content, name) => {
        const { expected, bound, bytes, object } = tokensOf(content, name)
        expect(bound === null || bound >= expected).toBe(true)
        expect(bytes).toBe(object.mediaBytes + object.otherMediaBytes)
      }),
    )
  })
})

describe('audio and files', () => {
  it('are never expected above their bound', () => {
    for (const bytes of [0, 1, 999, 1_000, 1_000_001, 1e9]) {
      expect(audioTokens(bytes).expected).toBeLessThanOrEqual(audioTokensBound(bytes))
    }
    expect(audioTokensBound(1_001)).toBe(64)
    expect(audioTokens(null)).toMatchObject({ bound: null })
    expect(fileTokens(100_000)).toEqual({ expected: 516, bound: null })
  })
})
