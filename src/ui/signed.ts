import type { Context } from 'hono'
import type { Api } from './api.ts'
import type { Viewer } from './viewer.ts'

/** What the pages of somebody who is signed in have at hand. */
export interface Signed {
  readonly Variables: { readonly api: Api; readonly viewer: Viewer }
}

export type Page = Context<Signed>

/** Whether a script asks for what may have changed in a second; the rest of the page may be left out. */
export function isForNow(c: Page): boolean {
  return c.req.header('x-tollgate-live') === 'true'
}
