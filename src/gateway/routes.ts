import { type Context, Hono } from 'hono'
import type { Caller } from '../auth/caller.ts'
import { listModels } from '../config/models.ts'
import { notFound } from '../errors.ts'
import { callerOf, type Deps, identify } from '../http.ts'
import { isAllowed } from './access.ts'
import { admit, type LlmRequest } from './admit.ts'
import { readBytes, readLlmBody } from './body.ts'
import { type Endpoint, ENDPOINTS } from './endpoints.ts'
import { exchange } from './exchange.ts'
import { headerSafe } from './headers.ts'

const CALL_ID_MAX_LENGTH = 256
/** What LiteLLM and OpenAI print for a model whose birthday nobody knows. */
const MODEL_CREATED_S = 1_677_610_602

/** The calls that apps make, each with and without `/v1`. */
export function gatewayRoutes(deps: Deps): Hono {
  const app = new Hono()
  for (const prefix of ['', '/v1']) {
    for (const endpoint of ENDPOINTS) {
      app.post(prefix + endpoint.path, (c) => relay(deps, c, endpoint))
    }
    app.get(`${prefix}/models`, async (c) => {
      return c.json({ data: await models(deps, c), object: 'list' })
    })
    app.get(`${prefix}/models/:id{.+}`, async (c) => {
      const id = c.req.param('id')
      const known = (await models(deps, c)).find((model) => model.id === id)
      if (!known) throw notFound(`The model '${id.slice(0, 256)}' does not exist`, 'model')
      return c.json(known)
    })
  }
  return app
}

async function relay(deps: Deps, c: Context, endpoint: Endpoint): Promise<Response> {
  const request = c.req.raw
  const caller = await identify(deps, c)
  const bytes = await readBytes(request, deps.config.settings.maxRequestBytes)
  const callId = request.headers.get('x-litellm-call-id')?.slice(0, CALL_ID_MAX_LENGTH)
  const { promise: answered, resolve, reject } = Promise.withResolvers<Response>()
  const work = perform(
    deps,
    {
      caller,
      callId: callId ? headerSafe(callId) : crypto.randomUUID(),
      endpoint,
      body: readLlmBody(bytes, endpoint),
      clientSignal: request.signal,
    },
    resolve,
  )
  // One promise, alive before money is held: a client that leaves now is still settled.
  c.executionCtx.waitUntil(work.catch(reject))
  return answered
}

async function perform(
  { config, ledgerOf, keyCache }: Deps,
  request: LlmRequest,
  respond: (response: Response) => void,
): Promise<void> {
  const remember = (caller: Caller): void => {
    if (caller.kind === 'key') keyCache.set(caller.hash, caller.record, Date.now())
  }
  const deps = { config, ledgerOf, remember, nowMs: Date.now }
  const { call, admission } = await admit(deps, request)
  await exchange(call, admission, respond)
}

async function models(deps: Deps, c: Context) {
  const caller = await callerOf(deps, c)
  const rows = caller.kind === 'key' ? [caller.record.key, caller.record.account] : []
  const names = listModels(deps.config).filter((name) =>
    rows.every((row) => isAllowed(row.models, name)),
  )
  return names.map((id) => ({ id, object: 'model', created: MODEL_CREATED_S, owned_by: 'openai' }))
}
