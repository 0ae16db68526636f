import { exports } from 'cloudflare:workers'

/** A request through the Worker's front door; bodies are sent as JSON. */
export async function call(
  method: string,
  path: string,
  options: { readonly key?: string; readonly body?: unknown; readonly headers?: HeadersInit } = {},
): Promise<Response> {
  const headers = new Headers(options.headers)
  if (options.key !== undefined) headers.set('authorization', `Bearer ${options.key}`)
  const init: RequestInit = { method, headers }
  if (options.body !== undefined) {
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
    init.body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
  }
  return exports.default.fetch(new Request(`http://tollgate.test${path}`, init))
}

export const MASTER = 'sk-1234'

export interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string | number
  }
}

export async function post<T>(path: string, body: unknown, key = MASTER): Promise<T> {
  const response = await call('POST', path, { key, body })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.json<T>()
}

export async function get<T>(path: string, key = MASTER): Promise<T> {
  const response = await call('GET', path, { key })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.json<T>()
}

export interface Team {
  readonly team_id: string
  readonly spend: number
  readonly max_budget: number | null
  readonly budget_reset_at: string | null
}

/** A tenant of the test's own. */
export async function newTeam(fields: object = {}): Promise<Team> {
  return post<Team>('/team/new', fields)
}

export async function newKey(fields: object = {}): Promise<string> {
  return (await post<{ key: string }>('/key/generate', fields)).key
}

export function chat(key: string, fields: object = {}): Promise<Response> {
  const messages = [{ role: 'user', content: 'hi' }]
  return call('POST', '/chat/completions', { key, body: { model: 'llama3', messages, ...fields } })
}
