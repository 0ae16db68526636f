import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costOf } from '../../src/pricing/cost.ts'
import { estimate, type RequestSize } from '../../src/pricing/estimate.ts'

const price = { inputPico: 50_000n, outputPico: 150_000n }
const limits = { defaultOutputTokens: 512, maxOutputTokens: null }
const size: RequestSize = {
  bodyBytes: 400,
  mediaBytes: 0,
  mediaCount: 0,
  outputCap: null,
  answers: 1,
  hasOutput: true,
}

describe('estimate', () => {
  it('expects a quarter of the bytes in and the default out', () => {
    expect(estimate(size, price, limits)).toMatchObject({
      inputTokens: 100,
      expectedTokens: 612,
      expectedPico: 100n * 50_000n + 512n * 150_000n,
    })
  })

  it('expects no more output than the cap, for each answer', () => {
    expect(estimate({ ...size, outputCap: 20, answers: 3 }, price, limits)).toMatchObject({
      expectedTokens: 160,
    })
  })

  it('expects no output of an embedding, and holds nothing without a price', () => {
    const embedding = { ...size, hasOutput: false }
    expect(estimate(embedding, price, limits).expectedTokens).toBe(100)
    expect(estimate(size, null, limits)).toMatchObject({ expectedPico: 0n, boundPico: 0n })
  })

  it('counts a picture as a picture, not by its bytes', () => {
    const picture = { ...size, bodyBytes: 1_000_400, mediaBytes: 1_000_000, mediaCount: 1 }
    expect(estimate(picture, price, limits).inputTokens).toBe(1_100)
  })

  it('never expects more than its bound, nor bounds less than any usage within the sizes', () => {
    const sizes = fc.record({
      bodyBytes: fc.nat(1_000_000),
      mediaBytes: fc.constant(0),
      mediaCount: fc.constant(0),
      outputCap: fc.option(fc.nat(100_000)),
      answers: fc.integer({ min: 1, max: 128 }),
      hasOutput: fc.boolean(),
    })
    fc.assert(
      fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (some, share) => {
        const { expectedPico, boundPico } = estimate(some, price, limits)
        const outputs = some.hasOutput
          ? Math.min(some.outputCap ?? 131_072, 131_072) * some.answers
          : 0
        const usage = {
          inputTokens: Math.floor(some.bodyBytes * share),
          outputTokens: Math.floor(outputs * share),
        }
        expect(expectedPico <= boundPico).toBe(true)
        expect(costOf(price, usage) <= boundPico).toBe(true)
      }),
    )
  })
})
