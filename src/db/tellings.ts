import { and, asc, eq, isNotNull, or, type SQL, sql } from 'drizzle-orm'
import {
  accounts,
  budgets,
  keys,
  memberships,
  teams,
  tellings,
  users,
} from '../../drizzle/schema.ts'
import type { PolicyRow } from '../ledger/policy.ts'
import type { AccountRef } from './accounts.ts'
import type { Db } from './connect.ts'
import { budgetPolicy, keyPolicy, memberPolicy, teamPolicy, userPolicy } from './policy.ts'

/** A changed row, and the ledger that has to hear of it. */
export interface Telling extends AccountRef {
  readonly row: PolicyRow
  /** The row is a key that has not arrived where it moves to. */
  readonly isMoving: boolean
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

/** The same for users. */
export function noteChangedUsers(db: Db, named: SQL) {
  const id = sql`'user:' || ${users.userId}`
  return note(
    db,
    sql`select ${id} as account_id, 'account' as kind, ${id} as row_id, version
      from ${users} where ${named}`,
  )
}

/** The same for members of teams. */
export function noteChangedMembers(db: Db, named: SQL) {
  return note(
    db,
    sql`select 'team:' || ${memberships.teamId} as account_id, 'member' as kind,
      ${memberships.userId} as row_id, version from ${memberships} where ${named}`,
  )
}

/** For a changed budget row, or for keys that name another one now: one per account with such keys. */
export function noteBudgetsOfKeys(db: Db, named: SQL) {
  return note(
    db,
    sql`select distinct ${keys.accountId} as account_id, 'budget' as kind,
      ${budgets.budgetId} as row_id, ${budgets.version} as version
      from ${keys} join ${budgets} on ${budgets.budgetId} = ${keys.budgetId}
      where ${keys.deletedAt} is null and ${named}`,
  )
}

/** A move that breaks off is found by its telling, so it is noted whether there is a ledger or not. */
export function noteMovingKey(db: Db, named: SQL) {
  return db.execute(sql`
    insert into ${tellings} (account_id, generation, kind, row_id, version)
    select account_id, generation, 'key', token, version
    from ${keys} join ${accounts} using (account_id) where ${named} and moving is not null
    ${replacing}`)
}

/** Without a ledger there is nobody to tell: a later opening sees the change. */
function note(db: Db, rows: SQL) {
  return db.execute(sql`
    insert into ${tellings} (account_id, generation, kind, row_id, version)
    select account_id, generation, kind, row_id, version
    from (${rows}) as changed join ${accounts} using (account_id) where ledger_epoch > 0
    order by account_id, kind, row_id ${replacing}`)
}

const replacing = sql`on conflict (account_id, generation, kind, row_id)
  do update set version = excluded.version`

/** Without one a telling is a note of a key that left, for a ledger that opens later. */
const HAS_LEDGER = sql`exists (select 1 from ${accounts} where ${accounts.accountId} =
  ${tellings.accountId} and ${accounts.generation} = ${tellings.generation} and ledger_epoch > 0)`

const IS_MOVING = sql`(${tellings.kind} = 'key' and exists (select 1 from ${keys}
  where ${keys.token} = ${tellings.rowId} and moving is not null))`

/** Longer than any cache keeps a row. */
const NOTES_KEPT = sql`interval '25 hours'`

/** Forgets notes that nobody can need any more, unless they are of a key that is on its way. */
export async function forgetNotes(db: Db): Promise<void> {
  await db.execute(sql`
    delete from ${tellings} where created_at < now() - ${NOTES_KEPT} and not ${HAS_LEDGER}
      and not ${IS_MOVING}`)
}

/** The oldest changes that wait to be told, each with its row as it is now. */
export async function pendingTellings(db: Db, limit: number): Promise<Telling[]> {
  const { accountId, kind, rowId } = tellings
  const found = await db
    .select({
      telling: tellings,
      key: keys,
      team: teams,
      user: users,
      member: memberships,
      budget: budgets,
    })
    .from(tellings)
    .leftJoin(keys, and(eq(kind, 'key'), eq(keys.token, rowId)))
    .leftJoin(teams, and(eq(kind, 'account'), eq(sql`'team:' || ${teams.teamId}`, rowId)))
    .leftJoin(users, and(eq(kind, 'account'), eq(sql`'user:' || ${users.userId}`, rowId)))
    .leftJoin(
      memberships,
      and(
        eq(kind, 'member'),
        eq(memberships.userId, rowId),
        eq(memberships.teamId, sql`substr(${accountId}, ${'team:'.length + 1})`),
      ),
    )
    .leftJoin(budgets, and(eq(kind, 'budget'), eq(budgets.budgetId, rowId)))
    .where(or(isNotNull(keys.moving), HAS_LEDGER))
    .orderBy(asc(tellings.createdAt))
    .limit(limit)
  return found.flatMap(({ telling, ...rows }) => {
    const row = policyOf(rows)
    const { accountId: id, generation } = telling
    return row
      ? [{ accountId: id, generation, row, isMoving: (rows.key?.moving ?? null) !== null }]
      : []
  })
}

interface ChangedRows {
  readonly key: typeof keys.$inferSelect | null
  readonly team: typeof teams.$inferSelect | null
  readonly user: typeof users.$inferSelect | null
  readonly member: typeof memberships.$inferSelect | null
  readonly budget: typeof budgets.$inferSelect | null
}

function policyOf({ key, team, user, member, budget }: ChangedRows): PolicyRow | null {
  if (key) return keyPolicy(key)
  if (team) return teamPolicy(team)
  if (user) return userPolicy(user)
  if (member) return memberPolicy(member)
  return budget ? budgetPolicy(budget) : null
}

/**
 * The ledger knows these rows, so they are not noted any more, unless they have changed since. A key
 * that is on its way stays noted until it has arrived: its old ledger may hear of it before.
 */
export async function confirmTellings(db: Db, ref: AccountRef, rows: readonly PolicyRow[]) {
  const told = JSON.stringify(rows.map(({ kind, id, version }) => ({ kind, id, version })))
  await db.execute(sql`
    delete from ${tellings} using jsonb_to_recordset(${told}::jsonb)
      as told(kind text, id text, version bigint)
    where account_id = ${ref.accountId} and generation = ${ref.generation}
      and tellings.kind = told.kind and row_id = told.id and tellings.version <= told.version
      and not ${IS_MOVING}`)
}
