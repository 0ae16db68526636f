import { and, asc, eq, lte, sql } from 'drizzle-orm'
import { accounts, keys, teams, tellings } from '../../drizzle/schema.ts'
import type { PolicyRow } from '../ledger/types.ts'
import type { AccountRef } from './accounts.ts'
import type { Db } from './connect.ts'
import { keyPolicy, teamPolicy } from './policy.ts'

/** A changed row, and the ledger that has to hear of it. */
export interface Telling extends AccountRef {
  readonly row: PolicyRow
}

/**
 * For the batch that changes keys, after the change: notes those whose account has a ledger.
 * Without one there is nobody to tell, and a later opening sees the change.
 */
export function noteChangedKeys(db: Db, named: ReturnType<typeof eq>) {
  return db
    .insert(tellings)
    .select(
      db
        .select({
          accountId: accounts.accountId,
          generation: accounts.generation,
          kind: sql<string>`'key'`.as('kind'),
          rowId: keys.token,
          version: keys.version,
          createdAt: sql<Date>`now()`.as('created_at'),
        })
        .from(keys)
        .innerJoin(accounts, eq(accounts.accountId, keys.accountId))
        .where(sql`${named} and ${accounts.ledgerEpoch} > 0`),
    )
    .onConflictDoUpdate(newest)
}

/** The same for teams. */
export function noteChangedTeams(db: Db, named: ReturnType<typeof eq>) {
  return db
    .insert(tellings)
    .select(
      db
        .select({
          accountId: accounts.accountId,
          generation: accounts.generation,
          kind: sql<string>`'account'`.as('kind'),
          rowId: accounts.accountId,
          version: teams.version,
          createdAt: sql<Date>`now()`.as('created_at'),
        })
        .from(teams)
        .innerJoin(accounts, eq(accounts.accountId, sql`'team:' || ${teams.teamId}`))
        .where(sql`${named} and ${accounts.ledgerEpoch} > 0`),
    )
    .onConflictDoUpdate(newest)
}

const newest = {
  target: [tellings.accountId, tellings.generation, tellings.kind, tellings.rowId],
  set: { version: sql`excluded.version` },
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
