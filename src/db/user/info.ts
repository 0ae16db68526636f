import { and, asc, desc, eq, inArray, isNull, sql } from 'drizzle-orm'
import { accounts, budgets, keys, memberships, teams } from '../../../drizzle/schema.ts'
import type { Db } from '../connect.ts'

const TEAMS_MAX = 1_000
const KEYS_MAX = 1_000
const MEMBERS_MAX = 10_000

/** The keys and teams of one user, or of everybody; the newest, if these are too many. */
export async function keysAndTeams(db: Db, userId: string | null) {
  const ofUser = sql`exists (select 1 from ${memberships}
    where ${memberships.teamId} = ${teams.teamId} and ${memberships.userId} = ${userId}
      and ${memberships.deletedAt} is null)`
  const [keyRows, teamRows] = await db.batch([
    db
      .select({ key: keys, budget: budgets, teamAlias: teams.teamAlias })
      .from(keys)
      .leftJoin(budgets, and(eq(budgets.budgetId, keys.budgetId), isNull(budgets.deletedAt)))
      .leftJoin(teams, eq(teams.teamId, keys.teamId))
      .where(and(isNull(keys.deletedAt), userId === null ? undefined : eq(keys.userId, userId)))
      .orderBy(desc(keys.createdAt), asc(keys.token))
      .limit(KEYS_MAX),
    db
      .select({ team: teams, account: accounts })
      .from(teams)
      .innerJoin(accounts, eq(accounts.accountId, sql`'team:' || ${teams.teamId}`))
      .where(and(isNull(teams.deletedAt), userId === null ? undefined : ofUser))
      .orderBy(asc(teams.teamAlias), desc(teams.createdAt))
      .limit(TEAMS_MAX),
  ])
  const ids = teamRows.map(({ team }) => team.teamId)
  const memberRows = await db
    .select()
    .from(memberships)
    .where(and(inArray(memberships.teamId, ids), isNull(memberships.deletedAt)))
    .orderBy(asc(memberships.createdAt), asc(memberships.userId))
    .limit(MEMBERS_MAX)
  const membersOf = Map.groupBy(memberRows, ({ teamId }) => teamId)
  return {
    keys: keyRows,
    teams: teamRows.map((row) => ({ ...row, members: membersOf.get(row.team.teamId) ?? [] })),
  }
}
