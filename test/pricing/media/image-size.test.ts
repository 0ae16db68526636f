import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64ImageSize, imageSize } from '../../../src/pricing/media/image-size.ts'
import { FORMATS, fromBase64, jpeg, png, toBase64 } from './files.ts'

const formats = Object.entries(FORMATS)
const format = fc.constantFrom(...formats.map(([, make]) => make))
/** Lossy WebP has 14 bits a side. */
const side = fc.integer({ min: 1, max: 16_383 })

const textOf = (bytes: Uint8Array) => new TextEncoder().encode(toBase64(bytes))
const sizeOfText = (text: Uint8Array) => base64ImageSize(text, 0, text.length)

const isSizeOrNull = (bytes: Uint8Array) => {
  const size = imageSize(bytes)
  if (size === null) return true
  return [size.width, size.height].every((n) => Number.isInteger(n) && n > 0 && n <= 65_535)
}

describe('imageSize', () => {
  it.each(formats)('reads a %s', (_name, make) => {
    expect(imageSize(make(640, 480))).toEqual({ width: 640, height: 480 })
    fc.assert(
      fc.property(side, side, (width, height) => {
        expect(imageSize(make(width, height))).toEqual({ width, height })
      }),
    )
  })

  it('reads a whole PNG of one pixel, as written by a library', () => {
    const whole =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    expect(imageSize(fromBase64(whole))).toEqual({ width: 1, height: 1 })
  })

  it('reads a whole GIF of one pixel, as written by a library', () => {
    const whole = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'
    expect(imageSize(fromBase64(whole))).toEqual({ width: 1, height: 1 })
  })

  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('%PDF-1.7 not an image at all')],
    ['no width', png(0, 5)],
    ['no height', jpeg(5, 0)],
    ['a width that no image has', png(65_536, 5)],
    ['a height beyond 31 bits', png(5, 0xffffffff)],
    [
      'a JPEG whose picture begins before its frame',
      Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 0, 9, 9, 9, 9, 9, 9),
    ],
    [
      'a JPEG of segments without length',
      Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xe0, 0, 0, 0, 0),
    ],
    ['a JPEG with a marker that is none', Uint8Array.of(0xff, 0xd8, 0xff, 0, ...jpeg(5, 5))],
  ])('is null for %s', (_what, bytes) => {
    expect(imageSize(bytes)).toBeNull()
  })

  it('is right or null for a file that is cut anywhere', () => {
    fc.assert(
      fc.property(format, side, side, fc.nat(120), (make, width, height, length) => {
        const size = imageSize(make(width, height).subarray(0, length))
        if (size) expect(size).toEqual({ width, height })
      }),
      { numRuns: 2_000 },
    )
  })

  it('never throws, whatever the bytes', () => {
    const heads = formats.map(([, make]) => [...make(100, 100)])
    const damaged = fc
      .tuple(
        fc.constantFrom(...heads),
        fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 6 }),
      )
      .map(([head, edits]) => {
        const bytes = Uint8Array.from(head)
        for (const [at, byte] of edits) bytes[at] = byte
        return bytes
      })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), isSizeOrNull), { numRuns: 2_000 })
    fc.assert(fc.property(damaged, isSizeOrNull), { numRuns: 5_000 })
  })

  it('reads a view into the middle of a buffer', () => {
    const whole = Uint8Array.from([1, 2, 3, ...png(7, 9)])
    expect(imageSize(whole.subarray(3))).toEqual({ width: 7, height: 9 })
  })
})

describe('base64ImageSize', () => {
  it.each(formats)('reads a %s in base64', (_name, make) => {
    expect(sizeOfText(textOf(make(320, 200)))).toEqual({ width: 320, height: 200 })
  })

  it('reads a JPEG that puts its preview first, but not one that puts a film there', () => {
    expect(sizeOfText(textOf(jpeg(4_000, 3_000, 100_000)))).toEqual({ width: 4_000, height: 3_000 })
    expect(sizeOfText(textOf(jpeg(4_000, 3_000, 200_000)))).toBeNull()
  })

  it('is null for text that is not base64', () => {
    expect(sizeOfText(new TextEncoder().encode('<svg width="1">'))).toBeNull()
    expect(base64ImageSize(textOf(png(1, 1)), -1, -1)).toBeNull()
  })
})
