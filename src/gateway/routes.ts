import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import { isModelAllowed } from '../auth/jwt/scopes.ts'
import { notFound } from '../errors.ts'
import { callerOf, identify, refetchCaller } from '../callers.ts'
import { type Deps, query } from '../http.ts'
import { admit, type AdmitDeps } from './admit.ts'
import { readBytes, readLlmBody } from './body.ts'
import { dryRun } from './dry-run.ts'
import { countTokens } from './count-tokens.ts'
import { type Endpoint, ENDPOINTS, MESSAGES } from './endpoints.ts'
import { exchange } from './exchange.ts'
import { headerSafe } from './headers.ts'
import { callableModels, callablePatterns } from './models.ts'
import type { LlmRequest } from './prepare.ts'
import { checkResponsesBody, previousDeployment } from './responses/create.ts'
import { responsesRoutes } from './responses/routes.ts'
import { ModelsQuery, rowsFor } from './team-models.ts'

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
    app.post(`${prefix}/messages/count_tokens`, async (c) =>
      countTokens(admitDeps(deps, c), await readCall(deps, c, MESSAGES)),
    )
    app.get(`${prefix}/models`, query(ModelsQuery), async (c) => {
      return c.json({ data: await models(deps, c, c.req.valid('query')), object: 'list' })
    })
    app.get(`${prefix}/models/:id{.+}`, async (c) => {
      const id = c.req.param('id')
      const known = (await models(deps, c)).find((model) => model.id === id)
      if (!known) throw notFound(`The model '${id.slice(0, 256)}' does not exist`, 'model')
      return c.json(known)
    })
  }
  app.route('/', responsesRoutes(deps))
  return app
}

async function relay(deps: Deps, c: Context, endpoint: Endpoint): Promise<Response> {
  const asked = await readCall(deps, c, endpoint)
  const admitting = admitDeps(deps, c)
  if (c.req.header('x-tollgate-dry-run')?.toLowerCase() === 'true') {
    return Response.json(await dryRun(admitting, asked), {
      headers: { 'x-litellm-call-id': asked.callId },
    })
  }
  const { promise: answered, resolve, reject } = Promise.withResolvers<Response>()
  // One promise, alive before money is held: a client that leaves now is still settled.
  c.executionCtx.waitUntil(perform(admitting, asked, resolve).catch(reject))
  return answered
}

/** Who asks for what. */
async function readCall(deps: Deps, c: Context, endpoint: Endpoint): Promise<LlmRequest> {
  const request = c.req.raw
  const read = once(async () =>
    readLlmBody(await readBytes(request, deps.config.settings.maxRequestBytes), endpoint),
  )
  const caller = await identify(deps, c, async () => (await read()).model)
  const callId = request.headers.get('x-litellm-call-id')?.slice(0, CALL_ID_MAX_LENGTH)
  const body = await read()
  const isResponse = endpoint.path === '/responses'
  if (isResponse) checkResponsesBody(body)
  return {
    caller,
    callId: callId ? headerSafe(callId) : crypto.randomUUID(),
    endpoint,
    body,
    previous: isResponse ? await previousDeployment(deps, caller, body) : null,
    headers: request.headers,
    clientSignal: request.signal,
  }
}

/** A body can be read once only. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let work: Promise<T> | undefined
  return () => (work ??= read())
}

async function perform(
  deps: AdmitDeps,
  request: LlmRequest,
  respond: (response: Response) => void,
): Promise<void> {
  const { call, admission } = await admit(deps, request)
  await exchange(call, admission, respond)
}

function admitDeps(deps: Deps, c: Context): AdmitDeps {
  const { config, ledgerOf, keyCache } = deps
  return {
    config,
    ledgerOf,
    remember: (caller) => {
      if (caller.kind === 'admin') keyCache.adminAccount = caller.account ?? null
      else keyCache.amend(caller.hash, caller.record, Date.now())
    },
    refetch: (caller) => refetchCaller(deps, c, caller),
    nowMs: Date.now,
  }
}

/** The models that every row of the caller lets through. */
async function models(deps: Deps, c: Context, asked: Partial<z.infer<typeof ModelsQuery>> = {}) {
  const { team_id: teamId, return_wildcard_routes: withPatterns, include_metadata: isWhole } = asked
  const caller = await callerOf(deps, c)
  const rows = await rowsFor(deps, { caller, teamId, path: c.req.path })
  const patterns = withPatterns ? callablePatterns(deps.config, rows) : []
  const scoped = caller.kind === 'jwt' ? caller.models : null
  const ids = [...callableModels(deps.config, rows), ...patterns]
  return ids
    .filter((id) => isModelAllowed(scoped, id))
    .map((id) => ({
      id,
      object: 'model',
      created: MODEL_CREATED_S,
      owned_by: 'openai',
      ...(isWhole && { metadata: { fallbacks: [] } }),
    }))
}
