import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env, waitUntil } from 'cloudflare:workers'
import { createApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { makeDeps } from '../../src/deps.ts'
import yaml from '../../config.yaml'
import { type ErrorBody, MASTER } from './worker.ts'

/** The shipped models, and one more that costs the same. */
const OTHER = `model_list:
  - model_name: other
    litellm_params:
      model: openai/other
      mock_response: Hello!
      input_cost_per_token: 0.00000005
      output_cost_per_token: 0.00000015`

/** The shipped config.yaml with some text replaced. */
export function configText(replace: Readonly<Record<string, string>> = {}): string {
  return Object.entries(replace).reduce(
    (text, [from, to]) => text.replace(from, to),
    yaml.replace('model_list:', OTHER),
  )
}

const configOf = (text: string, variables: Readonly<Record<string, string>>) =>
  parseConfig(text, {
    LITELLM_MASTER_KEY: 'sk-1234',
    TOLLGATE_DEV: 'true',
    EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING: 'true',
    ...variables,
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
  readonly json: Readonly<Record<string, unknown>>
}

export interface Isolate {
  /** The answer as it came. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>
  readonly get: (path: string, key: string) => Promise<Outcome>
  readonly chat: (key: string, fields?: object, headers?: HeadersInit) => Promise<Outcome>
  readonly post: (path: string, body: unknown, key?: string) => Promise<Outcome>
}

/** One more isolate of the Worker: caches of its own, the same ledgers, directory and Postgres. */
export function newIsolate(
  config = configText(),
  variables: Readonly<Record<string, string>> = {},
): Isolate {
  const app = createApp(makeDeps({ ...env }, configOf(config, variables), waitUntil))
  const fetch = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const context = createExecutionContext()
    const response = await app.fetch(new Request(`http://isolate.test${path}`, init), env, context)
    const text = await response.text()
    await waitOnExecutionContext(context)
    return new Response(text || null, response)
  }
  const ask = async (path: string, init: RequestInit): Promise<Outcome> => {
    const response = await fetch(path, init)
    return outcomeOf(response, await response.text())
  }
  const send = (path: string, key: string, body: unknown, more: HeadersInit = {}) => {
    const headers = new Headers(more)
    headers.set('authorization', `Bearer ${key}`)
    headers.set('content-type', 'application/json')
    return ask(path, { method: 'POST', headers, body: JSON.stringify(body) })
  }
  return {
    fetch,
    get: (path, key) => ask(path, { headers: { authorization: `Bearer ${key}` } }),
    chat: (key, fields = {}, headers = {}) => {
      const messages = [{ role: 'user', content: 'hi' }]
      return send('/chat/completions', key, { model: 'llama3', messages, ...fields }, headers)
    },
    post: (path, body, key = MASTER) => send(path, key, body),
  }
}

function outcomeOf({ status, headers }: Response, text: string): Outcome {
  const json = JSON.parse(text) as Partial<ErrorBody> & Record<string, unknown>
  const told = ['refused-by', 'reason'].map((name) => headers.get(`x-tollgate-${name}`))
  const why = told.filter((word) => word !== null).join(':')
  return { status, headers, message: json.error?.message ?? '', text, why, json }
}
