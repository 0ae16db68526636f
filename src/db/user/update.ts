import { and, eq, isNull, sql } from 'drizzle-orm'
import { accounts, users } from '../../../drizzle/schema.ts'
import { type AccountRow, lockAccounts } from '../accounts.ts'
import { changed } from '../change.ts'
import type { Db } from '../connect.ts'
import { type LimitChanges, limitSet } from '../limits.ts'
import { noteChangedUsers } from '../tellings.ts'
import type { UserRow } from '../users.ts'
import type { Now } from '../../windows.ts'
import { isTaken, lockEmail } from './emails.ts'

type Sent<K extends keyof UserRow> = { readonly [Name in K]?: UserRow[Name] | undefined }

/** What is undefined stays. */
export type UserChanges = LimitChanges &
  Sent<'userEmail' | 'userAlias' | 'userRole' | 'ssoUserId' | 'models' | 'metadata'>

interface UpdateUser extends Now {
  readonly userId: string
  readonly changes: UserChanges
  readonly by: string
}

/**
 * One batch behind the lock on the user's account, which is made if they had none: whoever opens its
 * ledger next sees the change. Null if there is no such user, or somebody else has the address.
 */
export async function updateUser(
  db: Db,
  update: UpdateUser,
): Promise<{ readonly user: UserRow; readonly account: AccountRow } | null> {
  const { userId, changes, by, nowMs } = update
  const accountId = `user:${userId}`
  const isSame = eq(users.userId, userId)
  const isFree = sql`not ${isTaken(changes.userEmail, sql`${userId}::text`)}`
  const named = and(isSame, isNull(users.deletedAt), isFree)
  const owning = eq(accounts.accountId, accountId)
  const [, , , [user], , [account]] = await db.batch([
    db.execute(sql`insert into ${accounts} (account_id) select ${accountId}::text
      where exists (select 1 from ${users} where ${isSame}) on conflict do nothing`),
    lockAccounts(db, owning),
    lockEmail(db, changes.userEmail),
    db
      .update(users)
      .set({ ...limitSet(users, changes, update), ...changed(by, nowMs) })
      .where(named)
      .returning(),
    noteChangedUsers(db, isSame),
    db.select().from(accounts).where(owning),
  ])
  return user && account ? { user, account } : null
}
