import { describe, expect, it } from 'vitest'
import { parsePico } from '../../src/money.ts'
import { costOf, type Metered } from '../../src/pricing/cost.ts'
import { priceOfRow } from '../../src/pricing/resolve.ts'
import { readUsage } from '../../src/upstream/usage.ts'

const NOVEMBER = Date.UTC(2026, 10, 23, 18)
const tokens = (
  inputTokens: number,
  outputTokens: number,
  more: Partial<Metered> = {},
): Metered => ({
  inputTokens,
  outputTokens,
  ...more,
})

/** `provider/model` as a row of config.yaml would have it, without a price of its own. */
function priceOf(name: string) {
  const slash = name.indexOf('/')
  const provider = name.slice(0, slash)
  const rules = { provider, baseModel: null, overrides: null, local: provider === 'ollama' }
  return priceOfRow(rules, name.slice(slash + 1))
}

function costAt(name: string, usage: Metered, atMs = NOVEMBER): bigint | null {
  const price = priceOf(name)
  return price && costOf(price, usage, atMs).totalPico
}

const CACHED = tokens(10_000, 500, { cacheReadTokens: 8_000 })
const LONG = tokens(300_000, 1_000)
const LONG_CACHED = tokens(300_000, 1_000, { cacheReadTokens: 200_000 })
const WRITTEN = { cacheReadTokens: 9_000, cacheWriteTokens: 2_000 }

describe('what a call costs by the list', () => {
  it.each<[string, Metered, string]>([
    ['openai/gpt-4o-2024-08-06', tokens(1_000, 500), '0.0075'],
    ['openai/gpt-4o-2024-08-06', CACHED, '0.02'],
    ['openai/gpt-4o-mini', tokens(10, 5), '0.0000045'],
    ['openai/gpt-5.5', LONG, '3.045'],
    ['openai/gpt-5.5', tokens(272_000, 1), '1.36003'],
    ['openai/gpt-5.5', tokens(272_001, 1), '2.720055'],
    ['openai/gpt-5.6-sol', tokens(1_000, 500), '0.014'],
    ['anthropic/claude-sonnet-4-5', tokens(12_000, 500, WRITTEN), '0.0207'],
    [
      'anthropic/claude-sonnet-4-5-20250929',
      tokens(12_000, 500, { ...WRITTEN, cacheWrite1hTokens: 2_000 }),
      '0.0252',
    ],
    ['anthropic/claude-opus-4-6', LONG, '1.525'],
    ['gemini/gemini-2.5-pro', LONG_CACHED, '0.315'],
    ['gemini/gemini-2.5-pro', tokens(200_000, 1), '0.25001'],
    ['gemini/gemini-2.5-pro', tokens(200_001, 1), '0.5000175'],
    ['gemini/models/gemini-2.5-pro', tokens(200_000, 1), '0.25001'],
    ['gemini/gemini-2.5-flash', tokens(1_000, 2_500, { reasoningTokens: 2_000 }), '0.00655'],
    ['openai/o3', CACHED, '0.012'],
    ['xai/grok-4.3', LONG, '0.755'],
    ['xai/grok-4', CACHED, '0.0195'],
    ['groq/llama-3.3-70b-versatile', CACHED, '0.006295'],
    ['openai/text-embedding-3-small', tokens(1_000, 0), '0.00002'],
    ['openai/text-embedding-3-small', tokens(8, 0), '0.00000016'],
    ['ollama/llama3', tokens(1_000, 500), '0'],
  ])('%s %o: %s USD', (name, usage, usd) => {
    expect(costAt(name, usage)).toBe(parsePico(usd))
  })

  it('reaches the higher tier of xAI at its threshold, and of others above it', () => {
    expect(costAt('xai/grok-4.3', tokens(199_999, 0))).toBe(parsePico('0.24999875'))
    expect(costAt('xai/grok-4.3', tokens(200_000, 0))).toBe(parsePico('0.5'))
  })

  it('follows dates: a price that falls holds from its day on', () => {
    const usage = tokens(1_000, 500)
    const before = costAt('openai/gpt-5.6-sol', usage, Date.UTC(2026, 7, 20))
    expect([before, costAt('openai/gpt-5.6-sol', usage)]).toEqual([
      parsePico('0.02'),
      parsePico('0.014'),
    ])
  })

  it('follows the time of day', () => {
    const costs = [...Array(24).keys()].map((hour) =>
      costAt('deepseek/deepseek-v4-flash', tokens(1_000, 500), Date.UTC(2026, 10, 24, hour)),
    )
    expect(costs.every((cost) => cost! > 0n)).toBe(true)
    expect(new Set(costs).size).toBeGreaterThan(1)
  })

  it('knows what the catalog leaves out', () => {
    expect(costAt('openai/tts-1', tokens(0, 0, { characters: 1_000 }))).toBe(parsePico('0.015'))
    expect(costAt('openai/whisper-1', tokens(0, 0, { audioMs: 60_000 }))).toBe(parsePico('0.006'))
    expect(costAt('openai/gpt-image-1', tokens(50, 4_160))).toBe(parsePico('0.16665'))
    expect(costAt('azure/text-embedding-3-small', tokens(1_000, 0))).toBe(parsePico('0.00002'))
  })

  it('charges the service tier that was served', () => {
    const served = (serviceTier: string) =>
      costAt('openai/gpt-5.5', tokens(1_000, 100, { serviceTier }))
    expect([served('default'), served('flex'), served('priority')]).toEqual([
      parsePico('0.008'),
      parsePico('0.004'),
      parsePico('0.02'),
    ])
    const old = tokens(1_000, 100, { serviceTier: 'priority', cacheReadTokens: 500 })
    expect(costAt('openai/gpt-4o', old)).toBe(parsePico('0.0048875'))
  })

  it('bills no short transcription of Groq for less than 10 seconds', () => {
    const [short, least, long] = [1_000, 10_000, 20_000].map((audioMs) =>
      costAt('groq/whisper-large-v3', tokens(0, 0, { audioMs })),
    )
    expect(short).toBe(least)
    expect(short! > 0n && long! > least!).toBe(true)
  })
})

describe('xAI', () => {
  const usage = readUsage({
    prompt_tokens: 12,
    completion_tokens: 1,
    total_tokens: 399,
    completion_tokens_details: { reasoning_tokens: 386 },
    cost_in_usd_ticks: 37_756_000,
  })

  it('bills reasoning beside the completion', () => {
    expect(usage?.outputTokens).toBe(387)
  })

  it('says its bill in ticks of 1e-10 USD', () => {
    expect(usage?.providerCostPico).toBe(parsePico('0.0037756'))
  })
})

function same(...names: string[]): void {
  const [first, ...others] = names.map((name) => [name, costAt(name, tokens(1_000, 500))] as const)
  expect(first).not.toEqual([names[0], null])
  for (const [name, cost] of others) expect([name, cost]).toEqual([name, first![1]])
}

describe('a name', () => {
  it('is found with what places, versions and dates add to it', () => {
    same('openai/gpt-4o-mini', 'azure/gpt-4o-mini', 'openai/GPT-4o-mini-2024-07-18')
    same(
      'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0',
      'bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
    )
    same('vertex_ai/claude-sonnet-4-5@20250929', 'anthropic/claude-sonnet-4-5-20250929')
  })

  it('that no list has, has no price', () => {
    for (const name of ['openai/llama3', 'acme/gpt-4o', 'openai/gpt-99', 'hosted_vllm/x']) {
      expect([name, priceOf(name)]).toEqual([name, null])
    }
  })

  it('of the operator stands for its base_model, with or without the provider', () => {
    const rules = { provider: 'azure', overrides: null, local: false }
    const costs = ['gpt-4o', 'azure/gpt-4o', 'openai/gpt-4o'].map((baseModel) => {
      const price = priceOfRow({ ...rules, baseModel }, 'my-deployment')
      return costOf(price!, tokens(1_000, 500), NOVEMBER).totalPico
    })
    expect(costs).toEqual([7_500_000_000n, 7_500_000_000n, 7_500_000_000n])
  })
})
