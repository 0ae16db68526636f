import { type Context, Hono } from 'hono'
import { type Api, ApiProblem } from './api.ts'
import { refused, valuesOf } from './forms.ts'
import { type KeyInfo, KeyList, KeyPage, type Verdict } from './pages/keys.tsx'
import type { Key } from './pages/team.tsx'
import { TestKey } from './pages/test-key.tsx'
import type { Signed } from './routes.ts'
import { modelsOf, showMade } from './team-routes.ts'

const PAGE_SIZE = '20'

interface Listed {
  readonly keys: readonly Key[]
  readonly total_count: number
  readonly current_page: number
  readonly total_pages: number
}

/** Keys, and trying them. */
export function keyPages(apiOf: ApiOf): Hono<Signed> {
  return new Hono<Signed>()
    .get('/keys', async (c) => {
      const asked = { page: c.req.query('page'), size: PAGE_SIZE, return_full_object: 'true' }
      const list = await c.var.api.get<Listed>('/key/list', asked)
      const { keys, total_count: total, current_page: page, total_pages: pages } = list
      const { viewer } = c.var
      return c.html(KeyList({ viewer, keys, total, page, pages, nowMs: Date.now() }))
    })
    .get('/keys/:hash', (c) => showKey(c, c.req.param('hash')))
    .post('/keys/:hash/ask', (c) => ask(c, c.req.param('hash'), apiOf))
    .post('/keys/:hash/block', (c) => change(c, c.req.param('hash'), '/key/block'))
    .post('/keys/:hash/unblock', (c) => change(c, c.req.param('hash'), '/key/unblock'))
    .post('/keys/:hash/regenerate', (c) => regenerate(c, c.req.param('hash')))
    .post('/keys/:hash/delete', (c) => remove(c, c.req.param('hash')))
    .get('/test-key', async (c) => showTest(c, ''))
    .post('/test-key', async (c) => showTest(c, (await valuesOf(c, ['key']))['key'] ?? ''))
}

type Page = Context<Signed>

interface Shown {
  readonly problem?: string | null
  readonly verdict?: Verdict
}

async function showKey(c: Page, hash: string, { problem = null, verdict }: Shown = {}) {
  const { info } = await c.var.api.get<KeyInfo>('/key/info', { key: hash })
  const models = await modelsOf(c)
  const { viewer } = c.var
  const page = { viewer, hash, info, problem, verdict: verdict ?? null, models, nowMs: Date.now() }
  return c.html(KeyPage(page), problem === null ? 200 : 400)
}

/** The Worker as somebody with this key reaches it; null: nobody has it. */
export type ApiOf = (c: Context, hash: string) => Promise<Api | null>

/** The gateway's own answer to such a call, with this key, by its dry run. */
async function ask(c: Page, hash: string, apiOf: ApiOf) {
  // Who may not see the key may not ask for it either.
  await c.var.api.get('/key/info', { key: hash })
  const { model = '' } = await valuesOf(c, ['model'])
  const own = await apiOf(c, hash)
  if (!own) throw new ApiProblem(404, 'Nobody has this key any more.', null)
  const refusal = await own
    .dryRun({ model, messages: [{ role: 'user', content: 'hi' }] })
    .then((answer) => answer.refusal?.error.message ?? null)
    .catch((error: unknown) => said(error))
  return showKey(c, hash, { verdict: { model, refusal } })
}

const said = (error: unknown) => refused({}, error).problem?.message ?? null

async function change(c: Page, hash: string, path: string) {
  try {
    await c.var.api.post(path, { key: hash })
  } catch (error) {
    return showKey(c, hash, { problem: said(error) })
  }
  return c.redirect(`/ui/keys/${hash}`, 303)
}

async function regenerate(c: Page, hash: string) {
  try {
    const { key } = await c.var.api.post<{ key: string }>('/key/regenerate', { key: hash })
    return await showMade(c, key)
  } catch (error) {
    return showKey(c, hash, { problem: said(error) })
  }
}

async function remove(c: Page, hash: string) {
  try {
    await c.var.api.post('/key/delete', { keys: [hash] })
  } catch (error) {
    return showKey(c, hash, { problem: said(error) })
  }
  return c.redirect('/ui/keys', 303)
}

async function showTest(c: Page, apiKey: string) {
  const { viewer } = c.var
  return c.html(TestKey({ viewer, apiKey, models: await modelsOf(c) }))
}
