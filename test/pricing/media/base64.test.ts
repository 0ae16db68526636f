import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64Prefix, decodedBytes } from '../../../src/pricing/media/base64.ts'
import { toBase64 } from './files.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (text: string, maxBytes = 1_000) => {
  const bytes = encode(text)
  const prefix = base64Prefix(bytes, { from: 0, to: bytes.length, maxBytes })
  return prefix && [...prefix]
}

/** Each character as JSON lets it be written. */
const written = (base64: string, how: readonly number[]) =>
  Array.from(base64, (character, i) => {
    const escaped = `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    const slash = character === '/' ? String.raw`\/` : character
    return [character, escaped, slash, `${character}\\n`, `${character} `][how[i % how.length]! % 5]
  }).join('')

describe('base64Prefix', () => {
  it('decodes what an encoder wrote, in any alphabet and spelling', () => {
    const how = fc.array(fc.nat(4), { minLength: 1 })
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.boolean(),
        fc.boolean(),
        how,
        (bytes, isUrl, isBare, ways) => {
          const plain = toBase64(bytes)
          const padded = isUrl ? plain.replaceAll('+', '-').replaceAll('/', '_') : plain
          const text = isBare ? padded.replaceAll('=', '') : padded
          expect(decode(written(text, ways))).toEqual([...bytes])
        },
      ),
    )
  })

  it('decodes no more than is asked for', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i)
    for (const max of [0, 1, 2, 3, 50, 99, 100, 101]) {
      expect(decode(toBase64(bytes), max)).toEqual([...bytes.subarray(0, max)])
    }
    expect(decode(`${toBase64(bytes)}!!`, 100)).toEqual([...bytes])
  })

  it.each([
    '!',
    'AA!A',
    'AA"A',
    'é',
    String.raw`AA\b`,
    String.raw`AA\u00`,
    String.raw`A\u00e9`,
    'AA\\',
    String.raw`AA\u005cA`,
  ])('is null for %j', (text) => {
    expect(decode(text)).toBeNull()
  })

  it('reads within its limits only', () => {
    const bytes = encode('xxAAECxx')
    const read = (from: number, to: number) => base64Prefix(bytes, { from, to, maxBytes: 10 })
    expect(read(2, 6)).toEqual(Uint8Array.of(0, 1, 2))
    expect(read(6, 2)).toBeNull()
    expect(read(-1, -1)).toBeNull()
    expect(read(4, 1_000)?.length).toBe(3)
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer(), fc.integer(), (bytes, from, to) => {
        const prefix = base64Prefix(bytes, { from, to, maxBytes: 64 })
        expect(prefix === null || prefix.length <= decodedBytes(bytes.length)).toBe(true)
      }),
    )
  })
})
