import { Hono } from 'hono'
import { z } from 'zod'
import { type Acting, acting, adminsAndViewers } from '../../callers.ts'
import { type Deps, params, query } from '../../http.ts'
import { cleanText } from '../fields.ts'
import { AuditQuery, listAudits, showAudit } from './list.ts'

const AuditParam = z.object({ id: cleanText })

/** `/audit`, by its longer name `/audit/logs` too: what admins changed. */
export function auditRoutes(deps: Deps): Hono<Acting> {
  const { db } = deps
  const app = new Hono<Acting>().use(acting(deps))
  for (const list of ['/logs', '/']) {
    app.get(list, adminsAndViewers, query(AuditQuery), async (c) =>
      c.json(await listAudits({ db, input: c.req.valid('query') })),
    )
  }
  for (const one of ['/logs/:id', '/:id']) {
    app.get(one, adminsAndViewers, params(AuditParam), async (c) =>
      c.json(await showAudit({ db, id: c.req.valid('param').id })),
    )
  }
  return app
}
