import { afterEach, describe, expect, it } from 'vitest'
import { parsePico } from '../../../src/money.ts'
import { refreshProblem } from '../../../src/pricing/file/compare.ts'
import { readPriceFile, trimmed } from '../../../src/pricing/file/price-file.ts'
import { readOverrides } from '../../../src/pricing/overrides.ts'
import { priceOfRow, priceTag, priceWith, usePriceFile } from '../../../src/pricing/resolve.ts'

const NOW = Date.UTC(2026, 10, 24)
const file = (models: object) => readPriceFile(JSON.stringify(models))
const openai = (input: number, output: number) => ({
  litellm_provider: 'openai',
  input_cost_per_token: input,
  output_cost_per_token: output,
})
const rules = { provider: 'openai', baseModel: null, overrides: null, local: false }
const models = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, openai(1e-6, 1e-6)]))

const inputOf = (price: ReturnType<typeof priceOfRow>) => price?.periods[0].rates.input

afterEach(() => usePriceFile(null))

describe('a price file', () => {
  it('goes before the catalog, and after what a row says itself', () => {
    expect(inputOf(priceOfRow(rules, 'gpt-4o'))).toBe(parsePico('0.0000025'))
    usePriceFile(file({ 'gpt-4o': openai(1e-6, 2e-6) }))
    expect(priceOfRow(rules, 'gpt-4o')).toMatchObject({ source: 'file' })
    expect(inputOf(priceOfRow(rules, 'gpt-4o-2024-08-06'))).toBe(1_000_000n)
    const pico = { input_cost_per_token: 7n }
    const overrides = readOverrides(pico, { thresholdInclusive: false })
    expect(inputOf(priceOfRow({ ...rules, overrides }, 'gpt-4o'))).toBe(7n)
    expect(priceOfRow({ ...rules, local: true }, 'gpt-4o')?.source).toBe('local')
  })

  it('is followed by a row that was read before it came', () => {
    const price = priceTag(rules, 'house-model')
    expect(price()).toBeNull()
    usePriceFile(file({ 'house-model': openai(1e-6, 2e-6) }))
    expect(inputOf(price())).toBe(1_000_000n)
    usePriceFile(null)
    expect(price()).toBeNull()
  })

  it("says whose a name is, in LiteLLM's words", () => {
    const some = file({
      'gemini/gemini-x': { litellm_provider: 'gemini', input_cost_per_token: 1e-6 },
      'anthropic.claude-x': { litellm_provider: 'bedrock_converse', input_cost_per_token: 2e-6 },
      'gpt-x': openai(3e-6, 0),
    })
    expect(inputOf(priceWith(some, 'gemini', 'gemini-x'))).toBe(1_000_000n)
    expect(inputOf(priceWith(some, 'bedrock', 'eu.anthropic.claude-x'))).toBe(2_000_000n)
    expect(inputOf(priceWith(some, 'openai', 'gpt-x'))).toBe(3_000_000n)
    expect(priceWith(some, 'groq', 'gpt-x')).toBeNull()
  })

  it('knows lengths and windows', () => {
    const fields = { ...openai(1e-6, 0), input_cost_per_token_above_200k_tokens: '2e-06' }
    const some = file({ long: { ...fields, max_input_tokens: 400_000 } })
    const price = priceWith(some, 'openai', 'long')
    expect(price?.maxInputTokens).toBe(400_000)
    expect(price?.periods[0].tiers).toEqual([{ above: 200_000, rates: { input: 2_000_000n } }])
  })

  it('is kept without what nobody reads', () => {
    const text = JSON.stringify({
      sample_spec: { input_cost_per_token: 'a number' },
      'gpt-x': { ...openai(1e-6, 0), supports_vision: true, mode: 'chat', source: null },
      'no-price': { litellm_provider: 'openai', mode: 'chat' },
    })
    expect(JSON.parse(trimmed(text))).toEqual({ 'gpt-x': openai(1e-6, 0) })
  })

  it.each([
    ['{', 'the price file: expected JSON'],
    ['[]', 'the price file: expected an object'],
    ['{}', 'the price file: no model in it has a price'],
    ['{"a": 5}', 'a: expected an object'],
    ['{"a": {"input_cost_per_token": -1}}', 'a.input_cost_per_token: expected USD'],
    ['{"a": {"input_cost_per_token": "cheap"}}', 'a.input_cost_per_token: expected USD'],
    ['{"a": {"output_cost_per_token": {}}}', 'a.output_cost_per_token: expected USD'],
    ['{"a": {"output_cost_per_token": 1e9}}', 'a.output_cost_per_token: expected USD'],
  ])('that is wrong is refused by name: %s', (text, message) => {
    expect(() => readPriceFile(text)).toThrow(message)
  })
})

describe('a refresh', () => {
  const used = [{ provider: 'openai', model: 'gpt-4o' }]
  it('passes if nothing much changed', () => {
    const [before, after] = [file(models(100)), file(models(95))]
    expect(refreshProblem({ before, after, used, nowMs: NOW })).toBeNull()
  })

  it('is refused if it lost more than 5 % of the models', () => {
    const [before, after] = [file(models(100)), file(models(94))]
    const problem = refreshProblem({ before, after, used, nowMs: NOW })
    expect(problem).toBe('it lost 6 of 100 models, m94 among them')
  })

  it.each([
    [7.5e-6, 1e-5, null],
    [7.6e-6, 1e-5, 'openai/gpt-4o: its rate "input" went from 2.5e-06 to 7.6e-06 USD'],
    [2.5e-6, 3e-6, 'openai/gpt-4o: its rate "output" went from 1e-05 to 3e-06 USD'],
    [0, 1e-5, 'openai/gpt-4o: its rate "input" went from 2.5e-06 to 0.0 USD'],
  ])('of a used model to %d and %d: %j', (input, output, problem) => {
    const after = file({ 'gpt-4o': openai(input, output) })
    expect(refreshProblem({ before: null, after, used, nowMs: NOW })).toBe(problem)
  })

  it('looks at every model of a wildcard', () => {
    const before = file({ 'gpt-x': openai(1e-6, 1e-6) })
    const after = file({ 'gpt-x': openai(1e-5, 1e-6) })
    const wild = [{ provider: 'openai', model: '*' }]
    expect(refreshProblem({ before, after, used: wild, nowMs: NOW })).toContain('openai/gpt-x')
    expect(refreshProblem({ before, after, used, nowMs: NOW })).toBeNull()
  })

  it('is refused if a used model loses its price', () => {
    const before = file({ ...models(100), house: openai(1e-6, 1e-6) })
    const own = [{ provider: 'openai', model: 'house' }]
    const problem = refreshProblem({ before, after: file(models(100)), used: own, nowMs: NOW })
    expect(problem).toBe('openai/house has lost its price')
  })
})
