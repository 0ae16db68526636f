import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nfkcBytes } from '../../src/pricing/nfkc.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const bytesOf = (text: string) => encode(text).length
const whole = (text: string) => bytesOf(text.normalize('NFKC'))

/** The longest there is: one character, eighteen when normalised. */
const LIGATURE = '\ufdfa'

describe('nfkcBytes', () => {
  it('is the length of plain text', () => {
    const text = JSON.stringify({ a: 'plain\n"text"' })
    expect(nfkcBytes(text)).toBe(text.length)
    expect(nfkcBytes(encode(text))).toBe(text.length)
  })

  it('is that of the longer form', () => {
    expect(nfkcBytes(LIGATURE)).toBe(33)
    expect(nfkcBytes(encode(LIGATURE))).toBe(33)
    expect(nfkcBytes('e\u0301')).toBe(3)
  })

  it('reads the escapes of JSON, but no others', () => {
    const escaped = String.raw`{"a":"\ufdfa"}`
    expect(nfkcBytes(encode(escaped))).toBe(8 + 33)
    expect(nfkcBytes(encode(String.raw`{"a":"\\ufdfa"}`))).toBe(15)
    expect(nfkcBytes(escaped)).toBe(escaped.length)
  })

  it('is never less than either form, pieces or not', () => {
    const unit = fc.constantFrom(LIGATURE, 'a', 'é', 'e\u0301', '😀', '\u3300', '\ud800', '한', 'ﬁ')
    const text = fc.tuple(fc.array(unit, { maxLength: 5 }), fc.integer({ min: 1, max: 600 }))
    fc.assert(
      fc.property(text, ([units, times]) => {
        const long = units.join('').repeat(times)
        expect(nfkcBytes(long)).toBeGreaterThanOrEqual(Math.max(bytesOf(long), whole(long)))
        expect(nfkcBytes(encode(long))).toBe(nfkcBytes(long.toWellFormed()))
      }),
    )
  })

  it('is near to that of the whole, though it reads pieces', () => {
    const mixed = `${LIGATURE}a한ﬁ`.repeat(2_000)
    expect(nfkcBytes(mixed) - whole(mixed)).toBeLessThan(mixed.length / 100)
  })
})
