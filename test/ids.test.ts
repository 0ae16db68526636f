import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entryId, entryIdMs, newKey, sha256Hex } from '../src/ids.ts'

const LAST_MS = 2 ** 48 - 1

describe('entryId', () => {
  it('is a UUID of version 7', () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
    for (let i = 0; i < 1_000; i++) expect(entryId(1_800_000_000_000 + i)).toMatch(uuid)
  })

  it.each([0, 1, 65_535, 65_536, 1_800_000_000_000, 2 ** 32, 2 ** 40 + 12_345, LAST_MS])(
    'carries the millisecond %i',
    (ms) => {
      expect(entryIdMs(entryId(ms))).toBe(ms)
    },
  )

  it('sorts as text in the order of time', () => {
    const instant = fc.integer({ min: 0, max: LAST_MS })
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        expect(entryIdMs(entryId(a))).toBe(a)
        if (a !== b) expect(entryId(a) < entryId(b)).toBe(a < b)
      }),
      { numRuns: 1_000 },
    )
  })

  it('never repeats within one millisecond', () => {
    const ids = new Set(Array.from({ length: 20_000 }, () => entryId(1_800_000_000_000)))
    expect(ids.size).toBe(20_000)
  })
})

describe('entryIdMs', () => {
  it.each([
    '',
    'chatcmpl-123',
    '018f3c3e-1234-4abc-8abc-0123456789ab',
    '018F3C3E-1234-7abc-8abc-0123456789ab',
    '018f3c3e12347abc8abc0123456789ab',
    ' 018f3c3e-1234-7abc-8abc-0123456789ab',
    'g18f3c3e-1234-7abc-8abc-0123456789ab',
  ])('finds no time in %s', (id) => {
    expect(entryIdMs(id)).toBeNaN()
  })
})

describe('newKey', () => {
  it('is sk- and 256 bits that need no escaping in a URL', () => {
    for (let i = 0; i < 500; i++) expect(newKey()).toMatch(/^sk-[A-Za-z0-9_-]{43}$/)
  })

  it('never repeats and uses every character of the alphabet', () => {
    const keys = Array.from({ length: 5_000 }, newKey)
    expect(new Set(keys).size).toBe(keys.length)
    expect(new Set(keys.join('').slice(3)).size).toBe(64)
  })
})

describe('sha256Hex', () => {
  it.each([
    ['sk-1234', '88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b'],
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['é', '4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c'],
  ])('hashes %j as SHA-256 does', async (text, hex) => {
    expect(await sha256Hex(text)).toBe(hex)
  })
})
