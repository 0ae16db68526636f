import { describe, expect, it } from 'vitest'
import { listModels, resolveGroup } from '../../src/config/models.ts'
import { parseConfig } from '../../src/config/parse.ts'

const { config } = parseConfig(
  `
model_list:
  - { model_name: gpt-4o, litellm_params: { model: openai/gpt-4o }, model_info: { id: first } }
  - { model_name: gpt-4o, litellm_params: { model: openrouter/openai/gpt-4o }, model_info: { id: second } }
  - { model_name: openai/exact, litellm_params: { model: openai/pinned } }
  - { model_name: "*", litellm_params: { model: "openai/*", api_base: "https://catch.all/v1" } }
  - { model_name: "groq/*", litellm_params: { model: "groq/*" }, model_info: { id: groq } }
  - { model_name: "groq/meta/*", litellm_params: { model: "openrouter/meta/*" } }
  - { model_name: "bedrock/anthropic.*", litellm_params: { model: "anthropic/*" } }
  - { model_name: "fixed/*", litellm_params: { model: openai/one } }
  - { model_name: "*-in-*", litellm_params: { model: "together_ai/*/*" } }
router_settings:
  model_group_alias:
    fast: gpt-4o
    hidden: { model: gpt-4o, hidden: true }
    gpt-4o: openai/exact
    any-groq: groq/llama
    constructor: gpt-4o
`,
  {},
)

/** What a name resolves to: the group, and what is sent where. */
function resolve(name: string): string | null {
  const found = resolveGroup(config, name)
  if (!found) return null
  const targets = found.deployments.map(({ provider, model }) => `${provider} ${model}`)
  return `${found.group}: ${targets.join(', ')}`
}

describe('resolveGroup', () => {
  it.each<[string, string, string]>([
    ['an exact name, before an alias', 'gpt-4o', 'gpt-4o: openai gpt-4o, openrouter openai/gpt-4o'],
    ['an exact name, before patterns', 'openai/exact', 'openai/exact: openai pinned'],
    ['an alias', 'fast', 'gpt-4o: openai gpt-4o, openrouter openai/gpt-4o'],
    ['a hidden alias', 'hidden', 'gpt-4o: openai gpt-4o, openrouter openai/gpt-4o'],
    ['an alias of a name under a pattern', 'any-groq', 'groq/llama: groq llama'],
    [
      'a name that objects inherit',
      'constructor',
      'gpt-4o: openai gpt-4o, openrouter openai/gpt-4o',
    ],
    ['a deployment’s id', 'second', 'gpt-4o: openrouter openai/gpt-4o'],
    ['a pattern: the suffix is copied', 'groq/llama', 'groq/llama: groq llama'],
    ['the longest pattern', 'groq/meta/llama', 'groq/meta/llama: openrouter meta/llama'],
    ['part of a name', 'bedrock/anthropic.claude', 'bedrock/anthropic.claude: anthropic claude'],
    [
      'a dot is only a dot',
      'bedrock/anthropicXclaude',
      'bedrock/anthropicXclaude: openai bedrock/anthropicXclaude',
    ],
    ['a target without *', 'fixed/anything', 'fixed/anything: openai one'],
    ['two parts', 'cat-in-hat', 'cat-in-hat: together_ai cat/hat'],
    ['everything', 'mystery', 'mystery: openai mystery'],
    ['everything, with the provider written out', 'openai/gpt-5', 'openai/gpt-5: openai gpt-5'],
    ['no provider is stripped but the row’s', 'xai/grok', 'xai/grok: openai xai/grok'],
    ['an empty suffix is not a suffix', 'groq/', 'groq/: openai groq/'],
    ['a literal $& is copied', 'groq/$&', 'groq/$&: groq $&'],
    ['__proto__ is a name like any other', '__proto__', '__proto__: openai __proto__'],
  ])('%s', (_, name, expected) => {
    expect(resolve(name)).toBe(expected)
  })

  it('answers null for a name that nobody knows, and for an absurd one', () => {
    expect(resolveGroup(parseConfig('', {}).config, 'gpt-4o')).toBe(null)
    expect(resolveGroup(parseConfig('', {}).config, '__proto__')).toBe(null)
    expect(resolve('')).toBe(null)
    expect(resolve('a'.repeat(257))).toBe(null)
  })

  it('keeps the rest of a deployment under a pattern', () => {
    const [deployment] = resolveGroup(config, 'groq/llama')?.deployments ?? []
    expect(deployment).toMatchObject({ id: 'groq', group: 'groq/*' })
  })
})

describe('listModels', () => {
  it('lists groups once and aliases that are not hidden', () => {
    expect(listModels(config)).toEqual([
      'gpt-4o',
      'openai/exact',
      'fast',
      'any-groq',
      'constructor',
    ])
  })

  it('lists patterns if asked', () => {
    expect(listModels(config, { wildcards: true })).toContain('groq/*')
  })
})

it('warns of an alias to nothing', () => {
  const yaml = `
model_list: [{model_name: a, litellm_params: {model: ollama/a}}]
router_settings: {model_group_alias: {b: a, c: nothing}}`
  expect(parseConfig(yaml, {}).warnings).toEqual([
    'router_settings.model_group_alias.c: no model is named "nothing"',
  ])
})
