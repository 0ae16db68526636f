import { calcPrice, waitForUpdate } from '@pydantic/genai-prices'
import { describe, expect, it } from 'vitest'
import { costOf, type Metered } from '../../src/pricing/cost.ts'
import { findListed, priceOfListed } from '../../src/pricing/catalog.ts'
import { estimate } from '../../src/pricing/estimate.ts'
import { reachable } from '../../src/pricing/rates.ts'

const COMPARISONS = 10_000
/** What `calcPrice` sums up in doubles. */
const NOISE = 1e-9

/** The same numbers on every run: a linear congruential generator. */
function numbers(seed: number) {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const next = numbers(20_261_123)

const providers = (await waitForUpdate()) ?? []
const models = providers.flatMap((provider) =>
  provider.models.map((model) => ({ provider, model })),
)

/** Parts within their wholes, at lengths on both sides of the usual thresholds. */
function randomUsage(): Metered {
  const inputTokens = next(3) === 0 ? next(2_000_000) : next(50_000)
  const cacheReadTokens = next(inputTokens + 1)
  const cacheWriteTokens = next(inputTokens - cacheReadTokens + 1)
  const outputTokens = next(20_000)
  return {
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: next(2) === 0 ? 0 : next(cacheWriteTokens + 1),
    reasoningTokens: next(outputTokens + 1),
    webSearches: next(5),
  }
}

/**
 * How far apart they may be: doubles add noise; and a rate that is no whole number of picodollars is
 * rounded to one (Gemini's caches are written at 1/12 dollar a million at OpenRouter).
 */
function tolerance(usage: Metered, usd: number): number {
  const rounding = (usage.cacheWriteTokens ?? 0) * 0.5e-12
  return NOISE * Math.max(1, usd) * 1e-3 + rounding
}

/** Prices of what no answer reports, and models without any, are left out of the catalog. */
function isUnmetered(price: object | undefined): boolean {
  return (
    price !== undefined && ['', 'input_text_messages_kcount'].includes(Object.keys(price).join())
  )
}

describe('our prices', () => {
  it(`agree with genai-prices on ${COMPARISONS} usages`, () => {
    const wrong: unknown[] = []
    let compared = 0
    while (compared < COMPARISONS) {
      const { provider, model } = models[next(models.length)]!
      const listed = findListed(provider.id, model.id)
      const usage = randomUsage()
      const at = new Date(Date.UTC(2025, next(24), 1 + next(28), next(24), next(60)))
      const theirs = calcPrice(
        {
          input_tokens: usage.inputTokens,
          output_tokens: usage.outputTokens,
          cache_read_tokens: usage.cacheReadTokens ?? 0,
          cache_write_tokens: usage.cacheWriteTokens ?? 0,
          cache_write_1h_tokens: usage.cacheWrite1hTokens ?? 0,
          output_reasoning_tokens: usage.reasoningTokens ?? 0,
          web_searches: usage.webSearches ?? 0,
        },
        model.id,
        { providerId: provider.id, timestamp: at },
      )
      // Some are found by other names than their id only.
      if (!listed && (!theirs || isUnmetered(theirs.model_price))) continue
      compared++
      if (!listed || theirs?.model.id !== listed.model.id) {
        wrong.push(['another model', provider.id, model.id, theirs?.model.id, listed?.model.id])
        continue
      }
      const ours = Number(costOf(priceOfListed(listed), usage, at.getTime()).totalPico) / 1e12
      if (Math.abs(ours - theirs.total_price) > tolerance(usage, ours)) {
        wrong.push([provider.id, model.id, usage, ours, theirs.total_price])
      }
    }
    expect(wrong.slice(0, 5)).toEqual([])
  })
})

describe('the bound', () => {
  const AT_MS = Date.UTC(2026, 10, 23, 12)

  it('is never passed by a usage within it, whatever the model', () => {
    for (const { provider, model } of models) {
      const listed = findListed(provider.id, model.id)
      if (!listed) continue
      const price = priceOfListed(listed)
      for (let n = 0; n < 20; n++) {
        const bodyBytes = next(2) === 0 ? next(1_000_000) : next(4_000)
        const hasLongCacheTtl = next(2) === 0
        const outputCap = 1 + next(50_000)
        const size = {
          bodyBytes,
          normalisedBytes: bodyBytes,
          encodedBytes: 0,
          media: { expected: 0, bound: 0, bytes: 0 },
          toolCount: 0,
          runsServerTools: false,
          continuesElsewhere: false,
          hasLongCacheTtl,
          serviceTier: null,
          outputCap,
          answers: 1,
          hasOutput: true,
        }
        const limits = {
          defaultOutputTokens: 512,
          maxInputTokens: null,
          maxOutputTokens: null,
          atMs: AT_MS,
        }
        const { boundPico, expectedPico, boundOutput } = estimate(size, price, limits)
        expect(expectedPico <= boundPico).toBe(true)
        const inputTokens = next(bodyBytes + 1)
        const cacheReadTokens = next(inputTokens + 1)
        const cacheWriteTokens = next(inputTokens - cacheReadTokens + 1)
        const outputTokens = next(boundOutput!.tokens + 1)
        const usage = {
          inputTokens,
          cacheReadTokens,
          cacheWriteTokens,
          cacheWrite1hTokens: hasLongCacheTtl ? next(cacheWriteTokens + 1) : 0,
          outputTokens,
          reasoningTokens: next(outputTokens + 1),
        }
        // Within a day of the estimate, whenever that is.
        const cost = costOf(price, usage, AT_MS + next(86_400_000)).totalPico
        expect([model.id, cost <= boundPico]).toEqual([model.id, true])
      }
    }
  })

  it('reckons with every tier that is reached, and no other', () => {
    const gemini = priceOfListed(findListed('google', 'gemini-2.5-pro')!)
    const inputs = (inputTokens: number) =>
      reachable(gemini, { atMs: AT_MS, inputTokens, serviceTier: null }).map(({ input }) => input)
    expect(inputs(200_000)).toEqual([1_250_000n])
    expect(inputs(200_001)).toEqual([1_250_000n, 2_500_000n])
  })
})
