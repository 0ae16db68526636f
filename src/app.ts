import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { isDatabaseDown } from './db/failures.ts'
import { ApiError, notFound, unavailable } from './errors.ts'
import { speaksAnthropic } from './gateway/endpoints.ts'
import { memberRatesWatch } from './gateway/member-rates.ts'
import { gatewayRoutes } from './gateway/routes.ts'
import { healthRoutes } from './health.ts'
import { describe, log } from './log.ts'
import { activityRoutes } from './management/activity/routes.ts'
import { auditRoutes } from './management/audit/routes.ts'
import { budgetRoutes } from './management/budget/routes.ts'
import { customerRoutes } from './management/customer/routes.ts'
import { globalRoutes } from './management/global/routes.ts'
import { severalKeysRoutes } from './management/key/list/routes.ts'
import { keyRoutes } from './management/key/routes.ts'
import { modelRoutes } from './management/model/routes.ts'
import { spendRoutes } from './management/spend/routes.ts'
import { teamPageRoutes, teamRoutes } from './management/team/routes.ts'
import { userRoutes, userRoutesV2 } from './management/user/routes.ts'
import { openapiRoutes } from './openapi/routes.ts'
import { type MetricsDeps, metricsRoutes } from './metrics/routes.ts'
import type { PriceFileFollower } from './pricing/file/follower.ts'
import { uiRoutes } from './ui/routes.ts'
import { anthropicError } from './upstream/messages/errors.ts'

const MANAGEMENT_BODY_MAX_BYTES = 1024 * 1024

/** Where admins send bodies. */
const ROOMS = [
  '/team',
  '/key',
  '/v2/key',
  '/budget',
  '/user',
  '/customer',
  '/end_user',
  '/spend',
] as const

export interface AppDeps extends MetricsDeps {
  /** Why this Worker must not serve yet; null: it may. */
  readonly refusesToServe: string | null
  /** Null: there is no price file. */
  readonly priceFile: PriceFileFollower | null
}

/** The HTTP map: middleware in order, then every route, then what was not found. */
export function createApp(deps: AppDeps): Hono {
  const app = new Hono()
  app.onError((error, c) => answer(translate(error), c))
  app.notFound((c) => {
    throw unknownRoute(app, c)
  })
  const withCors = cors({ origin: '*', exposeHeaders: ['*'] })
  // The admin pages are for their own site.
  app.use((c, next) => (/^\/ui(?:\/|$)/.test(c.req.path) ? next() : withCors(c, next)))
  const watchMemberRates = memberRatesWatch(deps)
  app.use(async (c, next) => {
    watchMemberRates((work) => c.executionCtx.waitUntil(work))
    await next()
  })
  app.route('/health', healthRoutes(deps))
  app.use(async (_c, next) => {
    if (deps.refusesToServe !== null) throw unavailable(deps.refusesToServe, 60)
    await next()
  })
  app.use(async (c, next) => {
    await deps.priceFile?.follow(Date.now(), (work) => c.executionCtx.waitUntil(work))
    await next()
  })
  app.get('/', (c) =>
    c.json({ name: 'Tollgate', health: '/health/readiness', models: '/v1/models' }),
  )
  app.route('/', gatewayRoutes(deps))
  app.route('/', metricsRoutes(deps))
  for (const room of ROOMS) app.use(`${room}/*`, managementBody)
  app.route('/', activityRoutes(deps))
  app.route('/team', teamRoutes(deps))
  app.route('/v2/team', teamPageRoutes(deps))
  app.route('/key', keyRoutes(deps))
  app.route('/v2/key', severalKeysRoutes(deps))
  app.route('/budget', budgetRoutes(deps))
  app.route('/user', userRoutes(deps))
  app.route('/v2/user', userRoutesV2(deps))
  app.route('/', modelRoutes(deps))
  for (const room of ['/customer', '/end_user']) app.route(room, customerRoutes(deps))
  app.route('/spend', spendRoutes(deps))
  app.route('/global', globalRoutes(deps))
  app.route('/audit', auditRoutes(deps))
  app.route('/', openapiRoutes(app))
  app.route(
    '/ui',
    uiRoutes(deps, (request, env, c) => app.fetch(request, env, c.executionCtx)),
  )
  return app
}

const limitBody = bodyLimit({
  maxSize: MANAGEMENT_BODY_MAX_BYTES,
  onError: () => {
    const message = `Request body too large: the limit is ${MANAGEMENT_BODY_MAX_BYTES} bytes`
    throw new ApiError(413, message, { type: 'invalid_request_error', param: 'request_body' })
  },
})

/** A body that is no JSON is refused before anything reads it. */
async function managementBody(c: Context, next: () => Promise<void>): Promise<Response | void> {
  const type = c.req.header('content-type') ?? ''
  if (c.req.method === 'POST' && !/^application\/json\b/i.test(type)) {
    throw new ApiError(
      415,
      `Content-Type must be application/json, got ${type.slice(0, 100) || 'none'}`,
      {
        type: 'invalid_request_error',
        param: 'content-type',
      },
    )
  }
  return limitBody(c, next)
}

/** The one place where failures become answers; what nobody foresaw tells the caller nothing. */
function translate(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof HTTPException) {
    const message = error.status === 400 ? `Invalid JSON payload: ${error.message}` : error.message
    return new ApiError(error.status, message, {
      type: 'invalid_request_error',
      param: 'request_body',
    })
  }
  log('error', 'request_failed', { error: describe(error) })
  if (isDatabaseDown(error)) {
    return unavailable('The database cannot be reached right now. Please try again.', 2)
  }
  return new ApiError(500, 'Internal server error', { type: 'internal_server_error', param: null })
}

function answer(error: ApiError, c: Context): Response {
  const headers = { ...error.headers, 'content-type': 'application/json' }
  const told = speaksAnthropic(c.req.path) ? anthropicError(error) : error
  return c.body(JSON.stringify(told), { status: error.status as 400, headers })
}

/** 404, or 405 if another method would have been right. */
function unknownRoute(app: Hono, c: Context): ApiError {
  const allowed = app.routes
    .filter(({ method, path }) => method !== 'ALL' && path === c.req.path)
    .map(({ method }) => method)
  const methods = [...new Set(allowed)]
  if (methods.length === 0) return notFound(`Not Found: no route ${c.req.path.slice(0, 200)}`)
  return new ApiError(405, `Method Not Allowed: ${c.req.path} takes ${methods.join(', ')}`, {
    type: 'invalid_request_error',
    param: null,
    headers: { allow: methods.join(', ') },
  })
}
