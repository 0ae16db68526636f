import { type Context, Hono } from 'hono'
import { csrf } from 'hono/csrf'
import { secureHeaders } from 'hono/secure-headers'
import { actorOf, isAdmin } from '../auth/actor.ts'
import type { Caller } from '../auth/caller.ts'
import { callerWithHash } from '../callers.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from '../http.ts'
import { Api, ApiProblem, type Front } from './api.ts'
import { LIVE_SCRIPT } from './assets/live.ts'
import { STYLE } from './assets/style.ts'
import { TEST_KEY_SCRIPT } from './assets/test-key.ts'
import { type ApiOf, keyPages } from './key-routes.ts'
import { Problem } from './pages/problem.tsx'
import { SignIn } from './pages/sign-in.tsx'
import type { Viewer } from './parts/page.tsx'
import { sessionCaller, signIn, signOut } from './session.ts'
import { listPages } from './list-routes.ts'
import { teamPages } from './team-routes.ts'

/** What the pages of somebody who is signed in have at hand. */
export interface Signed {
  readonly Variables: { readonly api: Api; readonly viewer: Viewer }
}

const KEY_MAX_LENGTH = 512
const NOT_KNOWN = 'Nobody has this key.'

/** `/ui`: the admin pages, for people. */
export function uiRoutes(deps: Deps, front: Front): Hono<Signed> {
  const app = new Hono<Signed>()
  const apiOf: ApiOf = async (c, hash) => {
    const caller = await callerWithHash(deps, c, hash)
    return caller && new Api(front, c, caller)
  }
  app.onError((error, c) => {
    const { status, message } = told(error)
    const viewer = c.get('viewer') ?? null
    const title = status === 404 ? 'Not found' : status < 500 ? 'Not allowed' : 'Not now'
    return c.html(Problem({ title, message, viewer }), status as 400)
  })
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
  app.get('/assets/style.css', (c) => asset(c, STYLE, 'text/css'))
  app.get('/assets/live.js', (c) => asset(c, LIVE_SCRIPT, 'text/javascript'))
  app.get('/assets/test-key.js', (c) => asset(c, TEST_KEY_SCRIPT, 'text/javascript'))
  app.use(async (c, next) => {
    c.header('cache-control', 'no-store')
    await next()
  })
  app.get('/sign-in', (c) => c.html(SignIn({ problem: null })))
  app.post('/sign-in', (c) => enter(deps, c))
  app.post('/sign-out', async (c) => {
    await signOut(deps, c)
    return c.redirect('/ui/sign-in', 303)
  })
  app.use(async (c, next) => {
    const caller = await sessionCaller(deps, c)
    if (!caller) return c.redirect('/ui/sign-in', 303)
    c.set('api', new Api(front, c, caller))
    c.set('viewer', await viewerOf(deps, c, caller))
    await next()
  })
  app.route('/', listPages())
  app.route('/', teamPages())
  app.route('/', keyPages(apiOf))
  app.all('*', () => {
    throw new ApiProblem(404, 'There is no such page.', null)
  })
  return app
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

/** As the admin API knows them, read from Postgres now. Throws 401 for a key that has ended. */
async function viewerOf({ db }: Deps, c: Context, caller: Caller): Promise<Viewer> {
  if (caller.kind === 'admin') return { name: 'master key', isAdmin: true }
  const actor = await actorOf(db, caller, { path: c.req.path, nowMs: Date.now() })
  return { name: caller.record.alias ?? caller.record.name, isAdmin: isAdmin(actor) }
}

function told(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof ApiProblem || error instanceof ApiError) return error
  const status = (error as { status?: unknown }).status
  if (status === 403) return { status, message: 'This form was sent from another place.' }
  throw error
}

function asset(c: Context, text: string, type: string): Response {
  return c.body(text, 200, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'public, max-age=300',
  })
}
