import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { type Acting, acting, asked } from '../../../callers.ts'
import { body, type Deps, nowOf, query } from '../../../http.ts'
import { requireKeyReader } from '../../access/keys.ts'
import { cleanText } from '../../fields.ts'
import { findKey } from '../change/write.ts'
import { hashOf } from '../fields.ts'
import { keyInfo } from '../info.ts'
import { newestHash } from '../../../db/key-secrets.ts'
import { AliasQuery, showAliases } from './aliases.ts'
import { ListQuery, showKeys } from './list.ts'
import { SeveralKeys, showSeveral } from './several.ts'

const KeyQuery = z.object({ key: cleanText.optional() })

/** `/key/…` that show keys. */
export function keyListRoutes(deps: Deps): Hono<Acting> {
  return new Hono<Acting>()
    .get('/info', query(KeyQuery), async (c) =>
      c.json(await showKey(deps, c, c.req.valid('query'))),
    )
    .get('/list', query(ListQuery), async (c) =>
      c.json(await showKeys({ ...asked(deps, c), query: c.req.valid('query') })),
    )
    .get('/aliases', query(AliasQuery), async (c) =>
      c.json(await showAliases({ ...asked(deps, c), query: c.req.valid('query') })),
    )
    .post('/health', (c) => c.json({ key: 'healthy', logging_callbacks: null }))
}

/** `/v2/key/…`. */
export function severalKeysRoutes(deps: Deps): Hono<Acting> {
  return new Hono<Acting>()
    .use(acting(deps))
    .post('/info', body(SeveralKeys), async (c) =>
      c.json(await showSeveral({ ...asked(deps, c), named: c.req.valid('json').keys })),
    )
}

async function showKey(deps: Deps, c: Context<Acting>, { key }: z.infer<typeof KeyQuery>) {
  const { actor } = c.var
  const hash = key === undefined ? (actor.apiKey ?? '') : await hashOf(key)
  const details = await findKey(deps.db, hash)
  await requireKeyReader({ db: deps.db, actor, path: c.req.path }, details.key)
  const info = await keyInfo(deps, details, nowOf(deps))
  return { key: key ?? newestHash(details.key), info }
}
