import { and, asc, desc, eq, gte, lt, sql } from 'drizzle-orm'
import { auditLogs } from '../../../drizzle/schema.ts'
import type { Db } from '../connect.ts'

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

export type AuditRow = typeof auditLogs.$inferSelect

export const AUDIT_ORDERS = {
  id: auditLogs.id,
  updated_at: auditLogs.updatedAt,
  changed_by: auditLogs.changedBy,
  changed_by_api_key: auditLogs.changedByApiKey,
  action: auditLogs.action,
  table_name: auditLogs.tableName,
  object_id: auditLogs.objectId,
}

export interface AuditFilter {
  readonly changedBy?: string | undefined
  readonly changedByApiKey?: string | undefined
  readonly action?: string | undefined
  readonly tableName?: string | undefined
  readonly objectId?: string | undefined
  readonly fromMs?: number | undefined
  readonly untilMs?: number | undefined
}

interface Page {
  readonly limit: number
  readonly offset: number
  readonly sortBy: keyof typeof AUDIT_ORDERS
  readonly isDescending: boolean
  /** Counted up to here, and one more. */
  readonly countMax: number
}

/** A page of what admins changed, and how many there are. */
export async function searchAudits(db: Db, filter: AuditFilter, page: Page) {
  const where = fits(filter)
  const direction = page.isDescending ? desc : asc
  const counted = db
    .select({ one: sql`1`.as('one') })
    .from(auditLogs)
    .where(where)
    .limit(page.countMax + 1)
    .as('counted')
  const [rows, [known]] = await db.batch([
    db
      .select()
      .from(auditLogs)
      .where(where)
      .orderBy(direction(AUDIT_ORDERS[page.sortBy]), direction(auditLogs.id))
      .limit(page.limit)
      .offset(page.offset),
    db.select({ total: sql`count(*)`.mapWith(Number) }).from(counted),
  ])
  return { rows, total: known?.total ?? 0 }
}

export async function findAudit(db: Db, id: string): Promise<AuditRow | null> {
  if (!UUID.test(id)) return null
  const [row] = await db.select().from(auditLogs).where(eq(auditLogs.id, id))
  return row ?? null
}

function fits(filter: AuditFilter) {
  const { fromMs, untilMs } = filter
  const named = [
    [auditLogs.changedBy, filter.changedBy],
    [auditLogs.changedByApiKey, filter.changedByApiKey],
    [auditLogs.action, filter.action],
    [auditLogs.tableName, filter.tableName],
    [auditLogs.objectId, filter.objectId],
  ] as const
  return and(
    ...named.map(([column, value]) => (value === undefined ? undefined : eq(column, value))),
    fromMs === undefined ? undefined : gte(auditLogs.updatedAt, new Date(fromMs)),
    untilMs === undefined ? undefined : lt(auditLogs.updatedAt, new Date(untilMs)),
  )
}
