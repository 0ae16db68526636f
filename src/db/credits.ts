import { and, eq, sql } from 'drizzle-orm'
import { accounts, keys, spendLogs } from '../../drizzle/schema.ts'
import { parsePico, type Pico, picoToDecimal } from '../money.ts'
import { type AccountRef, lockAccounts } from './accounts.ts'
import type { Db } from './connect.ts'

interface Credit {
  readonly account: AccountRef
  readonly row: { readonly kind: 'account' | 'key'; readonly id: string }
  readonly pico: Pico
  /** Of the log row. */
  readonly entryId: string
  /** The client's own. */
  readonly creditId: string | null
  readonly nowMs: number
}

/** Whether this credit is in the logs. The client's id may be there for other rows, too. */
export async function hasCredit(
  db: Db,
  { entryId, creditId }: Pick<Credit, 'entryId' | 'creditId'>,
): Promise<boolean> {
  if (creditId === null) return false
  const [row] = await db
    .select({ entryId: spendLogs.entryId })
    .from(spendLogs)
    // By both: the client's id has an index.
    .where(and(eq(spendLogs.callId, creditId), eq(spendLogs.entryId, entryId)))
    .limit(1)
  return row !== undefined
}

interface Credited {
  /** Null: it was credited before. */
  readonly beforePico: Pico | null
}

/**
 * Writes a credit while there is no ledger that would: the log row, and Postgres' copy of the spend
 * with it, once per entry. Null if there is a ledger.
 */
export async function creditCopy(db: Db, credit: Credit): Promise<Credited | null> {
  const { account, row, pico, entryId, creditId, nowMs } = credit
  const { accountId, generation } = account
  const now = sql`${new Date(nowMs).toISOString()}::timestamptz`
  const isAccount = row.kind === 'account'
  const table = isAccount ? accounts : keys
  const named = isAccount
    ? sql`account_id = ${accountId}`
    : sql`token = ${row.id} and account_id = ${accountId} and moving is null`
  const [, written] = await db.batch([
    lockAccounts(db, eq(accounts.accountId, accountId)),
    db.execute<{ done: boolean; after: string | null }>(sql`
      with owning as (
        select account_id from ${accounts} where account_id = ${accountId}
          and generation = ${generation} and ledger_epoch = 0
          and exists (select 1 from ${table} where ${named})
      ), logged as (
        insert into ${spendLogs} (day, entry_id, revision, account_id, generation, state,
          started_at, ended_at, spend_pico, key_hash, call_type, call_id, status, detail)
        select (${now} at time zone 'utc')::date, ${entryId}, 0, account_id, ${generation}::int,
          'adjusted', ${now}, ${now}, ${isAccount ? String(-pico) : '0'}::bigint,
          ${isAccount ? null : row.id}::text, 'credit', ${creditId}::text, 'success', '{}'
        from owning on conflict do nothing returning 1
      ), credited as (
        update ${table} set spend = spend - ${picoToDecimal(pico)}::numeric
        where ${named} and exists (select 1 from logged) returning spend
      )
      select exists (select 1 from owning) as done, (select spend::text from credited) as after`),
  ])
  const [{ done, after } = { done: false, after: null }] = written.rows
  return done ? { beforePico: after === null ? null : parsePico(after) + pico } : null
}
