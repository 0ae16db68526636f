import { z } from 'zod'
import { ROLES } from '../../auth/caller.ts'
import type { Db } from '../../db/connect.ts'
import { pageUsers, SORT_FIELDS } from '../../db/users.ts'
import { cleanText } from '../fields.ts'
import { pageNumber } from '../pages.ts'
import { copiedUserRow } from './row.ts'
import type { Now } from '../../windows.ts'

const IDS_MAX_LENGTH = 16_384

const ids = z
  .string()
  .max(IDS_MAX_LENGTH, { error: `expected at most ${IDS_MAX_LENGTH} characters` })
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  )
  .refine((list) => !list.some((id) => /[\p{Cc}\p{Cs}]/u.test(id)), {
    error: 'expected no control characters',
  })
  .optional()

/** `GET /user/list`. */
export const UserListQuery = z.object({
  page: pageNumber(1),
  page_size: pageNumber(25, 100),
  role: z
    .enum(ROLES, { error: `expected one of ${ROLES.join(', ')}` })
    .or(z.literal('').transform(() => undefined))
    .optional(),
  user_ids: ids,
  sso_user_ids: ids,
  organization_ids: ids,
  user_email: cleanText.optional(),
  team: cleanText.optional(),
  sort_by: z
    .string()
    .refine((field) => SORT_FIELDS.some((known) => known === field), {
      error: `expected one of ${SORT_FIELDS.join(', ')}`,
    })
    .transform((field) => SORT_FIELDS.find((known) => known === field))
    .optional(),
  sort_order: z
    .string()
    .default('asc')
    .transform((order) => order.toLowerCase())
    .pipe(z.enum(['asc', 'desc'], { error: 'expected "asc" or "desc"' })),
})

interface ListUsers extends Now {
  readonly db: Db
  readonly filter: z.infer<typeof UserListQuery>
}

/** Nobody is in an organization: there are none. */
export async function userPage({ db, filter, ...now }: ListUsers) {
  const { page, page_size: pageSize, organization_ids: organizations } = filter
  const isForNobody = organizations !== undefined && organizations.length > 0
  const { rows, total } = isForNobody
    ? { rows: [], total: 0 }
    : await pageUsers(db, {
        role: filter.role,
        userIds: filter.user_ids,
        ssoUserIds: filter.sso_user_ids,
        userEmail: filter.user_email || undefined,
        teamId: filter.team || undefined,
        sortBy: filter.sort_by,
        sortOrder: filter.sort_order,
        page,
        pageSize,
      })
  return {
    users: rows.map(({ keyCount, ...user }) => {
      return { ...copiedUserRow(user, now), key_count: keyCount }
    }),
    total,
    page,
    page_size: pageSize,
    total_pages: Math.ceil(total / pageSize),
  }
}
