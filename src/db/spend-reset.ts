import { and, eq, exists, gte, isNull, sql } from 'drizzle-orm'
import { accounts, keys, memberships } from '../../drizzle/schema.ts'
import { type Pico, picoToDecimal } from '../money.ts'
import { type AccountRef, lockAccounts } from './accounts.ts'
import type { Db } from './connect.ts'

interface LowerCopy {
  readonly account: AccountRef
  readonly row: { readonly kind: 'key' | 'member'; readonly id: string }
  readonly toPico: Pico
}

/** Lowers Postgres' copy of a spend while it is the only one. Whether it is, and was written. */
export async function lowerCopy(db: Db, { account, row, toPico }: LowerCopy): Promise<boolean> {
  const { accountId, generation } = account
  const spend = picoToDecimal(toPico)
  const mine = eq(accounts.accountId, accountId)
  const hasNoLedger = exists(
    db
      .select({ one: sql`1` })
      .from(accounts)
      .where(and(mine, eq(accounts.generation, generation), eq(accounts.ledgerEpoch, 0))),
  )
  const [, written] = await db.batch([
    lockAccounts(db, mine),
    row.kind === 'key'
      ? db
          .update(keys)
          .set({ spend })
          .where(
            and(
              eq(keys.token, row.id),
              eq(keys.accountId, accountId),
              isNull(keys.moving),
              gte(keys.spend, spend),
              hasNoLedger,
            ),
          )
          .returning({ spend: keys.spend })
      : db
          .update(memberships)
          .set({ spend })
          .where(
            and(
              eq(memberships.userId, row.id),
              eq(sql`'team:' || ${memberships.teamId}`, accountId),
              gte(memberships.spend, spend),
              hasNoLedger,
            ),
          )
          .returning({ spend: memberships.spend }),
  ])
  return written.length > 0
}
