import {
  and,
  type AnyColumn,
  count,
  eq,
  gte,
  inArray,
  lte,
  notInArray,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import { dailySpend } from '../../../drizzle/schema.ts'
import type { Pico } from '../../money.ts'
import type { Db } from '../connect.ts'

/** Whose calls: each that is named has to fit. */
export interface Whose {
  readonly accountIds?: readonly string[] | undefined
  readonly userId?: string | undefined
  readonly keyHash?: string | undefined
}

export interface DailyFilter {
  /** Days in UTC, both included. */
  readonly from: string
  readonly to: string
  /** Any of these; absent: everybody's. */
  readonly anyOf?: readonly Whose[] | undefined
  readonly teamsOnly?: boolean | undefined
  readonly exceptAccountIds?: readonly string[] | undefined
  readonly keyHash?: string | undefined
  /** A model, or a group of them. */
  readonly model?: string | undefined
  readonly modelGroups?: readonly string[] | undefined
}

/** What calls come to. */
export interface Metrics {
  readonly pico: Pico
  readonly promptTokens: number
  readonly completionTokens: number
  readonly requests: number
  readonly successful: number
  readonly failed: number
}

const columns = {
  day: dailySpend.day,
  accountId: dailySpend.accountId,
  keyHash: dailySpend.keyHash,
  userId: dailySpend.userId,
  modelGroup: dailySpend.modelGroup,
  model: dailySpend.model,
  provider: dailySpend.provider,
}

export type Dimension = keyof typeof columns

export type DailyRow = Readonly<Record<Dimension, string>> & Metrics

const sums = {
  pico: sum(dailySpend.spendPico, BigInt),
  promptTokens: sum(dailySpend.promptTokens, Number),
  completionTokens: sum(dailySpend.completionTokens, Number),
  requests: sum(dailySpend.requests, Number),
  successful: sum(dailySpend.successfulRequests, Number),
  failed: sum(dailySpend.failedRequests, Number),
}

function sum<T>(column: AnyColumn, read: (text: string) => T) {
  return sql<T>`coalesce(sum(${column}), 0)::text`.mapWith(read)
}

/** What all of it comes to, and of how many rows. */
export async function dailyTotals(db: Db, filter: DailyFilter) {
  const [found] = await db
    .select({ ...sums, rows: count() })
    .from(dailySpend)
    .where(fits(filter))
  if (!found) throw new Error('a sum is always there')
  return found
}

/** Rows as they are written, the latest day first. */
export function dailyRows(
  db: Db,
  filter: DailyFilter,
  by: { readonly limit: number; readonly offset: number },
): Promise<DailyRow[]> {
  return db
    .select({ ...columns, ...sums })
    .from(dailySpend)
    .where(fits(filter))
    .groupBy(...Object.values(columns))
    .orderBy(sql`${dailySpend.day} desc`, ...Object.values(columns).slice(1))
    .limit(by.limit)
    .offset(by.offset)
}

/** Sums by one or two of what a row is named by; what cost most, or was asked most, first. */
export function dailySums<D extends Dimension>(
  db: Db,
  filter: DailyFilter,
  by: { readonly of: readonly D[]; readonly limit: number; readonly order?: 'pico' | 'requests' },
): Promise<(Readonly<Record<D, string>> & Metrics)[]> {
  const named = Object.fromEntries(by.of.map((name) => [name, columns[name]]))
  const most = by.order === 'requests' ? dailySpend.requests : dailySpend.spendPico
  const rows = db
    .select({ ...named, ...sums })
    .from(dailySpend)
    .where(fits(filter))
    .groupBy(...Object.values(named))
    .orderBy(sql`sum(${most}) desc`, ...Object.values(named))
    .limit(by.limit)
  return rows as unknown as Promise<(Readonly<Record<D, string>> & Metrics)[]>
}

/** Of each day the sum, and the sums of what cost most by each dimension. */
export interface DaySum extends Metrics {
  readonly day: string
  /** Null: of the whole day. */
  readonly dimension: Dimension | null
  readonly name: string
}

/** By day alone and by day and each of these dimensions, as one statement. */
export async function daySums(
  db: Db,
  filter: DailyFilter,
  by: { readonly of: readonly Dimension[]; readonly namesMax: number },
): Promise<DaySum[]> {
  const chosen = by.of.map((name) => columns[name])
  const grouped = sql.join(
    chosen.map((column) => sql`, (${dailySpend.day}, ${column})`),
    sql``,
  )
  // Which of them a row is about: where a column is rolled up, its bit is 1.
  const dimension = sql`(case ${sql.join(
    chosen.map((column, i) => sql`when grouping(${column}) = 0 then ${i}::int`),
    sql` `,
  )} else -1 end)`
  const name = sql`coalesce(${sql.join(chosen, sql`, `)}, '')`
  const total = sql`sum(${dailySpend.spendPico})`
  const place = sql`row_number() over (partition by ${dailySpend.day}, ${dimension}
    order by ${total} desc, ${name})`
  const ranked = db
    .select({
      day: sql<string>`${dailySpend.day}::text`.as('day'),
      dimension: sql<number>`${dimension}`.mapWith(Number).as('dimension'),
      name: sql<string>`${name}`.as('name'),
      place: sql<number>`${place}`.as('place'),
      pico: sums.pico.as('pico'),
      promptTokens: sums.promptTokens.as('prompt'),
      completionTokens: sums.completionTokens.as('completion'),
      requests: sums.requests.as('asked'),
      successful: sums.successful.as('succeeded'),
      failed: sums.failed.as('not_succeeded'),
    })
    .from(dailySpend)
    .where(fits(filter))
    .groupBy(sql`grouping sets ((${dailySpend.day})${grouped})`)
    .as('ranked')
  const rows = await db
    .select()
    .from(ranked)
    .where(lte(ranked.place, by.namesMax))
    .orderBy(ranked.day, ranked.dimension, ranked.place)
  return rows.map((row) => ({ ...row, dimension: by.of[row.dimension] ?? null }))
}

function fits(filter: DailyFilter): SQL | undefined {
  const { from, to, anyOf, teamsOnly, exceptAccountIds, keyHash, model, modelGroups } = filter
  return and(
    gte(dailySpend.day, from),
    lte(dailySpend.day, to),
    anyOf && (or(...anyOf.map(isOf)) ?? sql`false`),
    teamsOnly ? sql`starts_with(${dailySpend.accountId}, 'team:')` : undefined,
    exceptAccountIds && notInArray(dailySpend.accountId, [...exceptAccountIds]),
    keyHash === undefined ? undefined : eq(dailySpend.keyHash, keyHash),
    modelGroups && inArray(dailySpend.modelGroup, [...modelGroups]),
    model === undefined
      ? undefined
      : or(eq(dailySpend.model, model), eq(dailySpend.modelGroup, model)),
  )
}

function isOf({ accountIds, userId, keyHash }: Whose): SQL {
  return (
    and(
      accountIds && inArray(dailySpend.accountId, [...accountIds]),
      userId === undefined ? undefined : eq(dailySpend.userId, userId),
      keyHash === undefined ? undefined : eq(dailySpend.keyHash, keyHash),
    ) ?? sql`true`
  )
}
