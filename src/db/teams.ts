import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm'
import { accounts, keys, memberships, teams, users } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'

export type TeamRow = typeof teams.$inferSelect

/** One batch: the team, its account and its members. A taken id violates `teams_pkey`. */
export async function insertTeam(db: Db, team: typeof teams.$inferInsert): Promise<TeamRow> {
  const ids = (team.membersWithRoles ?? []).flatMap(({ user_id, role }) =>
    user_id === null ? [] : [{ userId: user_id, teamId: team.teamId, role }],
  )
  const account = db
    .insert(accounts)
    .values({ accountId: `team:${team.teamId}` })
    .onConflictDoNothing()
  const insert = db.insert(teams).values(team).returning()
  const people = db
    .insert(users)
    .values(
      ids.map(({ userId }) => ({ userId })).toSorted((a, b) => (a.userId < b.userId ? -1 : 1)),
    )
    .onConflictDoNothing()
  const members = db.insert(memberships).values(ids).onConflictDoNothing()
  const [, [row]] =
    ids.length > 0
      ? await db.batch([account, insert, people, members])
      : await db.batch([account, insert])
  if (!row) throw new Error('the team was not inserted')
  return row
}

/** A team with its account's row. */
export async function getTeam(db: Db, teamId: string) {
  const [found] = await db
    .select({ team: teams, account: accounts })
    .from(teams)
    .innerJoin(accounts, eq(accounts.accountId, accountIdOf))
    .where(eq(teams.teamId, teamId))
  return found ?? null
}

/** Newest first, each with its account's spend and its keys. */
export async function listTeams(
  db: Db,
  by: { readonly userId?: string | undefined; readonly organizationId?: string | undefined },
) {
  const member = JSON.stringify([{ user_id: by.userId }])
  const found = await db
    .select({ team: teams, account: accounts })
    .from(teams)
    .innerJoin(accounts, eq(accounts.accountId, accountIdOf))
    .where(
      and(
        by.userId === undefined ? undefined : sql`${teams.membersWithRoles} @> ${member}::jsonb`,
        by.organizationId === undefined ? undefined : eq(teams.organizationId, by.organizationId),
      ),
    )
    .orderBy(desc(teams.createdAt))
    .limit(TEAMS_MAX)
  const ids = found.map(({ team }) => team.teamId)
  const rows = await db
    .select()
    .from(keys)
    .where(and(inArray(keys.teamId, ids), isNull(keys.deletedAt)))
    .limit(KEYS_MAX)
  const byTeam = Map.groupBy(rows, ({ teamId }) => teamId)
  return found.map((row) => ({ ...row, keys: byTeam.get(row.team.teamId) ?? [] }))
}

const TEAMS_MAX = 10_000
const KEYS_MAX = 100_000
const accountIdOf = sql`'team:' || ${teams.teamId}`
