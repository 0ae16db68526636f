import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { parseConfig } from '../../src/config/parse.ts'
import { ConfigError } from '../../src/config/problems.ts'
import { WITHOUT_EFFECT } from '../../src/config/support/fields.ts'
import { UNSUPPORTED } from '../../src/config/support/unsupported.ts'

const JWT_SOURCES = { JWT_PUBLIC_KEY_URL: 'https://idp.test/jwks', JWT_AUDIENCE: 'tollgate' }
const ROW = { model_name: 'm', litellm_params: { model: 'ollama/x' } }

/** A value that asks for something, whatever the field. */
function valueFor(path: string): unknown {
  if (path.endsWith('callbacks[]')) return 'presidio'
  if (path.endsWith('optional_pre_call_checks')) return ['enforce_model_rate_limits']
  return 'something'
}

/** A config with this one field set; `[]` becomes the only item. */
function configWith(path: string, value: unknown, ignored: string[] = []): string {
  const root: Record<string, unknown> = { model_list: [structuredClone(ROW)] }
  if (ignored.length > 0) root.general_settings = { ignore_unsupported: ignored }
  const keys = path.replaceAll('[]', '.0').split('.')
  let at: Record<string, unknown> = root
  for (const [i, key] of keys.slice(0, -1).entries()) {
    at[key] ??= keys[i + 1] === '0' ? [] : {}
    at = at[key] as Record<string, unknown>
  }
  at[keys.at(-1) ?? ''] = value
  return stringify(root)
}

function outcome(yaml: string): { problems: readonly string[]; warnings: readonly string[] } {
  try {
    return { problems: [], warnings: parseConfig(yaml, JWT_SOURCES).warnings }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { problems: error.problems, warnings: [] }
  }
}

const at = (path: string) => path.replaceAll('[]', '[0]')

describe('a field that limits or protects and is not enforced', () => {
  it('is listed once', () => {
    expect(new Set(UNSUPPORTED.map(({ path }) => path)).size).toBe(UNSUPPORTED.length)
  })

  it.each(UNSUPPORTED.map(({ path, reason }) => [path, reason] as const))(
    '%s is refused, unless it is ignored',
    (path, reason) => {
      expect(outcome(configWith(path, valueFor(path)))).toEqual({
        problems: [
          `${at(path)}: not supported, ${reason}; to start without it, add "${path}" to general_settings.ignore_unsupported`,
        ],
        warnings: [],
      })
      for (const ignored of new Set([path, at(path)])) {
        const { problems, warnings } = outcome(configWith(path, valueFor(path), [ignored]))
        expect(problems).toEqual([])
        expect(warnings).toHaveLength(1)
        expect(warnings[0]).toContain('is not enforced, as general_settings.ignore_unsupported')
      }
    },
  )

  it.each<[string, unknown]>([
    ['general_settings.enable_jwt_auth', false],
    ['general_settings.enable_jwt_auth', 'no'],
    ['general_settings.allowed_ips', null],
    ['general_settings.pass_through_endpoints', []],
    ['general_settings.token_rate_limit_type', 'total'],
    ['litellm_settings.upperbound_key_generate_params', {}],
    ['router_settings.optional_pre_call_checks', ['prompt_caching']],
    ['guardrails', []],
    ['model_list[].model_info.access_groups', []],
  ])('%s may ask for nothing: %j', (path, value) => {
    expect(outcome(configWith(path, value))).toEqual({ problems: [], warnings: [] })
  })

  it.each<[string, unknown]>([
    ['litellm_settings.max_budget', 0],
    ['model_list[].litellm_params.rpm', 0],
    ['model_list[].litellm_params.tiered_pricing', 0],
    ['general_settings.allowed_ips', []],
    ['general_settings.allowed_routes', []],
    ['litellm_settings.callbacks', 'my_hooks.handler'],
    ['litellm_settings.callbacks[]', 'my_hooks.handler'],
    ['general_settings.custom_auth', 'os.environ/AUTH'],
    // Not in any list, so that a field of tomorrow's LiteLLM is not waved through.
    ['model_list[].litellm_params.input_cost_per_hologram', 1e-6],
    ['litellm_settings.max_squad_budget', 1],
    ['general_settings.session_tpm_limit', 1],
  ])('%s: %j still asks for something', (path, value) => {
    expect(outcome(configWith(path, value)).problems).toHaveLength(1)
  })

  it('is ignored by its exact path only', () => {
    const ignored = ['litellm_settings', 'litellm_settings.max', 'model_list[1].litellm_params.rpm']
    expect(outcome(configWith('litellm_settings.max_budget', 1, ignored)).problems).toHaveLength(1)
    expect(
      outcome(configWith('model_list[].litellm_params.rpm', 1, ignored)).problems,
    ).toHaveLength(1)
  })
})

describe('a field without effect', () => {
  it('makes a warning', () => {
    const yaml = `
surprise: 1
model_list:
  - { model_name: a, model_inof: {}, litellm_params: { model: ollama/a, max_retries: 1 } }
  - { model_name: b, litellm_params: { model: ollama/b, max_retries: 2 } }
litellm_settings: { cache: true, callbacks: [prometheus, langfuse], success_callback: [s3] }
router_settings: { redis_host: h, num_retries: 2, colour: red }
general_settings: { database_url: "postgres://", ignore_unsupported: [a.b] }`
    expect(outcome(yaml).warnings).toEqual([
      'surprise is not known to Tollgate and has no effect',
      'model_list[0].model_inof is not known to Tollgate and has no effect',
      'model_list[0].litellm_params.max_retries has no effect yet (and 1 more like it)',
      'litellm_settings.cache has no effect yet',
      'litellm_settings.callbacks[1] "langfuse" is not known to Tollgate and has no effect',
      'litellm_settings.success_callback[0] "s3" is not known to Tollgate and has no effect',
      'router_settings.redis_host is not needed: there is no Redis',
      'router_settings.num_retries has no effect yet',
      'router_settings.colour is not known to Tollgate and has no effect',
      'general_settings.database_url is not read: set the secret DATABASE_URL',
      'general_settings.ignore_unsupported: "a.b" is not needed',
    ])
  })

  it.each([...WITHOUT_EFFECT])('%s: %s', (path, note) => {
    expect(outcome(configWith(path, 'something'))).toEqual({
      problems: [],
      warnings: [`${at(path)} ${note}`],
    })
  })
})
