import { z } from 'zod'
import { maySeeAll } from '../../auth/actor.ts'
import { keysBySpend, usersBySpend } from '../../db/history/spenders.ts'
import { keyPolicy } from '../../db/policy.ts'
import { listUsers } from '../../db/users.ts'
import type { Now } from '../../windows.ts'
import type { Asking } from '../access/teams.ts'
import { keyRow } from '../key/row.ts'
import { copiedSpend } from '../live.ts'
import { copiedUserRow } from '../user/row.ts'
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
  const ids = await usersBySpend(db, { userId: whose.userId, limit: input.limit })
  const rows = new Map((await listUsers(db, ids)).map((row) => [row.user.userId, row]))
  return ids.flatMap((id) => rows.get(id) ?? []).map((row) => copiedUserRow(row, request))
}
