import { describe, expect, it } from 'vitest'
import { parsePico } from '../../src/money.ts'
import { costOf, type Metered } from '../../src/pricing/cost.ts'
import { isPriceField, readOverrides } from '../../src/pricing/overrides.ts'
import { priceOfRow } from '../../src/pricing/resolve.ts'

const NOW = Date.UTC(2026, 10, 23, 18)

/** What a row with these fields charges for a usage, in USD × 1e12. */
function costAt(model: string, fields: Record<string, string>, usage: Metered): bigint {
  const slash = model.indexOf('/')
  const provider = model.slice(0, slash)
  const pico = Object.entries(fields).map(([name, usd]) => [name, parsePico(usd)] as const)
  const thresholdInclusive = provider === 'xai'
  const overrides = readOverrides(Object.fromEntries(pico), { thresholdInclusive })
  const rules = { provider, baseModel: null, overrides, local: false }
  const price = priceOfRow(rules, model.slice(slash + 1))
  if (!price) throw new Error('it has no price')
  return costOf(price, usage, NOW).totalPico
}

const CACHED: Metered = { inputTokens: 1_000, outputTokens: 100, cacheReadTokens: 800 }
const IN = { input_cost_per_token: '0.000001' }
const IN_OUT = { ...IN, output_cost_per_token: '0.000002' }

describe('a price in config.yaml', () => {
  it('replaces the list for what it names, and leaves the rest', () => {
    // gpt-4o: 2.5 in, 1.25 cached, 10 out per million.
    expect(costAt('openai/gpt-4o', {}, CACHED)).toBe(parsePico('0.0025'))
    const cached = { cache_read_input_token_cost: '0.000001' }
    expect(costAt('openai/gpt-4o', cached, CACHED)).toBe(parsePico('0.0023'))
    const output = { output_cost_per_token: '0.00002' }
    expect(costAt('openai/gpt-4o', output, CACHED)).toBe(parsePico('0.0035'))
  })

  it('of input takes the inherited prices of its parts with it', () => {
    // Cached tokens are input at the new price: the list's discount was on another.
    expect(costAt('openai/gpt-4o', IN, CACHED)).toBe(parsePico('0.002'))
    const both = { ...IN, cache_read_input_token_cost: '0.0000001' }
    expect(costAt('openai/gpt-4o', both, CACHED)).toBe(parsePico('0.00128'))
  })

  it('knows lengths, from above the threshold or (xAI) from it on', () => {
    const tiers = { ...IN_OUT, input_cost_per_token_above_200k_tokens: '0.000003' }
    const at = (model: string, inputTokens: number) =>
      costAt(model, tiers, { inputTokens, outputTokens: 0 })
    expect(at('acme/x', 200_000)).toBe(parsePico('0.2'))
    expect(at('acme/x', 200_001)).toBe(200_001n * parsePico('0.000003'))
    expect(at('xai/x', 199_999)).toBe(199_999n * parsePico('0.000001'))
    expect(at('xai/x', 200_000)).toBe(parsePico('0.6'))
  })

  it('knows service tiers, which are charged if the provider served them', () => {
    const tiers = { ...IN_OUT, input_cost_per_token_flex: '0.0000005' }
    const usage = { inputTokens: 1_000, outputTokens: 0 }
    const at = (serviceTier: string | null) => costAt('acme/x', tiers, { ...usage, serviceTier })
    expect(at('flex')).toBe(parsePico('0.0005'))
    expect(at('default')).toBe(parsePico('0.001'))
    expect(at(null)).toBe(parsePico('0.001'))
  })

  it.each<[string, Metered, string]>([
    ['input_cost_per_request', { inputTokens: 0, outputTokens: 0 }, '0.5'],
    ['input_cost_per_query', { inputTokens: 0, outputTokens: 0, queries: 2 }, '1'],
    ['input_cost_per_second', { inputTokens: 0, outputTokens: 0, audioMs: 2_000 }, '1'],
    ['input_cost_per_character', { inputTokens: 0, outputTokens: 0, characters: 4 }, '2'],
    ['output_cost_per_image', { inputTokens: 0, outputTokens: 0, images: 3 }, '1.5'],
    ['ocr_cost_per_page', { inputTokens: 0, outputTokens: 0, pages: 2 }, '1'],
    [
      'cache_creation_input_token_cost',
      { inputTokens: 2, outputTokens: 0, cacheWriteTokens: 2 },
      '1',
    ],
    [
      'cache_creation_input_token_cost_above_1hr',
      { inputTokens: 2, outputTokens: 0, cacheWriteTokens: 2, cacheWrite1hTokens: 2 },
      '1',
    ],
    [
      'output_cost_per_reasoning_token',
      { inputTokens: 0, outputTokens: 2, reasoningTokens: 2 },
      '1',
    ],
    ['input_cost_per_audio_token', { inputTokens: 2, outputTokens: 0, inputAudioTokens: 2 }, '1'],
    ['output_cost_per_audio_token', { inputTokens: 0, outputTokens: 2, outputAudioTokens: 2 }, '1'],
  ])('is known as %s', (field, usage, usd) => {
    expect(isPriceField(field)).toBe(true)
    expect(costAt('acme/x', { [field]: '0.5' }, usage)).toBe(parsePico(usd))
  })

  it.each(['max_tokens', 'input_cost', 'input_cost_per_token_above_k_tokens', 'constructor'])(
    'is not %s',
    (field) => {
      expect(isPriceField(field)).toBe(false)
    },
  )
})
