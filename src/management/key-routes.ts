import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { getKey } from '../db/keys.ts'
import { keyPolicy } from '../db/policy.ts'
import { ApiError, notFound } from '../errors.ts'
import { adminOf, body, callerOf, type Deps, query } from '../http.ts'
import { cleanText } from './fields.ts'
import { DeleteKeys, hashOf, removeKeys } from './key-delete.ts'
import { generateKey, NewKey } from './key-generate.ts'
import { keyRow } from './key-row.ts'
import { spendFields } from './limits.ts'
import { liveStates } from './live.ts'

const KeyQuery = z.object({ key: cleanText.optional() })

/** `/key/…`: make, show and delete virtual keys. */
export function keyRoutes(deps: Deps): Hono {
  const { db, config } = deps
  const admin = async (c: Context, next: () => Promise<void>): Promise<void> => {
    await adminOf(deps, c)
    await next()
  }
  return new Hono()
    .post('/generate', admin, body(NewKey), async (c) => {
      const nowMs = Date.now()
      const ignored = config.settings.ignoreUnsupported
      const made = await generateKey({ db, input: c.req.valid('json'), ignored, nowMs })
      const { key, row } = made
      deps.keyCache.forget(row.token)
      const shown = keyRow(row, { spend: 0, held: 0 }, nowMs)
      return c.json({ ...shown, key, token: row.token, token_id: row.token })
    })
    .get('/info', query(KeyQuery), async (c) =>
      c.json(await keyInfo(deps, c, c.req.valid('query'))),
    )
    .post('/delete', admin, body(DeleteKeys), async (c) => {
      const input = c.req.valid('json')
      return c.json(await removeKeys({ ...deps, input, nowMs: Date.now() }))
    })
}

async function keyInfo(deps: Deps, c: Context, asked: z.infer<typeof KeyQuery>) {
  const caller = await callerOf(deps, c)
  const hash = asked.key === undefined ? caller.hash : await hashOf(asked.key)
  if (caller.kind === 'key' && caller.hash !== hash) {
    throw new ApiError(403, "You are not allowed to access this key's info.", {
      type: 'auth_error',
    })
  }
  const found = await getKey(deps.db, hash)
  if (!found || found.key.deletedAt) throw notFound('Key not found in database', 'key')
  const nowMs = Date.now()
  const states = await liveStates(deps.ledgerOf, found.account, [keyPolicy(found.key)])
  const spend = spendFields(found.key, states?.[0] ?? null, nowMs)
  return { key: asked.key ?? hash, info: keyRow(found.key, spend, nowMs) }
}
