import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectError } from './expect-error.ts'
import { HI, MASTER_KEY, startGateway } from './gateway.ts'
import type { Ask, Gateway } from './gateway.ts'
import { scriptedConfig, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const CHAT = '/v1/chat/completions'
const CALL = { model: 'script/gpt', messages: HI }

let stack: Stack
let key: string

beforeAll(async () => {
  stack = await startStack()
  key = (await stack.tenant({ max_budget: 1 })).key
})
afterAll(() => stack.close())

/** A deployed Worker calls no private address unless it is listed. */
function allowing(yaml: string): string {
  return yaml.replace(
    'general_settings:',
    'general_settings:\n  allowed_api_base_hosts: [127.0.0.1]',
  )
}

async function deployed(
  env: Record<string, string>,
  check: (gateway: Gateway) => Promise<void>,
  configYaml = scriptedConfig(stack.provider.baseUrl),
): Promise<void> {
  const gateway = await startGateway({
    database: stack.database,
    configYaml: allowing(configYaml),
    env: { TOLLGATE_DEV: '', ...env },
  })
  try {
    await check(gateway)
  } finally {
    await gateway.stop()
  }
}

describe('a deployed Worker', () => {
  it.each([
    ['with the example master key', MASTER_KEY, 'example master key'],
    ['without a master key', '', 'no master key'],
  ])('%s serves nothing but its health', async (_what, secret, words) => {
    await deployed({ LITELLM_MASTER_KEY: secret }, async ({ http }) => {
      for (const [path, ask] of [
        ['/', {}],
        ['/metrics', {}],
        ['/v1/models', { key }],
        ['/team/list', {}],
        ['/team/list', { key: '' }],
        ['/team/new', { body: {} }],
        ['/key/generate', { body: {} }],
        [CHAT, { key, body: CALL }],
        [CHAT, { key, body: { ...CALL, stream: true } }],
        ['/nowhere', {}],
      ] satisfies [string, Ask][]) {
        const answer = await http(path, ask)
        expectError(answer, 503, {
          message: expect.stringContaining(words),
          type: 'service_unavailable',
          param: null,
        })
        expect(answer.headers.get('retry-after')).toBeTruthy()
      }
      expect((await http('/health/liveliness', { key: null })).status).toBe(200)
      expect((await http('/health/readiness', { key: null })).status).toBe(200)
    })
  })

  it('with a secret of its own serves, its metrics only to those who hold one', async () => {
    const env = { LITELLM_MASTER_KEY: 'sk-of-the-operator', METRICS_TOKEN: 'scrape-me' }
    await deployed(env, async ({ http }) => {
      expect((await http('/metrics', { key: 'scrape-me' })).status).toBe(200)
      expect((await http('/metrics', { key: 'sk-of-the-operator' })).status).toBe(200)
      for (const nobody of [null, '', MASTER_KEY, key, 'scrape']) {
        expectError(await http('/metrics', { key: nobody }), 401, { message: expect.any(String) })
      }
      expect((await http('/team/list', { key: 'sk-of-the-operator' })).status).toBe(200)
      expect((await http('/team/list', { key: 'scrape-me' })).status).toBe(401)
      expect((await http(CHAT, { key: 'scrape-me', body: CALL })).status).toBe(401)
      expect((await http('/team/list', { key: MASTER_KEY })).status).toBe(401)
    })
  })

  it('shows metrics to all only if its configuration says so', async () => {
    const configYaml = scriptedConfig(stack.provider.baseUrl).replace(
      'litellm_settings:',
      'litellm_settings:\n  require_auth_for_metrics_endpoint: false',
    )
    await deployed(
      { LITELLM_MASTER_KEY: 'sk-of-the-operator' },
      async ({ http }) => expect((await http('/metrics', { key: null })).status).toBe(200),
      configYaml,
    )
  })

  it('has no metrics without the prometheus callback', async () => {
    const configYaml = scriptedConfig(stack.provider.baseUrl).replace(
      "callbacks: ['prometheus']",
      'callbacks: []',
    )
    await deployed(
      { LITELLM_MASTER_KEY: 'sk-of-the-operator' },
      async ({ http }) => {
        for (const asker of [null, 'sk-of-the-operator']) {
          expectError(await http('/metrics', { key: asker }), 404, { message: expect.any(String) })
        }
        expect((await http('/health/readiness')).json).toMatchObject({ success_callbacks: [] })
      },
      configYaml,
    )
  })
})
