import { describe, expect, it } from 'vitest'
import type { Call } from '../../../src/gateway/call.ts'
import { billOf } from '../../../src/gateway/relay/price.ts'
import { reported } from '../../../src/gateway/relay/charge.ts'
import { parsePico } from '../../../src/money.ts'
import { flat } from '../../../src/pricing/rates.ts'
import { priceOfRow } from '../../../src/pricing/resolve.ts'
import { readUsage } from '../../../src/upstream/usage.ts'

const NOW = Date.UTC(2026, 10, 23, 18)
const OWN = flat('config', { input: 1_000n, output: 2_000n })

/** A call of `provider/model`, by the list's price unless the row has its own. */
function callOf(name: string, own = false, baseModel: string | null = null): Call {
  const slash = name.indexOf('/')
  const [provider, model] = [name.slice(0, slash), name.slice(slash + 1)]
  const rules = { provider, baseModel, overrides: null, local: false }
  const price = own ? OWN : priceOfRow(rules, model)
  return { price, deployment: { provider, model, baseModel }, startedMs: NOW } as unknown as Call
}

function usageOf(raw: object) {
  const usage = readUsage(raw)
  if (!usage) throw new Error('no usage')
  return usage
}

const PLAIN = usageOf({ prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 })
const TICKS = usageOf({
  prompt_tokens: 1_000,
  completion_tokens: 500,
  total_tokens: 1_500,
  cost_in_usd_ticks: 12_345,
})

describe('what is billed', () => {
  it("is the provider's own word where that is the bill, and the list's price beside it", () => {
    const bill = billOf(callOf('xai/grok-4.3'), TICKS, null)
    expect(bill.totalPico).toBe(1_234_500n)
    expect(bill.listedPico).toBeGreaterThan(0n)
    expect(bill.listedPico).not.toBe(bill.totalPico)
  })

  it('is our price where the row has its own, or the provider only estimates', () => {
    expect(billOf(callOf('xai/grok-4.3', true), TICKS, null).totalPico).toBe(2_000_000n)
    expect(billOf(callOf('openai/gpt-4o', true), TICKS, null).totalPico).toBe(2_000_000n)
  })

  it('goes by the model that answered', () => {
    const asked = callOf('openai/gpt-4o')
    const mini = billOf(callOf('openai/gpt-4o-mini'), PLAIN, null).totalPico
    expect(billOf(asked, PLAIN, 'gpt-4o-mini-2024-07-18').totalPico).toBe(mini)
    expect(billOf(asked, PLAIN, 'nobody-knows-this').totalPico).toBe(parsePico('0.0075'))
  })

  it('goes by the row where that says what it is', () => {
    expect(billOf(callOf('openai/gpt-4o', true), PLAIN, 'gpt-4o-mini').totalPico).toBe(2_000_000n)
    const based = callOf('azure/my-deployment', false, 'gpt-4o')
    expect(billOf(based, PLAIN, 'gpt-4o-mini').totalPico).toBe(parsePico('0.0075'))
  })
})

describe('the row of a call', () => {
  it('says its parts, which sum to the charge', () => {
    const usage = usageOf({
      prompt_tokens: 1_000,
      completion_tokens: 500,
      total_tokens: 1_500,
      prompt_tokens_details: { cached_tokens: 400 },
      completion_tokens_details: { reasoning_tokens: 100 },
    })
    const { pico, detail } = reported(callOf('openai/gpt-5.5'), usage, null)
    const parts = JSON.parse(String(detail['costParts'])) as Record<string, string>
    expect(Object.values(parts).reduce((sum, part) => sum + BigInt(part), 0n)).toBe(pico)
    expect(detail).toMatchObject({
      usageSource: 'provider',
      cacheReadTokens: 400,
      reasoningTokens: 100,
    })
  })

  it('has both numbers where the provider told its own', () => {
    const { pico, detail } = reported(callOf('xai/grok-4.3'), TICKS, null)
    expect(detail).toMatchObject({ providerPico: String(pico) })
    expect(BigInt(String(detail['listedPico']))).toBeGreaterThan(0n)
  })
})
