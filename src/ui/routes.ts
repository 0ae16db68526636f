import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { csrf } from 'hono/csrf'
import { secureHeaders } from 'hono/secure-headers'
import { callerWithHash } from '../callers.ts'
import type { Deps } from '../http.ts'
import { Api, ApiProblem, type Front } from './api.ts'
import { assetRoutes } from './assets.ts'
import { budgetPages } from './budget/routes.ts'
import { type ApiOf, keyPages } from './key/routes.ts'
import { listPages } from './lists/routes.ts'
import { logPages } from './log/routes.ts'
import { overviewPages } from './overview/routes.ts'
import { showProblem } from './problem.tsx'
import { accessCaller } from './sign-in/access.ts'
import { signInPages, toSignIn } from './sign-in/routes.ts'
import { sessionCaller } from './sign-in/session.ts'
import type { Signed } from './signed.ts'
import { teamPages } from './team/routes.ts'
import { testKeyPages } from './test-key/routes.ts'
import { userPages } from './user/routes.ts'
import { viewerOf } from './viewer.ts'

const BODY_MAX_BYTES = 1024 * 1024

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
  app.route('/', signInPages(deps))
  app.use(async (c, next) => {
    // Who signed in with a key has chosen whom to be.
    const caller = (await sessionCaller(deps, c)) ?? (await accessCaller(deps, c))
    if (!caller) return toSignIn(c)
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

function tooLarge(): never {
  throw new ApiProblem(413, 'This form is too large.', null)
}
