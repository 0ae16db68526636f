import { z } from 'zod'
import { newestHash } from '../../../db/key-secrets.ts'
import { listKeys, SORTED_BY } from '../../../db/key-list.ts'
import { isoMicros } from '../../../duration.ts'
import { badRequest } from '../../../errors.ts'
import type { Now } from '../../../windows.ts'
import type { Asking } from '../../access/teams.ts'
import { cleanText } from '../../fields.ts'
import { hashOf } from '../fields.ts'
import { copiedKeyRow } from '../info.ts'
import { listedFor } from './filter.ts'

const SIZE_MAX = 100
const PAGE_MAX = 1_000_000

/** The page of a list: counted from 1. */
export const page = z.coerce.number().int().min(1).max(PAGE_MAX).default(1)
const flag = z.stringbool({ error: 'expected "true" or "false"' }).optional()

/** `GET /key/list`. */
export const ListQuery = z.object({
  page,
  size: z.coerce.number().int().min(1).max(SIZE_MAX).default(10),
  user_id: cleanText.optional(),
  team_id: cleanText.optional(),
  organization_id: cleanText.optional(),
  key_hash: cleanText.optional(),
  key_alias: cleanText.optional(),
  return_full_object: flag,
  include_team_keys: flag,
  include_created_by_keys: flag,
  sort_by: z.string().optional(),
  sort_order: z.string().optional(),
  status: z.string().optional(),
})

interface List extends Asking, Now {
  readonly query: z.infer<typeof ListQuery>
}

/** A page of keys, as hashes or rows; what they spent may lag. */
export async function showKeys(request: List) {
  const { db, query } = request
  const { page: current, size } = query
  const order = orderOf(query)
  const isDeleted = isDeletedOnly(query)
  const of = listedFor(request, query)
  const hash = query.key_hash === undefined ? undefined : await hashOf(query.key_hash)
  const filter = { of, teamId: query.team_id, hash, alias: query.key_alias, isDeleted }
  // Nothing is of an organization here.
  const isNone = query.organization_id !== undefined
  const { keys, total } = isNone
    ? { keys: [], total: 0 }
    : await listKeys(db, { filter, ...order, limit: size, offset: (current - 1) * size })
  return {
    keys: keys.map((listed) => {
      if (!query.return_full_object) return newestHash(listed.key)
      const { deletedAt } = listed.key
      const deleted = deletedAt && { deleted_at: isoMicros(deletedAt.getTime()) }
      return { ...copiedKeyRow(listed, request), ...deleted }
    }),
    total_count: total,
    current_page: current,
    total_pages: Math.ceil(total / size),
  }
}

function orderOf({ sort_by: by = 'created_at', sort_order: order = 'desc' }: List['query']) {
  if (!isColumn(by)) {
    const names = Object.keys(SORTED_BY).join(', ')
    throw badRequest(`Invalid sort column. Must be one of ${names}`, 'sort_by')
  }
  if (order !== 'asc' && order !== 'desc') {
    throw badRequest("Invalid sort order. Must be 'asc' or 'desc'", 'sort_order')
  }
  return { sortBy: by, isAscending: order === 'asc' }
}

function isColumn(name: string): name is keyof typeof SORTED_BY {
  return Object.hasOwn(SORTED_BY, name)
}

function isDeletedOnly({ status }: List['query']): boolean {
  if (status === undefined || status === '') return false
  if (status === 'deleted') return true
  throw badRequest("Invalid status value. Currently only 'deleted' is supported.", 'status')
}
