import { z } from 'zod'
import { maySeeAll } from '../../auth/actor.ts'
import { keysBySpend, usersBySpend } from '../../db/history/spenders.ts'
import { keyPolicy, userPolicy } from '../../db/policy.ts'
import { isoMicros } from '../../duration.ts'
import type { Now } from '../../windows.ts'
import type { Asking } from '../access/teams.ts'
import { keyRow } from '../key/row.ts'
import { limitFields } from '../limits.ts'
import { copiedSpend } from '../live.ts'
import { wanted, numberUpTo } from './fields.ts'
import { ownOf } from './visible.ts'

const limit = numberUpTo(1_000, 100)

/** `GET /spend/keys`. */
export const KeysQuery = z.object({ limit })
/** `GET /spend/users`. */
export const UsersQuery = z.object({ user_id: wanted, limit })

type Asked = Asking & Now

/** What spent most first, each as Postgres knows it: that may be seconds behind. */
export async function spendingKeys(request: Asked, input: z.infer<typeof KeysQuery>) {
  const { db, actor } = request
  const whose = maySeeAll(actor) ? {} : ownOf(actor)
  const rows = await keysBySpend(db, { ...whose, ...input })
  return rows.map((key) => ({
    token: key.token,
    ...keyRow(key, copiedSpend(keyPolicy(key), key, request), request),
  }))
}

export async function spendingUsers(request: Asked, input: z.infer<typeof UsersQuery>) {
  const { db, actor } = request
  const whose = maySeeAll(actor) ? { userId: input.user_id } : ownOf(actor, input.user_id)
  if (whose.userId === undefined && !maySeeAll(actor)) return []
  const rows = await usersBySpend(db, { userId: whose.userId, limit: input.limit })
  return rows.map(({ user, account }) => ({
    user_id: user.userId,
    user_email: user.userEmail,
    user_alias: user.userAlias,
    user_role: user.userRole,
    models: user.models,
    metadata: user.metadata,
    ...limitFields(user, request),
    ...(account ? copiedSpend(userPolicy(user), account, request) : { spend: 0, held: 0 }),
    created_at: isoMicros(user.createdAt.getTime()),
    updated_at: isoMicros(user.updatedAt.getTime()),
  }))
}
