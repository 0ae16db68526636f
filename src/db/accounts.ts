import { and, eq, gt, ne, type SQL, sql } from 'drizzle-orm'
import { accounts, keys, teams, users } from '../../drizzle/schema.ts'
import { unlimitedRow } from '../ledger/policy.ts'
import type { Opening } from '../ledger/types.ts'
import { parsePico } from '../money.ts'
import type { Db } from './connect.ts'
import { keyPolicy, teamPolicy, userPolicy } from './policy.ts'

export type AccountRow = typeof accounts.$inferSelect

export interface AccountRef {
  readonly accountId: string
  readonly generation: number
}

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
  const team = db
    .select()
    .from(teams)
    .where(eq(teams.teamId, idOf(accountId, 'team')))
  const user = db
    .select()
    .from(users)
    .where(eq(users.userId, idOf(accountId, 'user')))
  const keySpends = db
    .select({ token: keys.token, spend: keys.spend, spendWindowAt: keys.spendWindowAt })
    .from(keys)
    .where(and(eq(keys.accountId, accountId), ne(keys.spend, '0')))
  const deletedKeys = db
    .select()
    .from(keys)
    .where(and(eq(keys.accountId, accountId), gt(keys.deletedAt, sql`now() - interval '25 hours'`)))
  const [[account], [teamRow], [userRow], spentKeys, deleted] = await db.batch([
    claim,
    team,
    user,
    keySpends,
    deletedKeys,
  ])
  if (!account) return null

  const policy = teamRow ? teamPolicy(teamRow) : userRow ? userPolicy(userRow) : null
  return {
    epoch: account.ledgerEpoch,
    changed: deleted.map(keyPolicy),
    account: policy ?? unlimitedRow('account', accountId),
    spends: [
      spendOf('account', account),
      ...spentKeys.map((key) => spendOf(`key:${key.token}`, key)),
    ].filter(({ spentPico }) => spentPico !== 0n),
  }
}

function spendOf(scope: string, row: { readonly spend: string; readonly spendWindowAt: Date }) {
  const startMs = row.spendWindowAt.getTime()
  return { scope, budget: 'main', startMs, spentPico: parsePico(row.spend) }
}

function idOf(accountId: string, kind: 'team' | 'user'): string {
  return accountId.startsWith(`${kind}:`) ? accountId.slice(kind.length + 1) : ''
}

export async function getAccount(db: Db, accountId: string) {
  const [account] = await db.select().from(accounts).where(eq(accounts.accountId, accountId))
  return account ?? null
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
