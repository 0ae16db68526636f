import { type Context, Hono } from 'hono'
import { ApiError } from '../../errors.ts'
import type { Deps } from '../../http.ts'
import { readField } from '../forms.ts'
import { href } from '../parts/href.ts'
import { ACCESS_HEADER } from './access.ts'
import { HOME, SignIn } from './page.tsx'
import { signIn, signOut } from './session.ts'

const KEY_MAX_LENGTH = 512
const NOT_KNOWN = 'Nobody has this key.'
const PATH = '/ui/sign-in'

/** Who comes and goes. */
export function signInPages(deps: Deps): Hono {
  return new Hono()
    .get('/sign-in', (c) => c.html(SignIn({ problem: null, next: pageOf(c, c.req.query('next')) })))
    .post('/sign-in', (c) => enter(deps, c))
    .post('/sign-out', async (c) => {
      await signOut(deps, c)
      // Whom Cloudflare Access vouches for would be back at once.
      const isVouchedFor = deps.accessKeys !== null && c.req.header(ACCESS_HEADER) !== undefined
      return c.redirect(isVouchedFor ? '/cdn-cgi/access/logout' : PATH, 303)
    })
}

/** Asks who is there, and goes on with what was asked for. */
export function toSignIn(c: Context): Response {
  const { pathname, search } = new URL(c.req.url)
  const isPage = c.req.method === 'GET' && pathname !== HOME
  return c.redirect(isPage ? href(PATH, { next: pathname + search }) : PATH, 303)
}

async function enter(deps: Deps, c: Context): Promise<Response> {
  const key = (await readField(c, 'key')).slice(0, KEY_MAX_LENGTH)
  const next = pageOf(c, await readField(c, 'next'))
  try {
    if (await signIn(deps, c, key)) return c.redirect(next, 303)
    return c.html(SignIn({ problem: NOT_KNOWN, next }), 401)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return c.html(SignIn({ problem: error.message, next }), error.status as 401)
  }
}

/** One of these pages, and nothing elsewhere. */
function pageOf(c: Context, text: string | undefined): string {
  const here = new URL(c.req.url)
  const url = URL.parse(text ?? '', here)
  const isOurs = url?.origin === here.origin && url.pathname.startsWith(`${HOME}/`)
  return url && isOurs && url.pathname !== PATH ? url.pathname + url.search : HOME
}
