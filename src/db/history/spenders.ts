import { and, desc, eq, isNull, sql } from 'drizzle-orm'
import { accounts, keys, users } from '../../../drizzle/schema.ts'
import type { Db } from '../connect.ts'

interface Which {
  readonly userId?: string | undefined
  readonly keyHash?: string | undefined
  readonly limit: number
}

/** Keys; what spent most, as Postgres has it, first. */
export function keysBySpend(db: Db, { userId, keyHash, limit }: Which) {
  return db
    .select()
    .from(keys)
    .where(
      and(
        isNull(keys.deletedAt),
        userId === undefined ? undefined : eq(keys.userId, userId),
        keyHash === undefined ? undefined : eq(keys.token, keyHash),
      ),
    )
    .orderBy(desc(keys.spend), keys.token)
    .limit(limit)
}

/** Ids of users; whose account, which pays for their keys without a team, spent most first. */
export async function usersBySpend(db: Db, { userId, limit }: Which): Promise<string[]> {
  const rows = await db
    .select({ userId: users.userId })
    .from(users)
    .leftJoin(accounts, eq(accounts.accountId, sql`'user:' || ${users.userId}`))
    .where(
      and(isNull(users.deletedAt), userId === undefined ? undefined : eq(users.userId, userId)),
    )
    .orderBy(sql`${accounts.spend} desc nulls last`, users.userId)
    .limit(limit)
  return rows.map((row) => row.userId)
}
