import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { imageFamily } from '../../../src/pricing/media/image-families.ts'
import { imageTokens } from '../../../src/pricing/media/image-tokens.ts'

type Detail = 'low' | 'high' | 'auto' | 'original' | null

const of = (model: string, width: number | null, height: number | null, detail: Detail = null) =>
  imageTokens({ family: imageFamily(model), width, height, detail })

const MODELS = [
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-4.1-mini',
  'gpt-5',
  'gpt-5-nano',
  'gpt-5.5',
  'gpt-6',
  'o3',
  'o4-mini',
  'claude-haiku-4-5',
  'claude-opus-4-7',
  'gemini-2.5-flash',
  'gemini-3-pro',
  'llama-4',
]

describe('imageFamily', () => {
  it.each([
    ['gpt-4o-2024-08-06', { kind: 'openai tiles', base: 85 }],
    ['gpt-4o-mini-2024-07-18', { kind: 'openai tiles', base: 2_833 }],
    ['ft:gpt-4o-mini-2024-07-18:acme::8abc', { kind: 'openai tiles', base: 2_833 }],
    ['openai/gpt-4.1', { kind: 'openai tiles', base: 85 }],
    ['gpt-4.1-nano', { kind: 'openai patches', multiplier: 2.46 }],
    ['gpt-5', { kind: 'openai tiles', base: 85 }],
    ['gpt-5-2025-08-07', { kind: 'openai tiles', base: 85 }],
    ['gpt-5-mini-2025-08-07', { kind: 'openai patches', multiplier: 1.62 }],
    ['gpt-5.1', { kind: 'other' }],
    ['gpt-5.4', { kind: 'openai patches', cap: 10_000 }],
    ['gpt-5.4-mini', { kind: 'openai patches', multiplier: 2.46 }],
    ['gpt-6.1', { kind: 'openai patches', cap: null }],
    ['o1-pro', { kind: 'openai tiles', base: 75 }],
    ['o4-mini', { kind: 'openai patches', multiplier: 1.72 }],
    ['claude-3-5-sonnet-20241022', { kind: 'anthropic', cap: 1_568 }],
    ['claude-sonnet-4-20250514', { kind: 'anthropic', cap: 1_568 }],
    ['claude-opus-4-1-20250805', { kind: 'anthropic', cap: 1_568 }],
    ['claude-haiku-4-5@20251001', { kind: 'anthropic', cap: 1_568 }],
    ['anthropic/claude-sonnet-4.6', { kind: 'anthropic', cap: 1_568 }],
    ['claude-opus-4-7', { kind: 'anthropic', cap: 4_784 }],
    ['claude-opus-4-10', { kind: 'anthropic', cap: 4_784 }],
    ['claude-sonnet-5', { kind: 'anthropic', cap: 4_784 }],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', { kind: 'anthropic', cap: 1_568 }],
    ['models/gemini-2.5-pro', { kind: 'gemini tiles' }],
    ['gemini-3.1-flash', { kind: 'gemini resolution' }],
    ['gemini-flash-latest', { kind: 'other' }],
    ['', { kind: 'other' }],
  ])('of %j is %j', (model, family) => {
    expect(imageFamily(model)).toMatchObject(family)
  })
})

describe('imageTokens', () => {
  it.each([
    // OpenAI's own examples: 765 of 1024 × 1024, 1,105 of 2048 × 4096, 85 in low detail.
    ['gpt-4o', 1_024, 1_024, 'high', 765, 765],
    ['gpt-4o', 2_048, 4_096, null, 1_105, 1_105],
    ['gpt-4o', 4_096, 8_192, 'low', 85, 85],
    ['gpt-4o', 500, 500, null, 255, 765],
    ['gpt-4o-mini', 512, 512, null, 8_500, 25_501],
    ['gpt-4.1-mini', 1_024, 1_024, null, 1_659, 1_659],
    ['gpt-4.1-mini', 10_000, 10_000, null, 2_489, 2_489],
    ['gpt-5.5', 4_000, 3_000, 'auto', 12_000, 12_000],
    ['gpt-5.5', 4_000, 3_000, 'high', 3_000, 12_000],
    // 14,364 were measured.
    ['gpt-6', 4_000, 3_000, 'auto', 14_688, 14_688],
    ['claude-opus-4-7', 1_000, 1_000, null, 1_296, 1_350],
    ['claude-opus-4-7', 10_000, 10_000, null, 4_784, 4_800],
    // 1,661 were measured.
    ['claude-haiku-4-5', 1_568, 1_568, null, 1_568, 1_800],
    ['claude-haiku-4-5', 200, 200, null, 64, 80],
    ['gemini-2.5-pro', 384, 384, null, 258, 258],
    // Google's own example: 960 × 540 is six tiles.
    ['gemini-2.5-pro', 960, 540, null, 516, 1_548],
    ['gemini-3-pro', 4_000, 3_000, null, 1_120, 2_240],
    ['llama-4', 4_000, 3_000, 'low', 1_000, 16_384],
  ] as const)(
    'of %s for %d × %d (%s) are %d, at most %d',
    (model, width, height, detail, ...tokens) => {
      const { expected, bound } = of(model, width, height, detail)
      expect([expected, bound]).toEqual(tokens)
    },
  )

  it.each([
    ['gpt-4o', 1_445],
    ['gpt-4o-mini', 48_169],
    ['o3', 1_275],
    ['gpt-4.1-mini', 2_489],
    ['gpt-5-nano', 3_779],
    ['gpt-5.5', 12_000],
    ['gpt-6', 16_384],
    ['claude-opus-4-7', 4_800],
    ['claude-haiku-4-5', 1_800],
    ['gemini-2.5-pro', 16_384],
    ['gemini-3-pro', 2_240],
    ['llama-4', 16_384],
  ])('of %s for an image of unknown size are at most %d', (model, bound) => {
    expect(of(model, null, null).bound).toBe(bound)
  })

  const side = fc.integer({ min: 1, max: 65_535 })
  const detail = fc.constantFrom<Detail>('low', 'high', 'auto', 'original', null)

  it('are never expected above their bound, and whole', () => {
    const pixels = fc.option(fc.tuple(side, side), { nil: [null, null] as const })
    fc.assert(
      fc.property(fc.constantFrom(...MODELS), pixels, detail, (model, [width, height], asked) => {
        const { expected, bound } = of(model, width, height, asked)
        expect(expected).toBeGreaterThan(0)
        expect(bound).toBeGreaterThanOrEqual(expected)
        expect(Number.isSafeInteger(expected) && Number.isSafeInteger(bound)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('are at most those of an unknown size, where images are shrunk', () => {
    const shrinking = fc.constantFrom(
      ...MODELS.filter((m) => m !== 'gpt-6' && m !== 'gemini-2.5-flash'),
    )
    fc.assert(
      fc.property(shrinking, side, side, detail, (model, width, height, asked) => {
        const { bound } = of(model, width, height, asked)
        expect(bound).toBeLessThanOrEqual(of(model, null, null).bound)
      }),
      { numRuns: 2_000 },
    )
  })

  it('are the same for a picture on its side', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MODELS), side, side, detail, (model, width, height, asked) => {
        expect(of(model, width, height, asked)).toEqual(of(model, height, width, asked))
      }),
    )
  })
})
