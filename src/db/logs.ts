import { sql } from 'drizzle-orm'
import { accounts, spendLogs } from '../../drizzle/schema.ts'
import { parsePico, type Pico } from '../money.ts'
import type { AccountRef } from './accounts.ts'
import type { Db } from './connect.ts'

const PICO_DIGITS = 12

export interface LogSum {
  readonly logsPico: Pico
  /** Postgres' own copy of the account's spend, read in the same statement. */
  readonly spend: string
  readonly spendWindowMs: number
}

/** What an account's log rows since `startMs` come to. */
export async function sumLogs(db: Db, ref: AccountRef, startMs: number): Promise<LogSum> {
  const start = new Date(startMs).toISOString()
  const { rows } = await db.execute<{ logs: string; spend: string; window_ms: string }>(sql`
    select
      (select coalesce(sum(spend_pico), 0)::text from ${spendLogs}
        where account_id = ${ref.accountId} and generation = ${ref.generation}
          and ended_at >= ${start}::timestamptz) as logs,
      spend::text as spend,
      (extract(epoch from spend_window_at) * 1000)::bigint::text as window_ms
    from ${accounts} where account_id = ${ref.accountId}`)
  const [row] = rows
  if (!row) throw new Error(`no such account: ${ref.accountId}`)
  const logsPico = parsePico(`${row.logs}e-${PICO_DIGITS}`)
  return { logsPico, spend: row.spend, spendWindowMs: Number(row.window_ms) }
}

/** Accounts that spent since `day`, in order of id, after `cursor`. */
export async function activeAccounts(
  db: Db,
  by: { readonly day: string; readonly cursor: string; readonly limit: number },
): Promise<(typeof accounts.$inferSelect)[]> {
  return db
    .select()
    .from(accounts)
    .where(
      sql`${accounts.accountId} > ${by.cursor} and ${accounts.accountId} in
        (select account_id from daily_spend where day >= ${by.day}::date)`,
    )
    .orderBy(accounts.accountId)
    .limit(by.limit)
}
