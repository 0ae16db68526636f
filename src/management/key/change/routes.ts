import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { type Acting, asked, usersOnly } from '../../../callers.ts'
import { body, type Deps, nowOf, params } from '../../../http.ts'
import { cleanText } from '../../fields.ts'
import { liveKeyRow } from '../info.ts'
import { shownOnce, tokenFields } from '../row.ts'
import { blockKey, NamedKey } from './block.ts'
import { BulkUpdate, changeKeys } from './bulk-update.ts'
import { RegenerateKey, regenerateKey, RegenerateNamed } from './regenerate.ts'
import { changeKey, UpdateKey } from './update.ts'

const KeyParam = z.object({ key: cleanText })

/** `/key/…` that change keys as they are. */
export function keyChangeRoutes(deps: Deps): Hono<Acting> {
  const ignored = deps.config.settings.ignoreUnsupported
  return new Hono<Acting>()
    .post('/update', usersOnly, body(UpdateKey), async (c) => {
      const now = nowOf(deps)
      const input = c.req.valid('json')
      const details = await changeKey({ ...asked(deps, c), input, ignored })
      return c.json({ key: input.key, ...(await liveKeyRow(deps, details, now)) })
    })
    .post('/bulk_update', usersOnly, body(BulkUpdate), async (c) =>
      c.json(await changeKeys({ ...asked(deps, c), input: c.req.valid('json'), ignored })),
    )
    .post('/block', usersOnly, body(NamedKey), (c) =>
      setBlocked(deps, c, [c.req.valid('json'), true]),
    )
    .post('/unblock', usersOnly, body(NamedKey), (c) =>
      setBlocked(deps, c, [c.req.valid('json'), false]),
    )
    .post('/regenerate', usersOnly, body(RegenerateNamed), (c) => {
      const input = c.req.valid('json')
      return regenerate(deps, c, [input.key, input])
    })
    .post('/:key/regenerate', usersOnly, params(KeyParam), body(RegenerateKey), (c) =>
      regenerate(deps, c, [c.req.valid('param').key, c.req.valid('json')]),
    )
}

async function setBlocked(
  deps: Deps,
  c: Context<Acting>,
  [{ key }, blocked]: readonly [z.infer<typeof NamedKey>, boolean],
) {
  const now = nowOf(deps)
  const details = await blockKey({ ...asked(deps, c), key, blocked })
  return c.json({ ...(await liveKeyRow(deps, details, now)), ...tokenFields(details.key) })
}

async function regenerate(
  deps: Deps,
  c: Context<Acting>,
  [key, input]: readonly [string, z.infer<typeof RegenerateKey>],
) {
  const now = nowOf(deps)
  const ignored = deps.config.settings.ignoreUnsupported
  const { secret, details } = await regenerateKey({ ...asked(deps, c), key, input, ignored })
  const row = await liveKeyRow(deps, details, now)
  return c.json(shownOnce({ key: secret, row, input }, details.key))
}
