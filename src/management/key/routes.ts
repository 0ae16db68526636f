import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { type Acting, acting, adminOnly, asked } from '../../callers.ts'
import { answered, body, type Deps, nowOf, params, query } from '../../http.ts'
import { requireKeyReader } from '../access/keys.ts'
import { cleanText } from '../fields.ts'
import { AddCredit } from '../credit.ts'
import { ResetSpend } from '../lower-spend.ts'
import { blockKey } from './block.ts'
import { creditKey } from './credit.ts'
import { DeleteKeys, removeKeys } from './delete.ts'
import { hashOf } from './fields.ts'
import { generateKey, NewKey } from './generate.ts'
import { keyInfo, liveKeyRow } from './info.ts'
import { resetKeySpend } from './reset-spend.ts'
import { keyRow } from './row.ts'
import { changeKey, findKey, NamedKey, UpdateKey } from './update.ts'

const KeyQuery = z.object({ key: cleanText.optional() })
const KeyParam = z.object({ key: cleanText })

/** `/key/…`: make, show, change and delete virtual keys. */
export function keyRoutes(deps: Deps): Hono<Acting> {
  const ignored = deps.config.settings.ignoreUnsupported
  return new Hono<Acting>()
    .use(acting(deps))
    .post('/generate', adminOnly, body(NewKey), async (c) => {
      const now = nowOf(deps)
      const input = c.req.valid('json')
      const { key, row } = await generateKey({ ...asked(deps, c), input, ignored })
      deps.keyCache.forget(row.token)
      const shown = keyRow(row, { spend: 0, held: 0 }, now)
      return c.json({ ...shown, key, token: row.token, token_id: row.token })
    })
    .post('/update', adminOnly, body(UpdateKey), async (c) => {
      const now = nowOf(deps)
      const input = c.req.valid('json')
      const details = await changeKey({ ...asked(deps, c), input, ignored })
      return c.json({ key: input.key, ...(await liveKeyRow(deps, details, now)) })
    })
    .post('/block', adminOnly, body(NamedKey), (c) =>
      setBlocked(deps, c, [c.req.valid('json'), true]),
    )
    .post('/unblock', adminOnly, body(NamedKey), (c) =>
      setBlocked(deps, c, [c.req.valid('json'), false]),
    )
    .post('/:key/reset_spend', adminOnly, params(KeyParam), body(ResetSpend), async (c) => {
      const { key } = c.req.valid('param')
      const { reset_to: resetTo } = c.req.valid('json')
      return c.json(await resetKeySpend({ ...asked(deps, c), key, resetTo }))
    })
    .post('/:key/credit', adminOnly, params(KeyParam), body(AddCredit), async (c) => {
      const { key } = c.req.valid('param')
      return c.json(await creditKey({ ...asked(deps, c), key, ...c.req.valid('json') }))
    })
    .get('/info', query(KeyQuery), async (c) =>
      c.json(await showKey(deps, c, c.req.valid('query'))),
    )
    .post('/delete', adminOnly, body(DeleteKeys), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await removeKeys({ ...asked(deps, c), input }))
    })
}

async function setBlocked(
  deps: Deps,
  c: Context<Acting>,
  [{ key }, blocked]: readonly [z.infer<typeof NamedKey>, boolean],
) {
  const now = nowOf(deps)
  const details = await blockKey({ ...asked(deps, c), key, blocked })
  return c.json({ token: details.key.token, ...(await liveKeyRow(deps, details, now)) })
}

async function showKey(deps: Deps, c: Context<Acting>, { key }: z.infer<typeof KeyQuery>) {
  const { actor } = c.var
  const hash = key === undefined ? (actor.apiKey ?? '') : await hashOf(key)
  const details = await findKey(deps.db, hash)
  await requireKeyReader({ db: deps.db, actor, path: c.req.path }, details.key)
  return { key: key ?? hash, info: await keyInfo(deps, details, nowOf(deps)) }
}
