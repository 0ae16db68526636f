import { and, eq, inArray, isNull, or, type SQL, sql } from 'drizzle-orm'
import {
  accounts,
  budgets,
  keySecrets,
  keys,
  memberships,
  teams,
  users,
} from '../../drizzle/schema.ts'
import { unlimitedRow } from '../ledger/policy.ts'
import type { PolicyRow } from '../ledger/policy.ts'
import { type AccountRow, lockAccounts } from './accounts.ts'
import type { Db } from './connect.ts'
import { keyDeletion } from './deletion.ts'
import { tokenOf, tokensOf } from './key-secrets.ts'
import {
  budgetPolicy,
  keyPolicy,
  memberPolicy,
  plainMember,
  teamPolicy,
  userPolicy,
} from './policy.ts'
import { noteChangedKeys } from './tellings.ts'

export type KeyRow = typeof keys.$inferSelect

/** All that a request with this key is decided on. */
export interface KeyRecord {
  readonly hash: string
  readonly name: string
  readonly alias: string | null
  readonly teamId: string | null
  readonly teamAlias: string | null
  readonly userId: string | null
  readonly accountId: string
  readonly generation: number
  readonly key: PolicyRow
  readonly account: PolicyRow
  /** The user in the team, for a key of both; absent in what an older Worker kept. */
  readonly member?: PolicyRow | null
  /** The shared budget that the key names, if there is one; absent likewise. */
  readonly budget?: PolicyRow | null
  /** Of a token's list of teams, which is no key: those that are there. */
  readonly teams?: readonly PolicyRow[]
}

/**
 * A key with all rows that limit it, in one statement; null if there is no such key. One that is
 * moving is paid for by its present account until it has moved.
 */
export async function findKey(db: Db, hash: string): Promise<KeyRecord | null> {
  const [found] = await db
    .select({
      key: keys,
      account: accounts,
      team: teams,
      user: users,
      member: memberships,
      budget: budgets,
    })
    .from(keys)
    .innerJoin(accounts, eq(accounts.accountId, keys.accountId))
    .leftJoin(teams, eq(teams.teamId, keys.teamId))
    .leftJoin(users, eq(users.userId, keys.userId))
    .leftJoin(
      memberships,
      and(eq(memberships.userId, keys.userId), eq(memberships.teamId, keys.teamId)),
    )
    .leftJoin(budgets, and(eq(budgets.budgetId, keys.budgetId), isNull(budgets.deletedAt)))
    .where(and(eq(keys.token, tokenOf(hash)), isNull(keys.deletedAt)))
  if (!found) return null
  const { key, account, team, user, member, budget } = found
  return {
    hash,
    name: key.keyName,
    alias: key.keyAlias,
    teamId: key.teamId,
    teamAlias: team?.teamAlias ?? null,
    userId: key.userId,
    accountId: account.accountId,
    generation: account.generation,
    key: keyPolicy(key),
    account: accountPolicy(account.accountId, team, user),
    member: member ? memberPolicy(member) : absentMember(key),
    budget: budget && budgetPolicy(budget),
  }
}

function absentMember({ teamId, userId }: KeyRow): PolicyRow | null {
  return teamId !== null && userId !== null ? plainMember(userId) : null
}

function accountPolicy(
  accountId: string,
  team: typeof teams.$inferSelect | null,
  user: typeof users.$inferSelect | null,
): PolicyRow {
  if (team) return teamPolicy(team)
  return user ? userPolicy(user) : unlimitedRow('account', accountId)
}

export async function listTeamKeys(db: Db, teamId: string): Promise<KeyRow[]> {
  return db
    .select()
    .from(keys)
    .where(and(eq(keys.teamId, teamId), isNull(keys.deletedAt)))
    .orderBy(keys.createdAt)
    .limit(TEAM_KEYS_MAX)
}

const TEAM_KEYS_MAX = 1_000

/**
 * One batch: the key, and its account if it is the first to use it. What is or was a secret of
 * another key violates a unique constraint.
 */
export async function insertKey(db: Db, key: typeof keys.$inferInsert): Promise<KeyRow> {
  const account = db.insert(accounts).values({ accountId: key.accountId }).onConflictDoNothing()
  // So that a change of the budget row comes before this, or finds this key.
  const budget = db
    .select()
    .from(budgets)
    .where(eq(budgets.budgetId, key.budgetId ?? ''))
  const secret = db.insert(keySecrets).values({ hash: key.token, token: key.token })
  const insert = db.insert(keys).values(key).returning()
  const [, , , [row]] = await db.batch([account, budget.for('share'), secret, insert])
  if (!row) throw new Error('the key was not inserted')
  return row
}

/** Keys by any of their hashes or by their aliases. */
export interface NamedKeys {
  readonly hashes: readonly string[]
  readonly aliases: readonly string[]
}

/** Deleted ones too. */
export function listNamedKeys(db: Db, by: NamedKeys): Promise<KeyRow[]> {
  return db.select().from(keys).where(isNamed(by))
}

interface DeleteKeys extends NamedKeys {
  /** Rows as whoever is asking was allowed to delete them; if one has changed, none is deleted. */
  readonly known?: readonly Pick<KeyRow, 'token' | 'version'>[]
}

/**
 * Marks keys as deleted, each with a new version for its ledger to be told. Locks their accounts
 * first, so that a ledger that opens now sees the deletion. Keys deleted before are returned too,
 * so that a delete whose telling failed can be repeated.
 */
export async function deleteKeys(db: Db, { known, ...by }: DeleteKeys) {
  const named = isNamed(by)
  const owning = inArray(
    accounts.accountId,
    db.select({ id: keys.accountId }).from(keys).where(named),
  )
  const isAsKnown = known && areOnly(known, named)
  const mark = db.update(keys).set(keyDeletion()).where(and(named, isAsKnown)).returning()
  const owners = db.select().from(accounts).where(owning)
  const [, rows, , accountRows] = await db.batch([
    lockAccounts(db, owning),
    mark,
    noteChangedKeys(db, named),
    owners,
  ])
  return withAccounts(rows, accountRows)
}

function isNamed({ hashes, aliases }: NamedKeys): SQL {
  return (
    or(inArray(keys.token, tokensOf(hashes)), inArray(keys.keyAlias, [...aliases])) ?? sql`false`
  )
}

function areOnly(known: NonNullable<DeleteKeys['known']>, named: SQL): SQL {
  const rows = JSON.stringify(known.map(({ token, version }) => ({ token, version })))
  return sql`not exists (select 1 from ${keys} where ${named} and (${keys.token}, ${keys.version})
    not in (select token, version from jsonb_to_recordset(${rows}::jsonb)
      as known(token text, version bigint)))`
}

/** Each key with the account that pays for it. */
export function withAccounts(rows: readonly KeyRow[], owners: readonly AccountRow[]) {
  const byId = new Map(owners.map((account) => [account.accountId, account]))
  return rows.flatMap((key) => {
    const account = byId.get(key.accountId)
    return account ? [{ key, account }] : []
  })
}
