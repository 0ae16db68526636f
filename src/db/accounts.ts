import { and, desc, eq, gt, inArray, isNotNull, ne, or, type SQL, sql } from 'drizzle-orm'
import {
  accounts,
  budgets,
  keys,
  memberships,
  teams,
  tellings,
  users,
  windowSpends,
} from '../../drizzle/schema.ts'
import { unlimitedRow } from '../ledger/policy.ts'
import { scopeOf } from '../ledger/scopes.ts'
import type { Opening, OpeningSpend } from '../ledger/types.ts'
import { parsePico } from '../money.ts'
import type { Db } from './connect.ts'
import { budgetPolicy, keyPolicy, memberPolicy, teamPolicy, userPolicy } from './policy.ts'

export type AccountRow = typeof accounts.$inferSelect

export interface AccountRef {
  readonly accountId: string
  readonly generation: number
}

/** Of each kind of row that an opening has; what spent most goes first. */
const OPENING_ROWS_MAX = 20_000
/** Longer than any cache keeps a row. */
const CACHED_MAX = sql`now() - interval '25 hours'`
/** What a key did longer ago counts for no rate. */
const TRAFFIC_MAX = sql`now() - interval '60 seconds'`

/**
 * Claims the next epoch of an account for a new ledger and reads what that ledger takes over.
 * One batch: the reads come after the account's row is locked, so an admin write that found no
 * ledger to tell is in them. Null if there is no such account (or generation) any more.
 */
export async function openAccount(db: Db, ref: AccountRef): Promise<Opening | null> {
  const { accountId, generation } = ref
  const claim = db
    .update(accounts)
    .set({ ledgerEpoch: sql`${accounts.ledgerEpoch} + 1` })
    .where(and(eq(accounts.accountId, accountId), eq(accounts.generation, generation)))
    .returning()
  const ofTeam = db
    .select()
    .from(teams)
    .where(eq(teams.teamId, idOf(accountId, 'team')))
  const ofUser = db
    .select()
    .from(users)
    .where(eq(users.userId, idOf(accountId, 'user')))
  const [
    [account],
    [team],
    [user],
    ofKeys,
    spentMembers,
    ofWindows,
    keyRows,
    memberRows,
    budgetRows,
    traffic,
  ] = await db.batch([claim, ofTeam, ofUser, ...spends(db, ref), ...changes(db, ref)])
  if (!account) return null

  const ofMembers = spentMembers.map((row) => {
    return spendOf(scopeOf({ kind: 'member', id: row.userId }), 'main', row)
  })
  const memberScopes = new Set(ofMembers.map(({ scope }) => scope))
  const furtherWindows = ofWindows.map((row) => spendOf(row.scope, row.budget, row))
  const policy = team ? teamPolicy(team) : user ? userPolicy(user) : null
  return {
    epoch: account.ledgerEpoch,
    account: policy ?? unlimitedRow('account', accountId),
    spends: [
      spendOf('account', 'main', account),
      ...ofKeys.map((row) => spendOf(scopeOf({ kind: 'key', id: row.token }), 'main', row)),
      ...ofMembers,
      // Of who became a member later, the member's row is the newer one.
      ...furtherWindows.filter(
        ({ scope, budget }) => budget !== 'main' || !memberScopes.has(scope),
      ),
    ].filter(({ spentPico }) => spentPico !== 0n),
    changed: [
      ...keyRows.map(keyPolicy),
      ...memberRows.map(memberPolicy),
      ...budgetRows.map(budgetPolicy),
    ],
    traffic: traffic.flatMap((row) => row.traffic ?? []),
  }
}

/** Where keys, members and further windows of the account stand. */
function spends(db: Db, { accountId, generation }: AccountRef) {
  const ofKeys = db
    .select({ token: keys.token, ...spentOf(keys) })
    .from(keys)
    .where(and(eq(keys.accountId, accountId), ne(keys.spend, '0')))
    .orderBy(desc(keys.spend))
    .limit(OPENING_ROWS_MAX)
  const wasWritten = or(ne(memberships.spend, '0'), gt(memberships.spendSeq, 0))
  const ofMembers = db
    .select({ userId: memberships.userId, ...spentOf(memberships) })
    .from(memberships)
    .where(and(eq(memberships.teamId, idOf(accountId, 'team')), wasWritten))
    .orderBy(desc(memberships.spend))
    .limit(OPENING_ROWS_MAX)
  const ofWindows = db
    .select()
    .from(windowSpends)
    .where(
      and(
        eq(windowSpends.accountId, accountId),
        eq(windowSpends.generation, generation),
        ne(windowSpends.spend, '0'),
      ),
    )
    .orderBy(desc(windowSpends.spend))
    .limit(OPENING_ROWS_MAX)
  return [ofKeys, ofMembers, ofWindows] as const
}

function spentOf<T extends typeof keys | typeof memberships>(table: T) {
  const { spend, spendWindowAt, spendWindowEndAt } = table
  return { spend, spendWindowAt, spendWindowEndAt }
}

/**
 * What changed while there was no ledger to tell, keys that left among it, and what keys that came
 * here bring along.
 */
function changes(db: Db, { accountId, generation }: AccountRef) {
  const isMine = eq(keys.accountId, accountId)
  const left = db
    .select({ token: tellings.rowId })
    .from(tellings)
    .where(
      and(
        eq(tellings.accountId, accountId),
        eq(tellings.generation, generation),
        eq(tellings.kind, 'key'),
      ),
    )
  const teamId = idOf(accountId, 'team')
  const keyRows = db
    .select()
    .from(keys)
    .where(or(and(isMine, isRecent(keys)), inArray(keys.token, left)))
    .orderBy(desc(keys.updatedAt))
    .limit(OPENING_ROWS_MAX)
  const memberRows = db
    .select()
    .from(memberships)
    .where(and(eq(memberships.teamId, teamId), isRecent(memberships)))
    .orderBy(desc(memberships.updatedAt))
    .limit(OPENING_ROWS_MAX)
  const named = db.select({ id: keys.budgetId }).from(keys).where(isMine)
  const budgetRows = db
    .select()
    .from(budgets)
    .where(and(inArray(budgets.budgetId, named), isRecent(budgets)))
    .orderBy(desc(budgets.updatedAt))
    .limit(OPENING_ROWS_MAX)
  const traffic = db
    .select({ traffic: keys.traffic })
    .from(keys)
    .where(and(isMine, gt(keys.updatedAt, TRAFFIC_MAX), isNotNull(keys.traffic)))
    .limit(OPENING_ROWS_MAX)
  return [keyRows, memberRows, budgetRows, traffic] as const
}

/** Deleted, or changed since it was made: a row that is only new is in no cache. */
function isRecent(table: typeof keys | typeof memberships | typeof budgets): SQL | undefined {
  const isChanged = gt(table.updatedAt, table.createdAt)
  return or(gt(table.deletedAt, CACHED_MAX), and(gt(table.updatedAt, CACHED_MAX), isChanged))
}

type SpentRow = Pick<AccountRow, 'spend' | 'spendWindowAt' | 'spendWindowEndAt'>

function spendOf(scope: string, budget: string, row: SpentRow): OpeningSpend {
  const [startMs, endMs] = [row.spendWindowAt.getTime(), row.spendWindowEndAt?.getTime() ?? null]
  return { scope, budget, startMs, endMs, spentPico: parsePico(row.spend) }
}

function idOf(accountId: string, kind: 'team' | 'user'): string {
  return accountId.startsWith(`${kind}:`) ? accountId.slice(kind.length + 1) : ''
}

/**
 * For the head of a batch: everybody locks accounts in this order, before what belongs to them, so
 * that no two writers wait for each other, and a ledger that opens next sees the change.
 */
export function lockAccounts(db: Db, which: SQL) {
  return db
    .select({ accountId: accounts.accountId })
    .from(accounts)
    .where(which)
    .orderBy(accounts.accountId)
    .for('update')
}

/** Whether Postgres answers at all. */
export async function ping(db: Db): Promise<boolean> {
  try {
    await db.execute(sql`select 1`)
    return true
  } catch {
    return false
  }
}
