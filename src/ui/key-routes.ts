import { type Context, Hono } from 'hono'
import { refused, valuesOf } from './forms.ts'
import { type KeyInfo, KeyList, KeyPage } from './pages/keys.tsx'
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
export function keyPages(): Hono<Signed> {
  return new Hono<Signed>()
    .get('/keys', async (c) => {
      const asked = { page: c.req.query('page'), size: PAGE_SIZE, return_full_object: 'true' }
      const list = await c.var.api.get<Listed>('/key/list', asked)
      const { keys, total_count: total, current_page: page, total_pages: pages } = list
      const { viewer } = c.var
      return c.html(KeyList({ viewer, keys, total, page, pages, nowMs: Date.now() }))
    })
    .get('/keys/:hash', (c) => showKey(c, c.req.param('hash'), null))
    .post('/keys/:hash/block', (c) => change(c, c.req.param('hash'), '/key/block'))
    .post('/keys/:hash/unblock', (c) => change(c, c.req.param('hash'), '/key/unblock'))
    .post('/keys/:hash/regenerate', (c) => regenerate(c, c.req.param('hash')))
    .post('/keys/:hash/delete', (c) => remove(c, c.req.param('hash')))
    .get('/test-key', async (c) => showTest(c, ''))
    .post('/test-key', async (c) => showTest(c, (await valuesOf(c, ['key']))['key'] ?? ''))
}

type Page = Context<Signed>

async function showKey(c: Page, hash: string, problem: string | null) {
  const { info } = await c.var.api.get<KeyInfo>('/key/info', { key: hash })
  const page = { viewer: c.var.viewer, hash, info, problem, nowMs: Date.now() }
  return c.html(KeyPage(page), problem === null ? 200 : 400)
}

const said = (error: unknown) => refused({}, error).problem?.message ?? null

async function change(c: Page, hash: string, path: string) {
  try {
    await c.var.api.post(path, { key: hash })
  } catch (error) {
    return showKey(c, hash, said(error))
  }
  return c.redirect(`/ui/keys/${hash}`, 303)
}

async function regenerate(c: Page, hash: string) {
  try {
    const { key } = await c.var.api.post<{ key: string }>('/key/regenerate', { key: hash })
    return await showMade(c, key)
  } catch (error) {
    return showKey(c, hash, said(error))
  }
}

async function remove(c: Page, hash: string) {
  try {
    await c.var.api.post('/key/delete', { keys: [hash] })
  } catch (error) {
    return showKey(c, hash, said(error))
  }
  return c.redirect('/ui/keys', 303)
}

async function showTest(c: Page, apiKey: string) {
  const { viewer } = c.var
  return c.html(TestKey({ viewer, apiKey, models: await modelsOf(c) }))
}
