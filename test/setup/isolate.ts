import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env, waitUntil } from 'cloudflare:workers'
import { createApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { makeDeps } from '../../src/deps.ts'
import yaml from '../../config.yaml'
import type { ErrorBody } from './worker.ts'

/** The shipped models, and one more that costs the same. */
const OTHER = `model_list:
  - model_name: other
    litellm_params:
      model: openai/other
      mock_response: Hello!
      input_cost_per_token: 0.00000005
      output_cost_per_token: 0.00000015`

const configOf = (text: string) =>
  parseConfig(text, {
    LITELLM_MASTER_KEY: 'sk-1234',
    EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING: 'true',
  }).config

/** A whole answer, read before the next request begins. */
export interface Outcome {
  readonly status: number
  readonly headers: Headers
  readonly message: string
  /** The body as it came. */
  readonly text: string
  /** Who refused it and why, or nothing. */
  readonly why: string
}

export interface Isolate {
  readonly get: (path: string, key: string) => Promise<Outcome>
  readonly chat: (key: string, fields?: object) => Promise<Outcome>
}

/** One more isolate of the Worker: caches of its own, the same ledgers, directory and Postgres. */
export function newIsolate(configText = yaml.replace('model_list:', OTHER)): Isolate {
  const app = createApp(makeDeps({ ...env }, configOf(configText), waitUntil))
  const ask = async (path: string, init: RequestInit): Promise<Outcome> => {
    const context = createExecutionContext()
    const response = await app.fetch(new Request(`http://isolate.test${path}`, init), env, context)
    const text = await response.text()
    await waitOnExecutionContext(context)
    return outcomeOf(response, text)
  }
  return {
    get: (path, key) => ask(path, { headers: { authorization: `Bearer ${key}` } }),
    chat: (key, fields = {}) => {
      const messages = [{ role: 'user', content: 'hi' }]
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const body = JSON.stringify({ model: 'llama3', messages, ...fields })
      return ask('/chat/completions', { method: 'POST', headers, body })
    },
  }
}

function outcomeOf({ status, headers }: Response, text: string): Outcome {
  const { error } = JSON.parse(text) as Partial<ErrorBody>
  const told = ['refused-by', 'reason'].map((name) => headers.get(`x-tollgate-${name}`))
  const why = told.filter((word) => word !== null).join(':')
  return { status, headers, message: error?.message ?? '', text, why }
}
