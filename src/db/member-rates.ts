import { type SQL, sql } from 'drizzle-orm'
import { budgets, memberships, teams } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'

/** Whether anything limits the requests or tokens per minute of some team's member. */
export async function hasMemberRates(db: Db): Promise<boolean> {
  const { rows } = await db.execute<{ found: boolean }>(sql`select
    exists (select 1 from ${teams} where ${teams.deletedAt} is null
      and coalesce(${teams.teamMemberRpmLimit}, ${teams.teamMemberTpmLimit}) is not null)
    or exists (select 1 from ${memberships} where ${memberships.deletedAt} is null
      and ${isLimited(memberships)})
    or exists (select 1 from ${budgets} join ${memberships}
      on ${memberships.budgetId} = ${budgets.budgetId}
      where ${memberships.deletedAt} is null and ${budgets.deletedAt} is null
      and ${isLimited(budgets)})
    as found`)
  return rows[0]?.found ?? false
}

function isLimited(table: typeof memberships | typeof budgets): SQL {
  return sql`(coalesce(${table.rpmLimit}, ${table.tpmLimit}) is not null
    or coalesce(${table.modelRpmLimit}, ${table.modelTpmLimit}, '{}') <> '{}')`
}
