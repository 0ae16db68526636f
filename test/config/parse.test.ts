import { describe, expect, it } from 'vitest'
import { costOf } from '../../src/pricing/cost.ts'
import { flat, FREE } from '../../src/pricing/rates.ts'
import shipped from '../../config.yaml'
import type { Config, Deployment } from '../../src/config/config.ts'
import { environmentNames } from '../../src/config/environment.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { ROLLING } from '../../src/windows.ts'

function parse(yaml: string, env: Record<string, string> = {}) {
  return parseConfig(yaml, { TOLLGATE_DEV: 'true', ...env })
}

/** The deployment of a config that has this one row. */
function deploymentOf(params: string, info = '{}', env: Record<string, string> = {}): Deployment {
  const row = `{model_name: m, litellm_params: ${params}, model_info: ${info}}`
  const [deployment] = parse(`model_list: [${row}]`, env).config.deployments
  if (!deployment) throw new Error('no deployment')
  return deployment
}

describe('the shipped config', () => {
  it('starts without a warning once the master key is set', () => {
    const { config, warnings } = parse(shipped, { LITELLM_MASTER_KEY: 'sk-1234' })
    expect(warnings).toEqual([])
    expect(config.settings).toMatchObject({
      masterKey: 'sk-1234',
      budgetExceeded: 'docs',
      teamMetricLabels: 'docs',
      resets: ROLLING,
      prometheus: true,
    })
  })

  it('says which variable the master key is missing', () => {
    const { config, warnings } = parse(shipped)
    expect(config.settings.masterKey).toBe(null)
    expect(warnings).toEqual([
      'general_settings.master_key: the environment variable LITELLM_MASTER_KEY is not set',
    ])
  })

  it('prices a call of llama3 at 3.5e-06 USD', () => {
    const [llama] = parse(shipped).config.deployments
    expect(llama).toMatchObject({ group: 'llama3', provider: 'openai', model: 'llama3' })
    expect(llama?.mockResponse).toMatch(/Tollgate/)
    const usage = { inputTokens: 10, outputTokens: 20 }
    expect(costOf(llama!.price!, usage, 0).totalPico).toBe(3_500_000n)
  })

  it('shows examples that work once they are uncommented', () => {
    const env = { LITELLM_MASTER_KEY: 'sk-1', OPENAI_API_KEY: 'sk-o', ANTHROPIC_API_KEY: 'sk-a' }
    const uncommented = shipped.replaceAll(/^ {2}# (?=- |  )/gm, '  ')
    const { config, warnings } = parse(uncommented, env)
    expect(warnings).toEqual([])
    expect(config.deployments.map(({ group, apiKey }) => [group, apiKey])).toEqual([
      ['llama3', null],
      ['gpt-4o', 'sk-o'],
      ['claude-sonnet', 'sk-a'],
      ['qwen3', null],
    ])
  })
})

describe('the parsed config', () => {
  it('is frozen, all the way down', () => {
    const { config } = parse(shipped)
    const frozen: (value: unknown) => boolean = (value) =>
      typeof value !== 'object' ||
      value === null ||
      value instanceof Map ||
      (Object.isFrozen(value) && Object.values(value).every(frozen))
    expect(frozen(config)).toBe(true)
    expect([...config.index.groups.values()].every(frozen)).toBe(true)
  })

  it('of an empty file has defaults, and a warning', () => {
    const { config, warnings } = parse('')
    expect(warnings).toEqual(['model_list is empty: no model can be called'])
    expect(config.deployments).toEqual([])
    expect(config.settings).toEqual({
      masterKey: null,
      budgetExceeded: 'docs',
      teamMetricLabels: 'docs',
      resets: ROLLING,
      prometheus: false,
      requireAuthForMetrics: null,
      defaultEstimatedOutputTokens: 512,
      budgetEnforcement: 'headroom',
      strictClamp: true,
      strictMinOutputTokens: 256,
      memberRateLimits: false,
      requestTimeoutMs: 600_000,
      maxRequestBytes: 20 * 1024 * 1024,
      keyHeaderName: null,
      priceFileUrl: null,
      priceFileAcceptChanges: false,
      teamDefaults: { byTeam: [], general: [] },
      jwtAuth: null,
      access: null,
      ignoreUnsupported: [],
    } satisfies Config['settings'])
  })

  it('shares rows by anchors and merges', () => {
    const yaml = `
model_list:
  - model_name: a
    litellm_params: &shared { model: openai/a, api_base: "http://h/v1", input_cost_per_token: 1e-6 }
  - model_name: b
    litellm_params: { <<: *shared, model: openai/b }`
    const [, b] = parse(yaml).config.deployments
    expect(b).toMatchObject({
      model: 'b',
      apiBase: 'http://h/v1',
      price: flat('config', { input: 1_000_000n, output: 0n }),
    })
  })
})

describe('settings', () => {
  it.each<[string, Partial<Config['settings']>]>([
    ['general_settings: {budget_exceeded_error: v1.84}', { budgetExceeded: 'v1.84' }],
    ['general_settings: {team_metric_labels: v1.84}', { teamMetricLabels: 'v1.84' }],
    [
      `general_settings: {litellm_compatibility: v1.84}
litellm_settings: {budget_reset_alignment: rolling}`,
      { budgetExceeded: 'v1.84', teamMetricLabels: 'v1.84', resets: ROLLING },
    ],
    [
      'general_settings: {litellm_compatibility: v1.84}',
      { resets: { alignment: 'calendar', timezone: 'UTC', resetMinute: 0 } },
    ],
    ['litellm_settings: {budget_rollover: false}', { resets: ROLLING }],
    ['litellm_settings: {budget_rollover: true}', { resets: { ...ROLLING, rolloverMax: 1 } }],
    [
      'litellm_settings: {budget_rollover: true, budget_rollover_max: 2.5}',
      { resets: { ...ROLLING, rolloverMax: 2.5 } },
    ],
    [
      `litellm_settings:
  {budget_reset_alignment: calendar, timezone: Europe/Berlin, budget_reset_time: '06:30'}`,
      { resets: { alignment: 'calendar', timezone: 'Europe/Berlin', resetMinute: 390 } },
    ],
    [
      `general_settings: {litellm_compatibility: v1.84, budget_exceeded_error: docs}
litellm_settings: {budget_reset_alignment: rolling}`,
      { budgetExceeded: 'docs', teamMetricLabels: 'v1.84' },
    ],
    ['litellm_settings: {callbacks: prometheus}', { prometheus: true }],
    ['litellm_settings: {success_callback: [prometheus]}', { prometheus: true }],
    ['litellm_settings: {failure_callback: [prometheus]}', { prometheus: false }],
    ['litellm_settings: {request_timeout: 30}', { requestTimeoutMs: 30_000 }],
    [
      'litellm_settings: {request_timeout: 30}\nrouter_settings: {timeout: 2.5}',
      { requestTimeoutMs: 2_500 },
    ],
    ['litellm_settings: {require_auth_for_metrics_endpoint: no}', { requireAuthForMetrics: false }],
    ['general_settings: {max_request_size_mb: 0.5}', { maxRequestBytes: 524_288 }],
    [
      'general_settings: {default_estimated_output_tokens: 64}',
      { defaultEstimatedOutputTokens: 64 },
    ],
    ['general_settings: {budget_enforcement: strict}', { budgetEnforcement: 'strict' }],
    ['general_settings: {budget_enforcement: observe}', { budgetEnforcement: 'observe' }],
    ['general_settings: {strict_clamp: off}', { strictClamp: false }],
    ['general_settings: {strict_min_output_tokens: 16}', { strictMinOutputTokens: 16 }],
    ['general_settings: {litellm_key_header_name: X-Key}', { keyHeaderName: 'X-Key' }],
    ['general_settings: {master_key: sk-9}', { masterKey: 'sk-9' }],
  ])('%s', (yaml, settings) => {
    expect(parse(yaml).config.settings).toMatchObject(settings)
  })
})

describe("members' rate limits", () => {
  const NAME = 'EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING'
  it.each([
    ['true', true],
    ['True', true],
    ['1', true],
    ['false', false],
    ['0', false],
    ['', false],
  ])('are switched by LiteLLM\'s variable: "%s"', (value, on) => {
    expect(parse('', { [NAME]: value }).config.settings.memberRateLimits).toBe(on)
  })

  it('may be switched in the file, and the environment wins', () => {
    const yaml = `environment_variables: {${NAME}: true}`
    expect(parse(yaml).config.settings.memberRateLimits).toBe(true)
    expect(parse(yaml, { [NAME]: 'false' }).config.settings.memberRateLimits).toBe(false)
  })
})

describe('prices', () => {
  it.each<[string, string, readonly [bigint, bigint]]>([
    ['{input_cost_per_token: 3.5e-06}', '{}', [3_500_000n, 0n]],
    [
      '{input_cost_per_token: "3.5e-06", output_cost_per_token: 1e-6}',
      '{}',
      [3_500_000n, 1_000_000n],
    ],
    ['{output_cost_per_token: 0.000000000001}', '{}', [0n, 1n]],
    ['{input_cost_per_token: .5e-6}', '{}', [500_000n, 0n]],
    ['{input_cost_per_token: 0}', '{}', [0n, 0n]],
    ['{}', '{input_cost_per_token: 2e-6, output_cost_per_token: 3e-6}', [2_000_000n, 3_000_000n]],
    ['{input_cost_per_token: 1e-6}', '{input_cost_per_token: 2e-6}', [1_000_000n, 0n]],
    // As a double this is 1.5e-12, which would be rounded up.
    ['{input_cost_per_token: 1.4999999999999999999e-12}', '{}', [1n, 0n]],
  ])('%s with model_info %s', (prices, info, [input, output]) => {
    const params = prices.replace('{', '{model: openai/x, ')
    expect(deploymentOf(params, info).price).toEqual(flat('config', { input, output }))
  })

  it('are null if nobody gave one, and 0 for a local provider', () => {
    expect(deploymentOf('{model: openai/x}').price).toBe(null)
    expect(deploymentOf('{model: ollama/x}').price).toEqual(FREE)
    expect(deploymentOf('{model: ollama/x, output_cost_per_token: 1e-6}').price).toEqual(
      flat('config', { input: 0n, output: 1_000_000n }),
    )
  })

  it('that are missing make a warning, since callers with a budget are refused', () => {
    const { warnings } = parse(
      'model_list: [{model_name: m, litellm_params: {model: openai/x, api_key: k}}]',
    )
    expect(warnings).toEqual([
      'model_list[0] has no price, so callers with a budget are refused: set input_cost_per_token and output_cost_per_token, or the model_info.base_model that it is',
    ])
  })
})

describe('a deployment', () => {
  it.each<[string, Partial<Deployment>]>([
    ['{model: openai/gpt-4o}', { provider: 'openai', model: 'gpt-4o' }],
    ['{model: gpt-4o}', { provider: 'openai', model: 'gpt-4o' }],
    ['{model: o3-mini}', { provider: 'openai', model: 'o3-mini' }],
    ['{model: llama, api_base: "http://h/v1"}', { provider: 'openai', apiBase: 'http://h/v1' }],
    ['{model: openai/a, api_base: "https://h/v1//"}', { apiBase: 'https://h/v1' }],
    ['{model: openai/a, api_base: "https://h"}', { apiBase: 'https://h' }],
    ['{model: openai/a, base_url: "https://h/x"}', { apiBase: 'https://h/x' }],
    ['{model: openrouter/meta/llama-3}', { provider: 'openrouter', model: 'meta/llama-3' }],
    ['{model: groq/x}', { apiBase: 'https://api.groq.com/openai/v1', local: false }],
    ['{model: ollama/x}', { apiBase: 'http://localhost:11434/v1', local: true }],
    ['{model: ollama/x, api_base: "http://h:11434"}', { apiBase: 'http://h:11434/v1' }],
    ['{model: anthropic/x, api_base: "https://h/"}', { apiBase: 'https://h/v1' }],
    [
      '{model: meta/llama, custom_llm_provider: hosted_vllm, api_base: "http://h/v1"}',
      { provider: 'hosted_vllm', model: 'meta/llama', local: true },
    ],
    ['{model: openai/x, custom_llm_provider: openai}', { provider: 'openai', model: 'x' }],
    ['{model: acme/x, mock_response: hi}', { provider: 'acme', apiBase: '', mockResponse: 'hi' }],
    ['{model: openai/x, mock_response: ""}', { mockResponse: '' }],
    ['{model: openai/x}', { timeoutMs: 600_000, streamTimeoutMs: 600_000, weight: 1, mode: null }],
    ['{model: openai/x, timeout: "30"}', { timeoutMs: 30_000, streamTimeoutMs: 30_000 }],
    ['{model: openai/x, timeout: 30, stream_timeout: 5}', { streamTimeoutMs: 5_000 }],
    ['{model: openai/x, weight: 0}', { weight: 0 }],
    ['{model: openai/x, api_key: ""}', { apiKey: null }],
  ])('%s', (params, deployment) => {
    expect(deploymentOf(params)).toMatchObject(deployment)
  })

  it('takes id, mode and output cap from model_info', () => {
    const info = '{id: 7, mode: embedding, max_tokens: 100, max_output_tokens: 50}'
    const deployment = deploymentOf('{model: openai/x}', info)
    expect(deployment).toMatchObject({ id: '7', mode: 'embedding', maxOutputTokens: 50 })
  })

  it('takes the stream timeout of the router', () => {
    const yaml = `
router_settings: {stream_timeout: 9}
model_list: [{model_name: m, litellm_params: {model: openai/x, timeout: 30}}]`
    expect(parse(yaml).config.deployments[0]).toMatchObject({ streamTimeoutMs: 9_000 })
  })

  it('uses the provider’s usual variable only for the provider’s own address', () => {
    const env = { OPENAI_API_KEY: 'sk-o', MISTRAL_API_KEY: 'sk-m' }
    expect(deploymentOf('{model: openai/x}', '{}', env).apiKey).toBe('sk-o')
    expect(deploymentOf('{model: mistral/x}', '{}', env).apiKey).toBe('sk-m')
    expect(deploymentOf('{model: openai/x, api_base: "https://h"}', '{}', env).apiKey).toBe(null)
    expect(deploymentOf('{model: openai/x, api_key: os.environ/OTHER}', '{}', env).apiKey).toBe(
      null,
    )
  })
})

function idOf(params: string, env?: Record<string, string>): string {
  return deploymentOf(params, '{}', env).id
}

describe('a deployment’s id', () => {
  it('is 64 hex digits that only the row as it is written decides', () => {
    const id = idOf('{model: openai/x, api_key: os.environ/K}', { K: 'one' })
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(idOf('{api_key: os.environ/K, model: openai/x}', { K: 'two' })).toBe(id)
    expect(idOf('{model: openai/x, api_key: os.environ/L}', { L: 'one' })).not.toBe(id)
  })

  it('differs between two names of one provider’s model', () => {
    const row = 'litellm_params: {model: openai/x}'
    const { config } = parse(`model_list: [{model_name: a, ${row}}, {model_name: b, ${row}}]`)
    expect(new Set(config.deployments.map(({ id }) => id)).size).toBe(2)
  })
})

describe('os.environ', () => {
  const yaml = `
environment_variables: { FROM_FILE: file, BOTH: file, COPY: os.environ/REAL, COUNT: 7 }
model_list:
  - { model_name: a, litellm_params: { model: openai/a, api_key: os.environ/FROM_FILE } }
  - { model_name: b, litellm_params: { model: openai/b, api_key: os.environ/BOTH } }
  - { model_name: c, litellm_params: { model: os.environ/MODEL, api_key: os.environ/COPY } }
  - { model_name: d, litellm_params: { model: openai/d, api_key: prefix os.environ/NOT, timeout: os.environ/COUNT } }
  - { model_name: e, litellm_params: { model: openai/e, api_key: os.environ/MISSING } }`
  const env = { BOTH: 'real', REAL: 'copied', MODEL: 'openai/c', MISSING: '' }

  it('is replaced where it is the whole value; the real environment wins', () => {
    const { deployments } = parse(yaml, env).config
    expect(deployments.map(({ model, apiKey }) => [model, apiKey])).toEqual([
      ['a', 'file'],
      ['b', 'real'],
      ['c', 'copied'],
      ['d', 'prefix os.environ/NOT'],
      ['e', null],
    ])
    expect(deployments[3]?.timeoutMs).toBe(7_000)
  })

  it('of a variable that is not set or empty makes a warning', () => {
    expect(parse(yaml, env).warnings).toContain(
      'model_list[4].litellm_params.api_key: the environment variable MISSING is not set',
    )
  })

  const NAMES =
    'BOTH COPY COUNT FROM_FILE LITELLM_MASTER_KEY MISSING MODEL OPENAI_API_KEY REAL'.split(' ')

  it('can all be listed, with those that a provider’s key usually has', () => {
    expect(environmentNames(yaml)).toEqual(NAMES)
    expect(environmentNames('a: [')).toEqual(['LITELLM_MASTER_KEY'])
  })
})
