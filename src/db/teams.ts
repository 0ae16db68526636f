import { and, desc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import { accounts, keys, memberships, teams, users } from '../../drizzle/schema.ts'
import { lockAccounts } from './accounts.ts'
import type { Db } from './connect.ts'
import { deletion } from './deletion.ts'
import { noteChangedKeys, noteChangedTeams } from './tellings.ts'

export type TeamRow = typeof teams.$inferSelect

/**
 * One batch: the team, its account and its members. Null if the id is taken. The id of a deleted
 * team starts anew: its account gets a new generation, with a ledger and a spend of its own.
 */
export async function insertTeam(db: Db, team: typeof teams.$inferInsert): Promise<TeamRow | null> {
  const isDeleted = sql`exists (select 1 from ${teams} where ${teams.teamId} = ${team.teamId}
    and ${teams.deletedAt} is not null)`
  const account = db
    .insert(accounts)
    .values({ accountId: `team:${team.teamId}` })
    .onConflictDoUpdate({
      target: accounts.accountId,
      set: {
        generation: sql`${accounts.generation} + 1`,
        ledgerEpoch: 0,
        spend: '0',
        spendWindowAt: sql`'epoch'`,
        spendEpoch: 0,
        spendSeq: 0,
      },
      setWhere: isDeleted,
    })
  const insert = db
    .insert(teams)
    .values(team)
    .onConflictDoUpdate({
      target: teams.teamId,
      set: { ...blank, ...team, deletedAt: null, version: sql`nextval('policy_version')` },
      setWhere: isNotNull(teams.deletedAt),
    })
    .returning()
  const [, [row]] = await db.batch([account, insert, ...insertMembers(db, team)])
  return row ?? null
}

/** What a new row has where nothing is said, so that nothing of a deleted one shines through. */
const blank = { organizationId: null, softBudget: null, maxBudget: null }

/** Members and their users, if the team is the one made in this batch. */
function insertMembers(db: Db, team: typeof teams.$inferInsert) {
  const members = (team.membersWithRoles ?? []).filter(({ user_id }) => user_id !== null)
  const rows = sql`jsonb_to_recordset(${JSON.stringify(members)}::jsonb)
    as member(user_id text, role text)`
  const isNew = sql`exists (select 1 from ${teams} where ${teams.teamId} = ${team.teamId}
    and ${teams.createdAt} = ${team.createdAt?.toISOString()}::timestamptz)`
  return [
    db.execute(sql`insert into ${users} (user_id) select distinct user_id from ${rows}
      where ${isNew} order by user_id on conflict do nothing`),
    db.execute(sql`insert into ${memberships} (user_id, team_id, role)
      select user_id, ${team.teamId}, role from ${rows} where ${isNew} on conflict do nothing`),
  ] as const
}

/** A team with its account's row; deleted ones are not there. */
export async function getTeam(db: Db, teamId: string) {
  const [found] = await db
    .select({ team: teams, account: accounts })
    .from(teams)
    .innerJoin(accounts, eq(accounts.accountId, accountIdOf))
    .where(and(eq(teams.teamId, teamId), isNull(teams.deletedAt)))
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
        isNull(teams.deletedAt),
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

/**
 * Marks teams and their keys as deleted and ends their memberships, in one batch behind the lock
 * on their accounts. Teams deleted before are returned too, so that the call can be repeated.
 */
export async function deleteTeams(db: Db, teamIds: string[]) {
  const named = inArray(teams.teamId, teamIds)
  const theirKeys = inArray(keys.teamId, teamIds)
  const owning = inArray(
    accounts.accountId,
    teamIds.map((id) => `team:${id}`),
  )
  const [, teamRows, keyRows, , , , owners] = await db.batch([
    lockAccounts(db, owning),
    db.update(teams).set(deletion(teams.deletedAt)).where(named).returning(),
    db.update(keys).set(deletion(keys.deletedAt)).where(theirKeys).returning(),
    noteChangedTeams(db, named),
    noteChangedKeys(db, theirKeys),
    db.delete(memberships).where(inArray(memberships.teamId, teamIds)),
    db.select().from(accounts).where(owning),
  ])
  return { teams: teamRows, keys: keyRows, accounts: owners }
}

const TEAMS_MAX = 10_000
const KEYS_MAX = 100_000
const accountIdOf = sql`'team:' || ${teams.teamId}`
