import { Hono } from 'hono'
import { z } from 'zod'
import { ApiProblem } from '../api.ts'
import { readField } from '../forms.ts'
import type { ApiOf } from '../key/routes.ts'
import { type KeyInfo, type KeyPageList, nameOf } from '../key/rows.ts'
import type { LogRow } from '../log/rows.ts'
import { modelsOf } from '../models.ts'
import { Snippets } from '../parts/snippets.tsx'
import type { Page, Signed } from '../signed.ts'
import type { Viewer } from '../viewer.ts'
import { KEY_SHOWN, TestKey } from './page.tsx'

const KEYS_MAX = '100'
const TEXT_MAX_LENGTH = 10_000

const Call = z.object({
  hash: z.string().min(1).max(256),
  model: z.string().max(256),
  message: z.string().max(TEXT_MAX_LENGTH),
})

/** Trying a key. */
export function testKeyPages(apiOf: ApiOf): Hono<Signed> {
  return new Hono<Signed>()
    .get('/test-key', (c) => showTest(c, ''))
    .post('/test-key', async (c) => showTest(c, await readField(c, 'key')))
    .get('/test-key/code', (c) => showCode(c))
    .get('/test-key/cost', (c) => showCost(c))
    .post('/test-key/call', (c) => call(c, apiOf))
}

async function showTest(c: Page, apiKey: string) {
  const { api, viewer } = c.var
  const hash = c.req.query('hash') ?? ''
  const [models, rows] = await Promise.all([modelsOf(api), pickable(c, hash)])
  const keys = rows.map((row) => [row.token, nameOf(row)] as const)
  const url = new URL(c.req.url).origin
  return c.html(TestKey({ viewer, apiKey, hash, keys, models, url }))
}

/** The newest keys that the viewer may call with; the one that is asked for among them. */
async function pickable(c: Page, hash: string) {
  const { api, viewer } = c.var
  const asked = { return_full_object: 'true', size: KEYS_MAX }
  // A key of nobody lists none.
  if (!viewer.isAdmin && viewer.userId === null) return []
  const { keys } = await api.get<KeyPageList>('/key/list', asked)
  const own = keys.filter((key) => mayCallWith(viewer, key))
  if (hash === '' || own.some(({ token }) => token === hash)) return own
  const { info } = await api.get<{ info: KeyInfo }>('/key/info', { key: hash })
  return mayCallWith(viewer, info) ? [{ ...info, token: hash }, ...own] : own
}

/** A call with a key spends its money: admins may, and who it acts for. */
function mayCallWith({ isAdmin, mayChange, userId }: Viewer, key: Pick<KeyInfo, 'user_id'>) {
  return isAdmin || (mayChange && userId !== null && key.user_id === userId)
}

/** The gateway's own answer to a call with a key that was picked. */
async function call(c: Page, apiOf: ApiOf): Promise<Response> {
  // A form of another site can't send this type without asking us first.
  if (!/^application\/json\b/.test(c.req.header('content-type') ?? '')) {
    throw new ApiProblem(415, 'Content-Type must be application/json.', null)
  }
  const { data } = Call.safeParse(await c.req.json().catch(() => null))
  if (!data) throw new ApiProblem(400, 'A key, a model and a message are expected.', null)
  const { api, viewer } = c.var
  const { info } = await api.get<{ info: KeyInfo }>('/key/info', { key: data.hash })
  const own = mayCallWith(viewer, info) ? await apiOf(c, data.hash) : null
  if (!own) throw new ApiProblem(403, 'Calling with this key is not yours.', null)
  const messages = [{ role: 'user', content: data.message }]
  const answer = await own.chat({
    model: data.model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  })
  // The gateway is for every site; these pages are for their own.
  const { body, status, headers } = answer
  const kept = [...headers].filter(([name]) => !name.startsWith('access-control-'))
  return new Response(body, { status, headers: kept })
}

/** What a call has cost, once its row is there. */
async function showCost(c: Page) {
  const request_id = c.req.query('id') ?? ''
  const [row] = await c.var.api.get<readonly LogRow[]>('/spend/logs', { request_id })
  if (!row) return c.json(null)
  return c.json({ usd: row.spend, at: `/ui/logs/${encodeURIComponent(row.request_id)}` })
}

/** The code for what was asked, to show beside its answer. */
function showCode(c: Page) {
  const { model = '', message = '' } = c.req.query()
  const url = new URL(c.req.url).origin
  return c.html(Snippets({ code: { url, apiKey: KEY_SHOWN, model, message } }))
}
