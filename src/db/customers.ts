import { eq, inArray, type SQL, sql } from 'drizzle-orm'
import { customers, dailyCustomers } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'

export type CustomerRow = typeof customers.$inferSelect
type CustomerFields = Pick<CustomerRow, 'alias' | 'blocked' | 'allowedModelRegion' | 'defaultModel'>

/** Whom calls were made for, or who was named; a customer whom nobody named has no row. */
export interface Customer {
  readonly userId: string
  readonly row: CustomerRow | null
  readonly spendPico: string
}

/** Null if the id is taken. */
export async function insertCustomer(
  db: Db,
  row: typeof customers.$inferInsert,
): Promise<CustomerRow | null> {
  const [[inserted]] = await db.batch([
    db.insert(customers).values(row).onConflictDoNothing().returning(),
  ])
  return inserted ?? null
}

interface UpdateCustomers {
  readonly userIds: readonly string[]
  readonly changes: { readonly [Name in keyof CustomerFields]?: CustomerFields[Name] | undefined }
  /** Whether customers are made who are not there; else only those who have spent. */
  readonly isForAll: boolean
  readonly by: string
  readonly nowMs: number
}

/** One batch. What is undefined stays. */
export async function updateCustomers(db: Db, update: UpdateCustomers): Promise<CustomerRow[]> {
  const { userIds, changes, isForAll, by, nowMs } = update
  const ids = [...userIds]
  const [, rows] = await db.batch([
    db.execute(sql`insert into ${customers} (user_id, created_by, updated_by)
      select id, ${by}::text, ${by}::text
      from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) as id
      where ${isForAll}::boolean or exists (${spentBy(sql`id`)}) order by id
      on conflict do nothing`),
    db
      .update(customers)
      .set({ ...changes, updatedAt: new Date(nowMs), updatedBy: by })
      .where(inArray(customers.userId, ids))
      .returning(),
  ])
  return rows
}

/**
 * One batch: the customers, and the sums of what was spent for them; log rows stay. Nothing if one of
 * them is not there.
 */
export async function deleteCustomers(db: Db, userIds: readonly string[]): Promise<boolean> {
  const ids = JSON.stringify([...new Set(userIds)])
  const named = sql`jsonb_array_elements_text(${ids}::jsonb) as id`
  const areThere = sql`not exists (select 1 from ${named} where not exists (${rowOf(sql`id`)})
    and not exists (${spentBy(sql`id`)}))`
  const [{ rows }] = await db.batch([
    db.execute<{ done: boolean }>(sql`
      with there as materialized (select 1 where ${areThere}), summed as materialized (
        select end_user, day, account_id from ${dailyCustomers}
        where end_user in (select id from ${named}) and exists (select from there)
        order by 1, 2, 3 for update
      ), forgotten as (
        delete from ${dailyCustomers} as sums using summed
        where (sums.end_user, sums.day, sums.account_id)
          = (summed.end_user, summed.day, summed.account_id)
      ), gone as (
        delete from ${customers} where user_id in (select id from ${named})
          and exists (select from there)
      ) select exists (select from there) as done`),
  ])
  return rows[0]?.done === true
}

/** Customers of these ids who are there. */
export async function listCustomers(db: Db, userIds: readonly string[]): Promise<Customer[]> {
  const ids = JSON.stringify(userIds)
  return read(
    db,
    sql`select id from jsonb_array_elements_text(${ids}::jsonb) as id
    where exists (${rowOf(sql`id`)}) or exists (${spentBy(sql`id`)})`,
  )
}

/** One page, in order of id. */
export async function pageCustomers(
  db: Db,
  { page, pageSize }: { readonly page: number; readonly pageSize: number },
): Promise<Customer[]> {
  return read(
    db,
    sql`select user_id as id from ${customers}
    union select end_user from ${dailyCustomers}
    order by 1 limit ${pageSize} offset ${(page - 1) * pageSize}`,
  )
}

async function read(db: Db, ids: SQL): Promise<Customer[]> {
  const named = db.$with('named').as(
    db
      .select({
        id: sql<string>`id`.as('id'),
        spendPico: sql<string>`(select coalesce(sum(${dailyCustomers.spendPico}), 0)::text
          from ${dailyCustomers} where ${dailyCustomers.endUser} = ids.id)`.as('spend'),
      })
      .from(sql`(${ids}) as ids`),
  )
  return db
    .with(named)
    .select({ userId: named.id, row: customers, spendPico: named.spendPico })
    .from(named)
    .leftJoin(customers, eq(customers.userId, named.id))
    .orderBy(named.id)
}

function rowOf(id: SQL): SQL {
  return sql`select 1 from ${customers} where ${customers.userId} = ${id}`
}

function spentBy(id: SQL): SQL {
  return sql`select 1 from ${dailyCustomers} where ${dailyCustomers.endUser} = ${id}`
}
