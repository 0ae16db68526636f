import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  ilike,
  inArray,
  isNotNull,
  isNull,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import { budgets, keys, memberships } from '../../drizzle/schema.ts'
import type { BudgetRow } from './budgets.ts'
import type { Db } from './connect.ts'
import { tokenOf, tokensOf } from './key-secrets.ts'
import type { KeyRow } from './keys.ts'

/** What a list may be sorted by, in LiteLLM's words. */
export const SORTED_BY = {
  spend: keys.spend,
  max_budget: keys.maxBudget,
  created_at: keys.createdAt,
  updated_at: keys.updatedAt,
  token: keys.token,
  key_alias: keys.keyAlias,
} as const

/** Whose keys: a user's own, and what else counts as theirs. */
export interface KeysOf {
  readonly userId: string
  /** Those of every team that they are an admin of. */
  readonly withTeams: boolean
  /** Those that they made for others. */
  readonly withCreated: boolean
}

export interface KeyFilter {
  /** Null: everybody's. */
  readonly of: KeysOf | null
  readonly teamId?: string | undefined
  readonly hash?: string | undefined
  readonly alias?: string | undefined
  readonly isDeleted?: boolean
}

interface Page {
  readonly limit: number
  readonly offset: number
}

export interface ListedKey {
  readonly key: KeyRow
  /** The shared budget row that it names. */
  readonly budget: BudgetRow | null
}

interface ListKeys extends Page {
  readonly filter: KeyFilter
  readonly sortBy: keyof typeof SORTED_BY
  readonly isAscending: boolean
}

/** One page, and how many there are in all. */
export async function listKeys(
  db: Db,
  { filter, sortBy, isAscending, limit, offset }: ListKeys,
): Promise<{ readonly keys: ListedKey[]; readonly total: number }> {
  const where = matches(filter)
  const column = SORTED_BY[sortBy]
  const order = isAscending ? sql`${column} asc nulls last` : sql`${column} desc nulls last`
  const [rows, total] = await db.batch([
    withBudgets(db).where(where).orderBy(order, keys.token).limit(limit).offset(offset),
    db
      .select({ count: sql<number>`count(*)::int` })
      .from(keys)
      .where(where),
  ])
  return { keys: rows, total: total[0]?.count ?? 0 }
}

/** Names of keys that contain this text, each once. */
export async function listAliases(
  db: Db,
  { filter, text, limit, offset }: Page & { readonly filter: KeyFilter; readonly text: string },
): Promise<{ readonly aliases: string[]; readonly total: number }> {
  const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
  const where = and(matches(filter), isNotNull(keys.keyAlias), ilike(keys.keyAlias, pattern))
  const [rows, total] = await db.batch([
    db
      .select({ alias: keys.keyAlias })
      .from(keys)
      .where(where)
      .orderBy(asc(keys.keyAlias))
      .limit(limit)
      .offset(offset),
    db
      .select({ count: sql<number>`count(*)::int` })
      .from(keys)
      .where(where),
  ])
  return { aliases: rows.flatMap(({ alias }) => alias ?? []), total: total[0]?.count ?? 0 }
}

/** Those that are there, newest first. */
export function findKeys(db: Db, hashes: readonly string[]): Promise<ListedKey[]> {
  const named = and(inArray(keys.token, tokensOf(hashes)), isNull(keys.deletedAt))
  return withBudgets(db).where(named).orderBy(desc(keys.createdAt), keys.token)
}

function withBudgets(db: Db) {
  return db
    .select({ key: getTableColumns(keys), budget: getTableColumns(budgets) })
    .from(keys)
    .leftJoin(budgets, and(eq(budgets.budgetId, keys.budgetId), isNull(budgets.deletedAt)))
}

function matches({ of, teamId, hash, alias, isDeleted = false }: KeyFilter): SQL | undefined {
  return and(
    isDeleted ? isNotNull(keys.deletedAt) : isNull(keys.deletedAt),
    of === null ? undefined : isOf(of),
    teamId === undefined ? undefined : eq(keys.teamId, teamId),
    hash === undefined ? undefined : eq(keys.token, tokenOf(hash)),
    alias === undefined ? undefined : eq(keys.keyAlias, alias),
  )
}

function isOf({ userId, withTeams, withCreated }: KeysOf): SQL | undefined {
  const administered = sql`(select ${memberships.teamId} from ${memberships}
    where ${memberships.userId} = ${userId} and ${memberships.role} = 'admin'
      and ${memberships.deletedAt} is null)`
  return or(
    eq(keys.userId, userId),
    withTeams ? inArray(keys.teamId, administered) : undefined,
    withCreated ? eq(keys.createdBy, userId) : undefined,
  )
}
