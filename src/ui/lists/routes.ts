import { Hono } from 'hono'
import type { Signed } from '../signed.ts'
import { Audit, type AuditList } from './audit.tsx'
import { type ModelRow, Models } from './models.tsx'

const PAGE_SIZE = '50'

/** What is only looked at: models with their prices, and who changed what. */
export function listPages(): Hono<Signed> {
  return new Hono<Signed>()
    .get('/models', async (c) => {
      const { data: rows } = await c.var.api.get<{ data: readonly ModelRow[] }>('/model/info')
      return c.html(Models({ viewer: c.var.viewer, rows }))
    })
    .get('/audit', async (c) => {
      const { changed_by = '', action = '', object_id = '', page } = c.req.query()
      const asked = { changed_by, action, object_id }
      const query = { ...asked, page, page_size: PAGE_SIZE }
      const list = await c.var.api.get<AuditList>('/audit/logs', query)
      return c.html(Audit({ viewer: c.var.viewer, list, asked }))
    })
}
