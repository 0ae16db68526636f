import { describe, expect, it } from 'vitest'
import { charactersOf, secondsBound } from '../../../src/pricing/media/speech.ts'
import { scanObject } from '../../../src/upstream/json-members.ts'

const charactersIn = (text: string) => {
  const bytes = new TextEncoder().encode(text)
  return charactersOf({ bytes, object: scanObject(bytes) })
}

describe('charactersOf', () => {
  it.each([
    ['{"input":"hello"}', 5],
    ['{"model":"tts-1","input":"😀é"}', 3],
    [String.raw`{"input":"\ud83d\ude00\n"}`, 3],
    ['{"input":""}', 0],
    ['{"input":["hello"]}', 0],
    ['{"text":"hello"}', 0],
  ])('of %s are %d', (text, characters) => {
    expect(charactersIn(text)).toBe(characters)
  })
})

describe('secondsBound', () => {
  it('is a second for every thousand bytes', () => {
    expect([0, 1, 1_000, 1_001, 25_000_000].map(secondsBound)).toEqual([0, 1, 1, 2, 25_000])
  })
})
