import { z } from 'zod'
import type { Db } from '../../db/connect.ts'
import { type AuditRow, findAudit, searchAudits } from '../../db/history/audits.ts'
import { badRequest, notFound } from '../../errors.ts'
import { isoMicros } from '../../duration.ts'
import { hashOf } from '../key/fields.ts'
import { checkSpan, wanted, instant, numberUpTo, page, spanMs } from '../spend/fields.ts'

/** More are not counted, nor listed in one go. */
const COUNT_MAX = 100_000

const ORDERS = [
  'id',
  'updated_at',
  'changed_by',
  'changed_by_api_key',
  'action',
  'table_name',
  'object_id',
] as const

/** `GET /audit/logs`. */
export const AuditQuery = z
  .object({
    page,
    page_size: numberUpTo(100, 10),
    changed_by: wanted,
    changed_by_api_key: wanted,
    action: wanted,
    table_name: wanted,
    object_id: wanted,
    start_date: instant.optional(),
    end_date: instant.optional(),
    sort_by: z.enum(ORDERS).default('updated_at'),
    sort_order: z.enum(['asc', 'desc']).default('desc'),
  })
  .superRefine(checkSpan)

type Input = z.infer<typeof AuditQuery>

/** A page of what admins changed. */
export async function listAudits({ db, input }: { readonly db: Db; readonly input: Input }) {
  const limit = input.page_size
  const offset = (input.page - 1) * limit
  if (offset >= COUNT_MAX) {
    throw badRequest(`page lies beyond ${COUNT_MAX} changes: choose another time`, 'page')
  }
  const { rows, total } = await searchAudits(
    db,
    {
      changedBy: input.changed_by,
      changedByApiKey: await hashed(input.changed_by_api_key),
      action: input.action,
      tableName: input.table_name,
      objectId: await hashed(input.object_id),
      ...spanMs(input),
    },
    {
      limit,
      offset,
      sortBy: input.sort_by,
      isDescending: input.sort_order === 'desc',
      countMax: COUNT_MAX,
    },
  )
  return {
    audit_logs: rows.map(auditRow),
    total,
    page: input.page,
    page_size: limit,
    total_pages: Math.ceil(total / limit),
  }
}

/** Keys are in it by their hashes. */
async function hashed(named: string | undefined): Promise<string | undefined> {
  return named === undefined ? undefined : hashOf(named)
}

export async function showAudit({ db, id }: { readonly db: Db; readonly id: string }) {
  const row = await findAudit(db, id)
  if (!row) throw notFound(`Audit log with ID ${id.slice(0, 100)} not found`, 'id')
  return auditRow(row)
}

function auditRow(row: AuditRow) {
  return {
    id: row.id,
    updated_at: isoMicros(row.updatedAt.getTime()),
    changed_by: row.changedBy,
    changed_by_api_key: row.changedByApiKey,
    action: row.action,
    table_name: row.tableName,
    object_id: row.objectId,
    before_value: row.beforeValue,
    updated_values: row.updatedValues,
  }
}
