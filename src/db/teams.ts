import { and, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import { accounts, keys, memberships, teams, tellings } from '../../drizzle/schema.ts'
import { lockAccounts } from './accounts.ts'
import type { Db } from './connect.ts'
import { deletion, keyDeletion } from './deletion.ts'
import { insertMembers, type MemberRow, type NewMember, selectMembers } from './members.ts'
import { noteChangedKeys, noteChangedTeams } from './tellings.ts'
import type { Now } from '../windows.ts'

export type TeamRow = typeof teams.$inferSelect

/** A team with its account and its members, in the order in which they came. */
export interface TeamDetails {
  readonly team: TeamRow
  readonly account: typeof accounts.$inferSelect
  readonly members: readonly MemberRow[]
}

interface InsertTeam extends Now {
  readonly team: typeof teams.$inferInsert
  readonly members: readonly NewMember[]
  readonly by: string
}

/**
 * One batch: the team, its account and its members. Null if the id is taken. The id of a deleted
 * team starts anew: its account gets a new generation, with a ledger and a spend of its own.
 */
export async function insertTeam(db: Db, made: InsertTeam): Promise<TeamDetails | null> {
  const { team, members, by, nowMs, resets } = made
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
        spendWindowEndAt: null,
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
      set: {
        organizationId: null,
        ...team,
        deletedAt: null,
        version: sql`nextval('policy_version')`,
      },
      setWhere: isNotNull(teams.deletedAt),
    })
    .returning()
  // What an insert returns is only there if it was this batch that made the team.
  const isNew = sql`exists (select 1 from ${teams} where ${teams.teamId} = ${team.teamId}
    and ${teams.createdAt} = ${team.createdAt?.toISOString()}::timestamptz)`
  const [, , [row], , , , rows, [owner]] = await db.batch([
    // Of several who make a deleted team anew the later ones have to see that it was done.
    lockAccounts(db, eq(accounts.accountId, `team:${team.teamId}`)),
    account,
    insert,
    ...insertMembers(db, {
      teamId: team.teamId,
      members,
      limits: {},
      by,
      nowMs,
      resets,
      only: isNew,
    }),
    selectMembers(db, team.teamId),
    db
      .select()
      .from(accounts)
      .where(eq(accounts.accountId, `team:${team.teamId}`)),
  ])
  return row && owner ? { team: row, account: owner, members: rows } : null
}

/** A team with its account's row and members; deleted ones are not there. */
export async function getTeam(db: Db, teamId: string): Promise<TeamDetails | null> {
  const team = db
    .select({ team: teams, account: accounts })
    .from(teams)
    .innerJoin(accounts, eq(accounts.accountId, sql`'team:' || ${teams.teamId}`))
    .where(and(eq(teams.teamId, teamId), isNull(teams.deletedAt)))
  const [[found], members] = await db.batch([team, selectMembers(db, teamId)])
  return found ? { ...found, members } : null
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
  const [, teamRows, keyRows, , , , , owners] = await db.batch([
    lockAccounts(db, owning),
    db.update(teams).set(deletion(teams.deletedAt)).where(named).returning(),
    db.update(keys).set(keyDeletion()).where(theirKeys).returning(),
    noteChangedTeams(db, named),
    noteChangedKeys(db, theirKeys),
    db.delete(memberships).where(inArray(memberships.teamId, teamIds)),
    // That their team is gone is all that its ledger needs to hear of members.
    db.delete(tellings).where(
      and(
        eq(tellings.kind, 'member'),
        inArray(
          tellings.accountId,
          teamIds.map((id) => `team:${id}`),
        ),
      ),
    ),
    db.select().from(accounts).where(owning),
  ])
  return { teams: teamRows, keys: keyRows, accounts: owners }
}
