import { and, gte, lte, sql } from 'drizzle-orm'
import { dailyRefusals } from '../../drizzle/schema.ts'
import type { AccountRef } from './accounts.ts'
import type { Db } from './connect.ts'

/** How many calls were refused on a day in UTC. */
export interface DayRefusals {
  readonly day: string
  readonly calls: number
}

/** What an account's ledger has counted so far. May be repeated: counts only grow. */
export async function writeRefusals(
  db: Db,
  { accountId, generation }: AccountRef,
  days: readonly DayRefusals[],
): Promise<void> {
  const { day, accountId: account, generation: nth, calls } = dailyRefusals
  await db
    .insert(dailyRefusals)
    .values(days.map((one) => ({ ...one, accountId, generation })))
    .onConflictDoUpdate({
      target: [day, account, nth],
      set: { calls: sql`greatest(${calls}, excluded.calls)` },
    })
}

/** Of all accounts together; both days are included. */
export async function refusalsByDay(
  db: Db,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<DayRefusals[]> {
  const { day, calls } = dailyRefusals
  return db
    .select({ day, calls: sql<number>`sum(${calls})`.mapWith(Number) })
    .from(dailyRefusals)
    .where(and(gte(day, from), lte(day, to)))
    .groupBy(day)
}
