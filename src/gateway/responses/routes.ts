import { type Context, Hono } from 'hono'
import { callerOf } from '../../callers.ts'
import type { Deployment } from '../../config/config.ts'
import { ApiError, badRequest } from '../../errors.ts'
import type { Deps } from '../../http.ts'
import { describe, log } from '../../log.ts'
import { badGateway } from '../relay/attempt.ts'
import { Deadline } from '../relay/deadline.ts'
import { readLimited } from '../relay/whole.ts'
import { deploymentOf, noResponse } from './owner.ts'

const ANSWER_MAX_BYTES = 48 * 1024 * 1024
const QUERY = new Set([
  'include',
  'include[]',
  'limit',
  'order',
  'after',
  'before',
  'starting_after',
])

/** What is done with a response once it is made. Free: nothing is held, and nothing is booked. */
export function responsesRoutes(deps: Deps): Hono {
  const app = new Hono()
  for (const prefix of ['', '/v1']) {
    const path = `${prefix}/responses/:id`
    app.get(path, (c) => pass(deps, c, ''))
    app.delete(path, (c) => pass(deps, c, ''))
    app.get(`${path}/input_items`, (c) => pass(deps, c, '/input_items'))
    app.post(`${path}/cancel`, (c) => pass(deps, c, '/cancel'))
  }
  return app
}

async function pass(deps: Deps, c: Context, below: '' | '/input_items' | '/cancel') {
  const caller = await callerOf(deps, c)
  const id = c.req.param('id') ?? ''
  if (c.req.query('stream') === 'true') {
    throw badRequest('stream: not supported here, expected false', 'stream')
  }
  const deployment = await deploymentOf(deps, caller, id)
  // A mocked answer is kept nowhere.
  if (!deployment || deployment.mockResponse !== null) throw noResponse(id)
  const path = `/responses/${id}${below}${queryOf(c.req.url)}`
  return relay(deployment, { method: c.req.method, path, client: c.req.raw.signal })
}

function queryOf(url: string): string {
  const { searchParams } = new URL(url)
  const known = [...searchParams].filter(([name]) => QUERY.has(name))
  return known.length > 0 ? `?${new URLSearchParams(known).toString()}` : ''
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly client: AbortSignal
}

/** The provider's status and JSON, and nothing else of it. */
async function relay(deployment: Deployment, { method, path, client }: Asked): Promise<Response> {
  const { apiBase, apiKey, timeoutMs } = deployment
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'tollgate' }
  if (apiKey !== null) headers['authorization'] = `Bearer ${apiKey}`
  const deadline = new Deadline(client)
  try {
    const init = { method, headers, redirect: 'manual', signal: deadline.signal } as const
    const upstream = await deadline.within(timeoutMs, fetch(apiBase + path, init))
    const limits = { maxBytes: ANSWER_MAX_BYTES, silenceMs: timeoutMs }
    const { bytes, isWhole } = await readLimited(deadline, upstream, limits)
    const type = upstream.headers.get('content-type') ?? ''
    const isAnswer = upstream.ok || (upstream.status >= 400 && upstream.status <= 599)
    if (!isWhole || !isAnswer || (bytes.length > 0 && !/\bjson\b/i.test(type))) {
      throw badGateway(`The provider answered ${upstream.status}, and not with JSON.`)
    }
    if (bytes.length === 0) return new Response(null, { status: upstream.status })
    return new Response(bytes, { status: upstream.status, headers: { 'content-type': type } })
  } catch (error) {
    if (error instanceof ApiError) throw error
    log('warn', 'provider_unreachable', { model: deployment.id, error: describe(error) })
    if (deadline.cut === 'timeout') {
      const message = `The provider did not answer within ${timeoutMs / 1_000} s.`
      throw new ApiError(504, message, { type: 'timeout', param: null })
    }
    throw badGateway('The provider could not be reached, or broke off its answer.')
  } finally {
    deadline.stop()
  }
}
