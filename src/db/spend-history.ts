import { and, eq, gte, lt, ne, sql } from 'drizzle-orm'
import { spendLogs } from '../../drizzle/schema.ts'
import type { Pico } from '../money.ts'
import type { AccountRef } from './accounts.ts'
import type { Db } from './connect.ts'

interface Stretch {
  readonly account: AccountRef
  /** Of one key only, whoever paid for it. */
  readonly keyHash: string | null
  readonly fromMs: number
  readonly untilMs: number
}

/** What calls cost that ended in a stretch of time, by the model group that they asked for. */
export async function spentBetween(db: Db, stretch: Stretch): Promise<ReadonlyMap<string, Pico>> {
  const { account, keyHash, fromMs, untilMs } = stretch
  const whose =
    keyHash === null
      ? and(
          eq(spendLogs.accountId, account.accountId),
          eq(spendLogs.generation, account.generation),
        )
      : eq(spendLogs.keyHash, keyHash)
  const rows = await db
    .select({ model: spendLogs.modelGroup, pico: sql<string>`sum(${spendLogs.spendPico})` })
    .from(spendLogs)
    .where(
      and(
        whose,
        gte(spendLogs.endedAt, new Date(fromMs)),
        lt(spendLogs.endedAt, new Date(untilMs)),
        ne(spendLogs.state, 'adjusted'),
      ),
    )
    .groupBy(spendLogs.modelGroup)
  return new Map(rows.map(({ model, pico }) => [model ?? '', BigInt(pico)]))
}
