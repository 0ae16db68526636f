import { and, eq, isNull } from 'drizzle-orm'
import { accounts, budgets, keys, teams, users } from '../../drizzle/schema.ts'
import { type PolicyRow, unlimitedRow } from '../ledger/policy.ts'
import type { AccountRow } from './accounts.ts'
import type { BudgetRow } from './budgets.ts'
import type { Db } from './connect.ts'
import { tokenOf } from './key-secrets.ts'
import type { KeyRow } from './keys.ts'
import { budgetPolicy, keyPolicy, teamPolicy, userPolicy } from './policy.ts'

/** A key's row, deleted ones too, with what it hangs on. */
export interface KeyDetails {
  readonly key: KeyRow
  readonly account: AccountRow
  readonly budget: BudgetRow | null
  /** The key's own row first, then those that it takes limits from. */
  readonly rows: readonly PolicyRow[]
}

/** By any of its hashes. */
export async function getKeyDetails(db: Db, hash: string): Promise<KeyDetails | null> {
  const [found] = await db
    .select({ key: keys, account: accounts, team: teams, user: users, budget: budgets })
    .from(keys)
    .innerJoin(accounts, eq(accounts.accountId, keys.accountId))
    .leftJoin(teams, eq(teams.teamId, keys.teamId))
    .leftJoin(users, and(eq(users.userId, keys.userId), isNull(keys.teamId)))
    .leftJoin(budgets, and(eq(budgets.budgetId, keys.budgetId), isNull(budgets.deletedAt)))
    .where(eq(keys.token, tokenOf(hash)))
  if (!found) return null
  const { key, account, team, user, budget } = found
  const payer = team ? teamPolicy(team) : user ? userPolicy(user) : null
  return {
    key,
    account,
    budget,
    rows: [
      keyPolicy(key),
      payer ?? unlimitedRow('account', account.accountId),
      ...(budget ? [budgetPolicy(budget)] : []),
    ],
  }
}
