import { and, asc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import { accounts, budgets, keys } from '../../drizzle/schema.ts'
import { type AccountRow, lockAccounts } from './accounts.ts'
import { changed } from './change.ts'
import type { Db } from './connect.ts'
import { deletion } from './deletion.ts'
import { type LimitChanges, limitSet } from './limits.ts'
import { noteBudgetsOfKeys } from './tellings.ts'
import type { Now } from '../windows.ts'

export type BudgetRow = typeof budgets.$inferSelect

/** A budget row that was written, and every account whose keys name it. */
export interface WrittenBudget {
  readonly budget: BudgetRow
  readonly accounts: readonly AccountRow[]
}

/** Null if the id is taken. The id of a deleted row starts anew, for the keys that still name it. */
export async function insertBudget(
  db: Db,
  row: typeof budgets.$inferInsert,
): Promise<WrittenBudget | null> {
  const insert = db
    .insert(budgets)
    .values(row)
    .onConflictDoUpdate({
      target: budgets.budgetId,
      set: { ...row, deletedAt: null, version: sql`nextval('policy_version')` },
      setWhere: isNotNull(budgets.deletedAt),
    })
    .returning()
  const { lock, note, owners } = around(db, row.budgetId)
  const [, [budget], , owning] = await db.batch([lock, insert, note, owners])
  return budget ? { budget, accounts: owning } : null
}

interface UpdateBudget extends Now {
  readonly budgetId: string
  readonly changes: LimitChanges
  readonly by: string
}

/** Null if there is no such row. */
export async function updateBudget(db: Db, update: UpdateBudget): Promise<WrittenBudget | null> {
  const { budgetId, changes, by, nowMs } = update
  const set = { ...limitSet(budgets, changes, update), ...changed(by, nowMs) }
  const named = and(eq(budgets.budgetId, budgetId), isNull(budgets.deletedAt))
  const { lock, note, owners } = around(db, budgetId)
  const write = db.update(budgets).set(set).where(named).returning()
  const [, [budget], , owning] = await db.batch([lock, write, note, owners])
  return budget ? { budget, accounts: owning } : null
}

/** One that was deleted before is returned too, so that the call can be repeated. */
export async function deleteBudget(db: Db, budgetId: string): Promise<WrittenBudget | null> {
  const named = eq(budgets.budgetId, budgetId)
  const { lock, note, owners } = around(db, budgetId)
  const mark = db.update(budgets).set(deletion(budgets.deletedAt)).where(named).returning()
  const [, [budget], , owning] = await db.batch([lock, mark, note, owners])
  return budget ? { budget, accounts: owning } : null
}

/** Every change is made behind the lock on each account whose keys name the budget. */
function around(db: Db, budgetId: string) {
  const naming = inArray(
    accounts.accountId,
    db
      .select({ id: keys.accountId })
      .from(keys)
      .where(and(eq(keys.budgetId, budgetId), isNull(keys.deletedAt))),
  )
  return {
    lock: lockAccounts(db, naming),
    note: noteBudgetsOfKeys(db, eq(keys.budgetId, budgetId)),
    owners: db.select().from(accounts).where(naming).orderBy(asc(accounts.accountId)),
  }
}

/** Those of these ids that are there; without ids all, oldest first. */
export async function listBudgets(db: Db, ids?: readonly string[]): Promise<BudgetRow[]> {
  return db
    .select()
    .from(budgets)
    .where(and(isNull(budgets.deletedAt), ids ? inArray(budgets.budgetId, [...ids]) : undefined))
    .orderBy(asc(budgets.createdAt), asc(budgets.budgetId))
    .limit(BUDGETS_MAX)
}

export async function getBudget(db: Db, budgetId: string): Promise<BudgetRow | null> {
  return (await listBudgets(db, [budgetId]))[0] ?? null
}

const BUDGETS_MAX = 10_000
