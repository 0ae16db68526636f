import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costOf } from '../../src/pricing/cost.ts'
import { estimate, type RequestSize } from '../../src/pricing/estimate.ts'
import { flat } from '../../src/pricing/rates.ts'

const price = flat('config', { input: 50_000n, output: 150_000n })
const limits = {
  defaultOutputTokens: 512,
  maxInputTokens: null,
  maxOutputTokens: null,
  atMs: Date.UTC(2026, 10, 1),
}
const size: RequestSize = {
  bodyBytes: 400,
  normalisedBytes: 400,
  encodedBytes: 0,
  media: { expected: 0, bound: 0, bytes: 0 },
  toolCount: 0,
  runsServerTools: false,
  continuesElsewhere: false,
  hasLongCacheTtl: false,
  serviceTier: null,
  outputCap: null,
  answers: 1,
  hasOutput: true,
}
const ofBytes = (bytes: number) => ({ ...size, bodyBytes: bytes, normalisedBytes: bytes })

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

  it('counts media as media, not by their bytes', () => {
    const media = { expected: 1_000, bound: 16_384, bytes: 1_000_000 }
    const picture = { ...ofBytes(1_000_400), encodedBytes: 1_000_000, media }
    const { inputTokens, boundInputPico } = estimate(picture, price, limits)
    expect(inputTokens).toBe(1_100)
    expect(boundInputPico).toBe((400n + 16_384n + 1_024n) * 50_000n)
  })

  it.each([
    ["the model's own", { maxInputTokens: 200_000 }, null, 200_000n],
    ["the catalog's", {}, 128_000, 128_000n],
    ['the widest there is', {}, null, 1_048_576n],
  ])('bounds by the window what nobody can measure: %s', (_what, more, window, tokens) => {
    const file = { ...size, media: { expected: 2_580, bound: null, bytes: 100 } }
    const windowed = { ...price, maxInputTokens: window }
    const made = estimate(file, windowed, { ...limits, ...more })
    expect(made.boundInputPico).toBe(tokens * 50_000n)
    const continued = estimate({ ...size, continuesElsewhere: true }, windowed, {
      ...limits,
      ...more,
    })
    expect(continued.boundInputPico).toBe(tokens * 50_000n)
  })

  it('reckons that a provider goes round with its own tools, and searches', () => {
    const searching = flat('catalog', { input: 1n, webSearch: 10_000_000_000n })
    const limited = { ...limits, maxInputTokens: 100_000 }
    const { boundInputPico } = estimate({ ...size, runsServerTools: true }, searching, limited)
    expect(boundInputPico).toBe(800_000n + 160_000_000_000n)
  })

  it('bounds at the dearest rate within reach: tiers, caches, the tier asked for', () => {
    const rates = { input: 10n, cacheWrite: 12n, cacheWrite1h: 20n, output: 50n, reasoning: 60n }
    const tiered = {
      ...flat('catalog', rates),
      periods: [
        { fromMs: null, hours: null, rates, tiers: [{ above: 200_000, rates: { input: 30n } }] },
      ],
      serviceTiers: { priority: { rates: { input: 40n, output: 90n }, tiers: [] } },
    } as const
    const perToken = (some: RequestSize) => {
      const { boundInputPico, boundOutput } = estimate(some, tiered, limits)
      return [boundInputPico / BigInt(some.bodyBytes + 1_024), boundOutput?.picoPerToken]
    }
    expect(perToken(size)).toEqual([12n, 60n])
    expect(perToken({ ...size, hasLongCacheTtl: true })).toEqual([20n, 60n])
    expect(perToken(ofBytes(300_000))).toEqual([30n, 60n])
    expect(perToken({ ...size, serviceTier: 'priority' })).toEqual([40n, 90n])
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
      outputCap: fc.option(fc.nat(100_000)),
      answers: fc.integer({ min: 1, max: 128 }),
      hasOutput: fc.boolean(),
    })
    fc.assert(
      fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const some = { ...size, ...given, normalisedBytes: given.bodyBytes }
        const { expectedPico, boundPico } = estimate(some, price, limits)
        const outputs = some.hasOutput
          ? Math.min(some.outputCap ?? 16_384, 16_384) * some.answers
          : 0
        const usage = {
          inputTokens: Math.floor(some.bodyBytes * share),
          outputTokens: Math.floor(outputs * share),
        }
        expect(expectedPico <= boundPico).toBe(true)
        expect(costOf(price, usage, 0).totalPico <= boundPico).toBe(true)
      }),
    )
  })
})
