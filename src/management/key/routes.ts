import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { ApiError } from '../../errors.ts'
import { adminOnly, answered, body, callerOf, type Deps, nowOf, params, query } from '../../http.ts'
import { cleanText } from '../fields.ts'
import { AddCredit } from '../credit.ts'
import { ResetSpend } from '../spend.ts'
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
export function keyRoutes(deps: Deps): Hono {
  const admin = adminOnly(deps)
  const ignored = deps.config.settings.ignoreUnsupported
  return new Hono()
    .post('/generate', admin, body(NewKey), async (c) => {
      const now = nowOf(deps)
      const input = c.req.valid('json')
      const { key, row } = await generateKey({ ...deps, ...now, input, ignored })
      deps.keyCache.forget(row.token)
      const shown = keyRow(row, { spend: 0, held: 0 }, now)
      return c.json({ ...shown, key, token: row.token, token_id: row.token })
    })
    .post('/update', admin, body(UpdateKey), async (c) => {
      const now = nowOf(deps)
      const input = c.req.valid('json')
      const details = await changeKey({ ...deps, ...now, input, ignored })
      return c.json({ key: input.key, ...(await liveKeyRow(deps, details, now)) })
    })
    .post('/block', admin, body(NamedKey), (c) => setBlocked(deps, c, [c.req.valid('json'), true]))
    .post('/unblock', admin, body(NamedKey), (c) =>
      setBlocked(deps, c, [c.req.valid('json'), false]),
    )
    .post('/:key/reset_spend', admin, params(KeyParam), body(ResetSpend), async (c) => {
      const { key } = c.req.valid('param')
      const { reset_to: resetTo } = c.req.valid('json')
      return c.json(await resetKeySpend({ ...deps, ...nowOf(deps), key, resetTo }))
    })
    .post('/:key/credit', admin, params(KeyParam), body(AddCredit), async (c) => {
      const { key } = c.req.valid('param')
      return c.json(await creditKey({ ...deps, ...nowOf(deps), key, ...c.req.valid('json') }))
    })
    .get('/info', query(KeyQuery), async (c) =>
      c.json(await showKey(deps, c, c.req.valid('query'))),
    )
    .post('/delete', admin, body(DeleteKeys), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await removeKeys({ ...deps, ...nowOf(deps), input }))
    })
}

async function setBlocked(
  deps: Deps,
  c: Context,
  [{ key }, blocked]: readonly [z.infer<typeof NamedKey>, boolean],
) {
  const now = nowOf(deps)
  const details = await blockKey({ ...deps, ...now, key, blocked })
  return c.json({ token: details.key.token, ...(await liveKeyRow(deps, details, now)) })
}

async function showKey(deps: Deps, c: Context, asked: z.infer<typeof KeyQuery>) {
  const caller = await callerOf(deps, c)
  const hash = asked.key === undefined ? caller.hash : await hashOf(asked.key)
  if (caller.kind !== 'admin' && caller.hash !== hash) {
    throw new ApiError(403, "You are not allowed to access this key's info.", {
      type: 'auth_error',
    })
  }
  const details = await findKey(deps.db, hash)
  return { key: asked.key ?? hash, info: await keyInfo(deps, details, nowOf(deps)) }
}
