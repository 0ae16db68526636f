import { and, eq, gte, sql } from 'drizzle-orm'
import { dailySpend } from '../../drizzle/schema.ts'
import type { Pico } from '../money.ts'
import type { Db } from './connect.ts'

const DAY_MS = 86_400_000

interface Whose {
  readonly accountId: string
  /** Of one key only. */
  readonly keyHash?: string
}

/**
 * What was spent in the last 24 hours, from the sums of days in UTC: today's, and of yesterday's the
 * share of it that is not longer ago.
 */
export async function spentLastDay(db: Db, whose: Whose, nowMs: number): Promise<Pico> {
  const todayMs = Math.floor(nowMs / DAY_MS) * DAY_MS
  const [today, yesterday] = [todayMs, todayMs - DAY_MS].map((ms) =>
    new Date(ms).toISOString().slice(0, 10),
  )
  const share = 1 - (nowMs - todayMs) / DAY_MS
  const { accountId, keyHash } = whose
  const weight = sql`case when ${dailySpend.day} = ${today} then 1 else ${share}::numeric end`
  const [row] = await db
    .select({ pico: sql<string>`coalesce(trunc(sum(${dailySpend.spendPico} * ${weight})), 0)` })
    .from(dailySpend)
    .where(
      and(
        gte(dailySpend.day, yesterday ?? ''),
        eq(dailySpend.accountId, accountId),
        keyHash === undefined ? undefined : eq(dailySpend.keyHash, keyHash),
      ),
    )
  return BigInt(row?.pico ?? 0)
}

/** What a key has spent since it was made, in all accounts that it was in. May lag seconds. */
export async function spentEver(db: Db, keyHash: string): Promise<Pico> {
  const [row] = await db
    .select({ pico: sql<string>`coalesce(sum(${dailySpend.spendPico}), 0)::text` })
    .from(dailySpend)
    .where(eq(dailySpend.keyHash, keyHash))
  return BigInt(row?.pico ?? 0)
}
