import { and, asc, eq, lte, type SQL, sql } from 'drizzle-orm'
import { accounts, keys, teams, tellings } from '../../drizzle/schema.ts'
import type { PolicyRow } from '../ledger/types.ts'
import type { AccountRef } from './accounts.ts'
import type { Db } from './connect.ts'
import { keyPolicy, teamPolicy } from './policy.ts'

/** A changed row, and the ledger that has to hear of it. */
export interface Telling extends AccountRef {
  readonly row: PolicyRow
}

/** For the batch that changes keys, after the change: what their ledgers have to hear of. */
export function noteChangedKeys(db: Db, named: SQL) {
  return note(
    db,
    sql`select account_id, 'key' as kind, token as row_id, version from ${keys} where ${named}`,
  )
}

/** The same for teams. */
export function noteChangedTeams(db: Db, named: SQL) {
  const id = sql`'team:' || ${teams.teamId}`
  return note(
    db,
    sql`select ${id} as account_id, 'account' as kind, ${id} as row_id, version
      from ${teams} where ${named}`,
  )
}

/** Without a ledger there is nobody to tell: a later opening sees the change. */
function note(db: Db, changed: SQL) {
  return db.execute(sql`
    insert into ${tellings} (account_id, generation, kind, row_id, version)
    select account_id, generation, kind, row_id, version
    from (${changed}) as changed join ${accounts} using (account_id) where ledger_epoch > 0
    on conflict (account_id, generation, kind, row_id) do update set version = excluded.version`)
}

/** The oldest changes that wait to be told, each with its row as it is now. */
export async function pendingTellings(db: Db, limit: number): Promise<Telling[]> {
  const found = await db
    .select({ telling: tellings, key: keys, team: teams })
    .from(tellings)
    .leftJoin(keys, and(eq(tellings.kind, 'key'), eq(keys.token, tellings.rowId)))
    .leftJoin(
      teams,
      and(eq(tellings.kind, 'account'), eq(sql`'team:' || ${teams.teamId}`, tellings.rowId)),
    )
    .orderBy(asc(tellings.createdAt))
    .limit(limit)
  return found.flatMap(({ telling: { accountId, generation }, key, team }) => {
    const row = key ? keyPolicy(key) : team ? teamPolicy(team) : null
    return row ? [{ accountId, generation, row }] : []
  })
}

/** The ledger knows this row, so it is not noted any more, unless it has changed since. */
export async function confirmTelling(db: Db, { accountId, generation, row }: Telling) {
  await db
    .delete(tellings)
    .where(
      and(
        eq(tellings.accountId, accountId),
        eq(tellings.generation, generation),
        eq(tellings.kind, row.kind),
        eq(tellings.rowId, row.id),
        lte(tellings.version, row.version),
      ),
    )
}
