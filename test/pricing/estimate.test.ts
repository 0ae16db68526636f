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
  otherMediaBytes: 0,
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

  it('expects nothing of a file, but bounds it by its bytes', () => {
    const file = { ...size, bodyBytes: 1_000_400, otherMediaBytes: 1_000_000 }
    const { inputTokens, boundInputPico } = estimate(file, price, limits)
    expect(inputTokens).toBe(100)
    expect(boundInputPico).toBe((1_000_400n + 1_024n) * 50_000n)
  })

  it.each([
    ['the cap', { outputCap: 20, answers: 3 }, 4_096, 20, 450_000n],
    ["the model's maximum", { outputCap: 9_000 }, 4_096, 4_096, 150_000n],
    ['as much as any model, if nobody knows', {}, null, 16_384, 150_000n],
  ])('bounds the output by %s', (_what, more, maxOutputTokens, tokens, picoPerToken) => {
    const limited = { ...limits, maxOutputTokens }
    const made = estimate({ ...size, ...more }, price, limited)
    expect(made.boundOutput).toEqual({ tokens, picoPerToken })
    expect(made.boundPico).toBe(made.boundInputPico + BigInt(tokens) * picoPerToken)
    const embedding = estimate({ ...size, ...more, hasOutput: false }, price, limited)
    expect(embedding).toMatchObject({ boundOutput: null, boundPico: made.boundInputPico })
  })

  it('never expects more than its bound, nor bounds less than any usage within the sizes', () => {
    const sizes = fc.record({
      bodyBytes: fc.nat(1_000_000),
      mediaBytes: fc.constant(0),
      mediaCount: fc.constant(0),
      otherMediaBytes: fc.constant(0),
      outputCap: fc.option(fc.nat(100_000)),
      answers: fc.integer({ min: 1, max: 128 }),
      hasOutput: fc.boolean(),
    })
    fc.assert(
      fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (some, share) => {
        const { expectedPico, boundPico } = estimate(some, price, limits)
        const outputs = some.hasOutput
          ? Math.min(some.outputCap ?? 16_384, 16_384) * some.answers
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
