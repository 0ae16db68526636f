import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { csrf } from 'hono/csrf'
import { secureHeaders } from 'hono/secure-headers'
import { callerWithHash } from '../callers.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from '../http.ts'
import { ACCESS_HEADER, accessCaller } from './access.ts'
import { Api, ApiProblem, type Front } from './api.ts'
import { assetRoutes } from './assets.ts'
import { budgetPages } from './budget/routes.ts'
import { type ApiOf, keyPages } from './key/routes.ts'
import { listPages } from './lists/routes.ts'
import { logPages } from './log/routes.ts'
import { overviewPages } from './overview/routes.ts'
import { Problem } from './problem.tsx'
import { sessionCaller, signIn, signOut } from './session.ts'
import { SignIn } from './sign-in.tsx'
import type { Signed } from './signed.ts'
import { teamPages } from './team/routes.ts'
import { testKeyPages } from './test-key/routes.ts'
import { userPages } from './user/routes.ts'
import { viewerOf } from './viewer.ts'

const KEY_MAX_LENGTH = 512
const BODY_MAX_BYTES = 1024 * 1024
const NOT_KNOWN = 'Nobody has this key.'

/** `/ui`: the admin pages, for people. */
export function uiRoutes(deps: Deps, front: Front): Hono<Signed> {
  const app = new Hono<Signed>()
  const apiOf: ApiOf = async (c, hash) => {
    const caller = await callerWithHash(deps, c, hash)
    return caller && new Api(front, c, caller)
  }
  app.onError(showProblem)
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      referrerPolicy: 'same-origin',
    }),
  )
  app.use(csrf())
  app.use(bodyLimit({ maxSize: BODY_MAX_BYTES, onError: tooLarge }))
  app.route('/assets', assetRoutes())
  app.use(async (c, next) => {
    c.header('cache-control', 'no-store')
    await next()
  })
  app.get('/sign-in', (c) => c.html(SignIn({ problem: null })))
  app.post('/sign-in', (c) => enter(deps, c))
  app.post('/sign-out', async (c) => {
    await signOut(deps, c)
    // Whom Cloudflare Access vouches for would be back at once.
    const isVouchedFor = deps.accessKeys !== null && c.req.header(ACCESS_HEADER) !== undefined
    return c.redirect(isVouchedFor ? '/cdn-cgi/access/logout' : '/ui/sign-in', 303)
  })
  app.use(async (c, next) => {
    // Who signed in with a key has chosen whom to be.
    const caller = (await sessionCaller(deps, c)) ?? (await accessCaller(deps, c))
    if (!caller) return c.redirect('/ui/sign-in', 303)
    c.set('api', new Api(front, c, caller))
    c.set('viewer', await viewerOf(deps, c, caller))
    await next()
  })
  app.route('/', overviewPages())
  app.route('/', teamPages())
  app.route('/', keyPages(apiOf))
  app.route('/', testKeyPages(apiOf))
  app.route('/', logPages())
  app.route('/', userPages())
  app.route('/', budgetPages())
  app.route('/', listPages())
  app.all('*', () => {
    throw new ApiProblem(404, 'There is no such page.', null)
  })
  return app
}

function showProblem(error: Error, c: Context<Signed>): Response | Promise<Response> {
  const { status, message } = told(error)
  const viewer = c.get('viewer') ?? null
  const title = status === 404 ? 'Not found' : status < 500 ? 'Not allowed' : 'Not now'
  return c.html(Problem({ title, message, viewer }), status as 400)
}

async function enter(deps: Deps, c: Context): Promise<Response> {
  const { key } = await c.req.parseBody()
  const given = typeof key === 'string' ? key.trim().slice(0, KEY_MAX_LENGTH) : ''
  try {
    if (await signIn(deps, c, given)) return c.redirect('/ui', 303)
    return c.html(SignIn({ problem: NOT_KNOWN }), 401)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return c.html(SignIn({ problem: error.message }), error.status as 401)
  }
}

function told(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof ApiProblem || error instanceof ApiError) return error
  const status = (error as { status?: unknown }).status
  if (status === 403) return { status, message: 'This form was sent from another place.' }
  throw error
}

function tooLarge(): never {
  throw new ApiProblem(413, 'This form is too large.', null)
}
