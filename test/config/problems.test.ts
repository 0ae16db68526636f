import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/parse.ts'
import { ConfigError } from '../../src/config/problems.ts'

function problemsOf(yaml: string): readonly string[] {
  try {
    parseConfig(yaml, { TOLLGATE_DEV: 'true' })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const row = (params: string) => `model_list: [{model_name: m, litellm_params: ${params}}]`
const PARAMS = 'model_list[0].litellm_params'
const PRICE = 'expected USD per token, 0 or from 1e-12 to 1000, such as 0.0000025'

describe('a wrong field names its path and what was expected', () => {
  it.each<[string, string]>([
    ['- 1', 'expected a mapping with model_list, got a list'],
    ['just text', 'expected a mapping with model_list, got a string'],
    ['model_list: {}', 'model_list: expected a list of models, got a mapping'],
    [
      'model_list: [7]',
      'model_list[0]: expected a mapping with model_name and litellm_params, got a number',
    ],
    [
      'model_list: [{litellm_params: {model: gpt-4o}}]',
      'model_list[0].model_name: expected a string such as "gpt-4o" or "openai/*", got nothing',
    ],
    [
      'model_list: [{model_name: 3, litellm_params: {model: gpt-4o}}]',
      'model_list[0].model_name: expected a string such as "gpt-4o" or "openai/*", got a number',
    ],
    [
      'model_list: [{model_name: m}]',
      `${PARAMS}: expected a mapping such as {model: openai/gpt-4o}, got nothing`,
    ],
    [row('{model: 4}'), `${PARAMS}.model: expected a string such as "openai/gpt-4o", got a number`],
    [
      row('{model: ""}'),
      `${PARAMS}.model: expected a string such as "openai/gpt-4o", got an empty one`,
    ],
    [
      row('{model: os.environ/NONE}'),
      `${PARAMS}.model: expected a string such as "openai/gpt-4o", got nothing: the environment variable NONE is not set`,
    ],
    [
      row('{model: llama3}'),
      `${PARAMS}.model: expected "provider/model" such as "openai/llama3", got "llama3"`,
    ],
    [row('{model: openai/}'), `${PARAMS}.model: expected "provider/model", got "openai/"`],
    [
      row('{model: acme/x}'),
      `${PARAMS}.model: "acme" is not a provider that Tollgate knows: write openai/x and the api_base of its OpenAI-compatible endpoint`,
    ],
    [
      'general_settings: {budget_enforcement: hard}',
      'general_settings.budget_enforcement: expected "headroom" or "strict" or "observe", got "hard"',
    ],
    [
      'general_settings: {strict_min_output_tokens: 0}',
      'general_settings.strict_min_output_tokens: expected a whole number of tokens, got 0',
    ],
    [
      row('{model: vertex_ai/gemini, api_base: "https://h"}'),
      `${PARAMS}.model: "vertex_ai" is not built yet: write gemini/<model>`,
    ],
    [
      row('{model: hosted_vllm/x}'),
      `${PARAMS}.api_base: expected the URL of your hosted_vllm server such as "http://10.0.0.5:8000/v1", got nothing`,
    ],
    [
      row('{model: openai/*}'),
      `${PARAMS}.model: expected as many * as in model_name "m" or none, got "openai/*"`,
    ],
    [
      'model_list: [{model_name: "*", litellm_params: {model: "*"}}]',
      `${PARAMS}.model: expected "provider/model" such as "openai/*", got "*"`,
    ],
    ...['not a url', 'ftp://h/v1', 'https://u:p@h/v1', 'https://h/v1?a=b', 'https://h/#x'].map(
      (url): [string, string] => [
        row(`{model: openai/x, api_base: "${url}"}`),
        `${PARAMS}.api_base: expected a URL such as "https://api.example.com/v1", without credentials, ? and #`,
      ],
    ),
    [
      row('{model: openai/x, api_key: 12345}'),
      `${PARAMS}.api_key: expected a string such as os.environ/OPENAI_API_KEY, got a number`,
    ],
    [
      row('{model: openai/x, input_cost_per_token: -1e-6}'),
      `${PARAMS}.input_cost_per_token: ${PRICE}, got "-1e-6"`,
    ],
    [
      row('{model: openai/x, input_cost_per_token: .nan}'),
      `${PARAMS}.input_cost_per_token: ${PRICE}, got ".nan"`,
    ],
    [
      row('{model: openai/x, input_cost_per_token: .inf}'),
      `${PARAMS}.input_cost_per_token: ${PRICE}, got ".inf"`,
    ],
    [
      row('{model: openai/x, input_cost_per_token: 1e999}'),
      `${PARAMS}.input_cost_per_token: ${PRICE}, got "1e999"`,
    ],
    [
      row('{model: openai/x, input_cost_per_token: 1e-13}'),
      `${PARAMS}.input_cost_per_token: ${PRICE}, got "1e-13"`,
    ],
    [
      row('{model: openai/x, input_cost_per_token: free}'),
      `${PARAMS}.input_cost_per_token: ${PRICE}, got "free"`,
    ],
    [
      row('{model: openai/x, output_cost_per_token: [1]}'),
      `${PARAMS}.output_cost_per_token: ${PRICE}, got a list`,
    ],
    [
      row('{model: openai/x, mock_response: 5}'),
      `${PARAMS}.mock_response: expected a string, got a number`,
    ],
    [
      row('{model: openai/x, timeout: 0}'),
      `${PARAMS}.timeout: expected seconds, more than 0 and at most 86400, got 0`,
    ],
    [
      row('{model: openai/x, timeout: soon}'),
      `${PARAMS}.timeout: expected seconds, more than 0 and at most 86400, got "soon"`,
    ],
    [
      row('{model: openai/x, weight: -1}'),
      `${PARAMS}.weight: expected a number, 0 or more, got -1`,
    ],
    [
      'model_list: [{model_name: m, litellm_params: {model: openai/x}, model_info: {max_tokens: 1.5}}]',
      'model_list[0].model_info.max_tokens: expected a whole number of tokens, got 1.5',
    ],
    [
      'model_list: [{model_name: m, litellm_params: {model: openai/x}, model_info: text}]',
      'model_list[0].model_info: expected a mapping such as {id: my-id}, got a string',
    ],
    ['litellm_settings: [1]', 'litellm_settings: expected a mapping, got a list'],
    [
      'litellm_settings: {callbacks: 1}',
      'litellm_settings.callbacks: expected a list such as ["prometheus"], got a number',
    ],
    [
      'litellm_settings: {callbacks: [prometheus, 1]}',
      'litellm_settings.callbacks[1]: expected a string, got a number',
    ],
    [
      'litellm_settings: {require_auth_for_metrics_endpoint: maybe}',
      'litellm_settings.require_auth_for_metrics_endpoint: expected true or false, got "maybe"',
    ],
    [
      'litellm_settings: {budget_reset_alignment: daily}',
      'litellm_settings.budget_reset_alignment: expected "rolling" or "calendar", got "daily"',
    ],
    [
      'litellm_settings: {timezone: Nowhere/Land}',
      'litellm_settings.timezone: expected a time zone such as "UTC" or "Europe/Berlin", got "Nowhere/Land"',
    ],
    [
      "litellm_settings: {budget_reset_time: '24:00'}",
      'litellm_settings.budget_reset_time: expected a time of day such as "00:00" or "06:30", in quotes, got "24:00"',
    ],
    [
      'litellm_settings: {budget_reset_time: 6}',
      'litellm_settings.budget_reset_time: expected a time of day such as "00:00" or "06:30", in quotes, got 6',
    ],
    [
      'general_settings: {litellm_compatibility: v2}',
      'general_settings.litellm_compatibility: expected "docs" or "v1.84", got "v2"',
    ],
    [
      'general_settings: {master_key: 1234}',
      'general_settings.master_key: expected a string such as os.environ/LITELLM_MASTER_KEY, got a number',
    ],
    [
      'general_settings: {default_estimated_output_tokens: 0}',
      'general_settings.default_estimated_output_tokens: expected a whole number of tokens, got 0',
    ],
    [
      'general_settings: {max_request_size_mb: 500}',
      'general_settings.max_request_size_mb: expected megabytes, more than 0 and at most 100, got 500',
    ],
    [
      'general_settings: {litellm_key_header_name: "x key"}',
      'general_settings.litellm_key_header_name: expected the name of a header such as "x-litellm-key"',
    ],
    [
      'general_settings: {ignore_unsupported: {a: 1}}',
      'general_settings.ignore_unsupported: expected a list of paths such as ["litellm_settings.max_budget"], got a mapping',
    ],
    [
      'router_settings: {model_group_alias: {a: 1}}',
      'router_settings.model_group_alias.a: expected the model_name of a group, or {model: its model_name, hidden: true}, got a number',
    ],
    ['environment_variables: {A: [1]}', 'environment_variables.A: expected a string, got a list'],
  ])('%s', (yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([problem])
  })
})

describe('YAML that cannot be read names line and column', () => {
  it.each<[string, RegExp]>([
    ['a: 1\nb: [2', /^line 2, column \d+: Flow sequence/],
    ['a: 1\na: 2', /^line 2, column 1: Map keys must be unique/],
    ['a:\n\t- b', /^line 2, column 1: Tabs are not allowed/],
    ['a: *x', /^line 1, column 4: expected the name of an anchor before it, got \*x/],
  ])('%j', (yaml, problem) => {
    expect(problemsOf(yaml)[0]).toMatch(problem)
  })
})

describe('all problems', () => {
  const yaml = `
model_list:
  - { model_name: a, litellm_params: { model: 1 } }
  - { model_name: b, litellm_params: { model: llama3, timeout: -1 } }
  - { model_name: c, litellm_params: { model: acme/x } }
general_settings: { master_key: 1, allowed_ips: [] }
litellm_settings: { max_budget: 10 }`

  it('are told at once, a line each', () => {
    expect(() => parseConfig(yaml, { TOLLGATE_DEV: 'true' })).toThrow(ConfigError)
    const paths = problemsOf(yaml).map((problem) => problem.replace(/: .*/, ''))
    expect(paths.toSorted()).toEqual([
      'general_settings.allowed_ips',
      'general_settings.master_key',
      'litellm_settings.max_budget',
      'model_list[0].litellm_params.model',
      'model_list[1].litellm_params.timeout',
      'model_list[2].litellm_params.model',
    ])
  })

  it('are lines of the message that name the file', () => {
    const error = new ConfigError(['a.b: expected x', 'c: expected y'])
    expect(error.message).toBe('config.yaml: a.b: expected x\nconfig.yaml: c: expected y')
  })

  it('never show a secret', () => {
    const secret = 'sk-very-secret'
    const wrong = `general_settings: {master_key: [${secret}]}\n${row(`{model: openai/x, api_key: {k: ${secret}}}`)}`
    expect(problemsOf(wrong)).toHaveLength(2)
    expect(problemsOf(wrong).join()).not.toContain(secret)
  })
})

describe('an id', () => {
  it('may not be given twice', () => {
    const one = '{model_name: a, litellm_params: {model: openai/x}, model_info: {id: one}}'
    const two = '{model_name: b, litellm_params: {model: openai/y}, model_info: {id: one}}'
    expect(problemsOf(`model_list: [${one}, ${two}]`)).toEqual([
      'model_list[1].model_info.id: expected an id that no other row has, but model_list[0] has "one" too',
    ])
  })

  it('shows a row that was written twice', () => {
    const same = '{model_name: a, litellm_params: {model: openai/x}}'
    expect(problemsOf(`model_list: [${same}, ${same}]`)).toEqual([
      'model_list[1]: the same as model_list[0]; remove it, or give it a model_info.id',
    ])
  })
})
