import { z } from 'zod'
import { ADMIN_USER_ID } from '../../auth/caller.ts'
import type { AccountRow } from '../../db/accounts.ts'
import { withAccounts } from '../../db/keys.ts'
import { keyPolicy, memberPolicy, userPolicy } from '../../db/policy.ts'
import { deleteUsers } from '../../db/user/delete.ts'
import { listUsers } from '../../db/users.ts'
import { badRequest } from '../../errors.ts'
import type { PolicyRow } from '../../ledger/policy.ts'
import { id } from '../fields.ts'
import { forgetKeys, type KeyCaches, tellAll, type TellDeps } from '../tell.ts'
import { noUser } from './fields.ts'

const USERS_MAX = 100

/** `POST /user/delete`. */
export const DeleteUsers = z.object({
  user_ids: z
    .array(id)
    .min(1)
    .max(USERS_MAX, { error: `expected at most ${USERS_MAX} items` }),
})

interface RemoveUsers extends TellDeps, KeyCaches {
  readonly input: z.infer<typeof DeleteUsers>
  readonly nowMs: number
}

/**
 * Deletes users with their keys and memberships and tells every ledger that knows one of these, so
 * that the next request anywhere is refused. May be repeated. Throws 404 if one of them never was.
 */
export async function removeUsers(request: RemoveUsers) {
  const { db, input, nowMs } = request
  const { user_ids: userIds } = input
  if (userIds.includes(ADMIN_USER_ID)) {
    throw badRequest(`${ADMIN_USER_ID} is the master key's user: they can't be deleted`, 'user_ids')
  }
  const removed = await deleteUsers(db, userIds)
  if (removed.users.length === 0) throw await missing(request)
  const hashes = removed.keys.flatMap(({ token, secrets }) => [
    token,
    ...(secrets ?? []).map(({ hash }) => hash),
  ])
  await forgetKeys(request, hashes)
  for (const hash of hashes) request.keyCache.set(hash, null, nowMs)
  const pending = await tellAll(request, [
    ...removed.users.flatMap((user) =>
      on(removed.accounts, `user:${user.userId}`, userPolicy(user)),
    ),
    ...withAccounts(removed.keys, removed.accounts).map(({ key, account }) => {
      return { account, row: keyPolicy(key) }
    }),
    ...removed.members.flatMap((member) =>
      on(removed.accounts, `team:${member.teamId}`, memberPolicy(member)),
    ),
  ])
  return { count: removed.users.length, pending }
}

/** A user without an account has no ledger that could be told. */
function on(accounts: readonly AccountRow[], accountId: string, row: PolicyRow) {
  return accounts
    .filter((account) => account.accountId === accountId)
    .map((account) => {
      return { account, row }
    })
}

async function missing({ db, input }: RemoveUsers) {
  const there = new Set((await listUsers(db, input.user_ids)).map(({ user }) => user.userId))
  return noUser(input.user_ids.find((userId) => !there.has(userId)) ?? null)
}
