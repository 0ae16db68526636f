import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { accounts, keySecrets, keys, memberships, teams, users } from '../../../drizzle/schema.ts'
import { type AccountRow, lockAccounts } from '../accounts.ts'
import type { Db } from '../connect.ts'
import type { KeyRow } from '../keys.ts'
import { addedAt, type MemberRow } from '../members.ts'
import { noteChangedMembers, noteChangedUsers } from '../tellings.ts'
import type { UserRow } from '../users.ts'
import { isTaken, lockEmail } from './emails.ts'
import { freed } from './freed.ts'

/** A team that a user is put into. */
export interface JoinedTeam {
  readonly teamId: string
  readonly role: string
  /** Null: what the team gives its members. */
  readonly maxBudget: string | null
}

interface InsertUser {
  readonly user: typeof users.$inferInsert
  /** Null: none is made. */
  readonly key: typeof keys.$inferInsert | null
  readonly joined: readonly JoinedTeam[]
  readonly by: string
  readonly nowMs: number
}

export interface InsertedUser {
  readonly user: UserRow
  readonly key: KeyRow | null
  readonly members: readonly MemberRow[]
  /** The user's own, and those of the teams. */
  readonly accounts: readonly AccountRow[]
}

/**
 * One batch behind the locks on all accounts: the user, their account, memberships and first key.
 * It fails as a whole if the id, the address or the key's alias is taken, or a team is not there.
 */
export async function insertUser(db: Db, made: InsertUser): Promise<InsertedUser> {
  const { user, key, joined } = made
  const { userId, userEmail } = user
  const accountId = `user:${userId}`
  const teamIds = joined.map(({ teamId }) => teamId)
  const owning = inArray(accounts.accountId, [accountId, ...teamIds.map((id) => `team:${id}`)])
  const theirs = and(eq(memberships.userId, userId), inArray(memberships.teamId, teamIds))
  const isFree = sql`not ${isTaken(userEmail, sql`${userId}::text`)} and ${areThere(teamIds)}`
  const [, , , , [row], , , keyRows, , , members, owners] = await db.batch([
    lockAccounts(db, owning),
    lockEmail(db, userEmail),
    db.execute(sql`with ${freed(sql`${userId}::text`)} select count(*) from renewed`),
    db.insert(accounts).values({ accountId }).onConflictDoNothing(),
    db
      .insert(users)
      // Postgres refuses a row without an id, and the batch with it.
      .values({ ...user, userId: sql<string>`case when ${isFree} then ${userId}::text end` })
      .returning(),
    joinTeams(db, made),
    // As every key, so that no other one is ever called by its secret.
    db.execute(sql`insert into ${keySecrets} (hash, token)
      select ${key?.token ?? null}::text, ${key?.token ?? null}::text
      where ${key?.token ?? null}::text is not null`),
    key
      ? db.insert(keys).values(key).returning()
      : db
          .select()
          .from(keys)
          .where(sql`false`),
    noteChangedUsers(db, eq(users.userId, userId)),
    noteChangedMembers(db, theirs ?? sql`false`),
    db.select().from(memberships).where(theirs),
    db.select().from(accounts).where(owning),
  ])
  if (!row) throw new Error('the user was not inserted')
  return { user: row, key: keyRows[0] ?? null, members, accounts: owners }
}

function areThere(teamIds: readonly string[]): SQL {
  return sql`(select count(*) from ${teams} where ${inArray(teams.teamId, [...teamIds])}
    and ${teams.deletedAt} is null) = ${teamIds.length}::int`
}

/** Who was in a team before and returns finds the old row, with its spend. */
function joinTeams(db: Db, { user, joined, by, nowMs }: InsertUser) {
  const now = sql`${new Date(nowMs).toISOString()}::timestamptz`
  const rows = joined.map(({ teamId, role, maxBudget }) => {
    return { team_id: teamId, role, max_budget: maxBudget }
  })
  return db.execute(sql`
    insert into ${memberships} as member (user_id, team_id, role, user_email, max_budget,
      budget_anchor_at, created_at, updated_at, created_by, updated_by)
    select ${user.userId}::text, team_id, role, ${user.userEmail ?? null}::text, max_budget, ${now}, ${now},
      ${addedAt(nowMs)}::timestamptz, ${by}::text, ${by}::text
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as joined(team_id text, role text, max_budget numeric)
    order by team_id
    on conflict (user_id, team_id) do update set deleted_at = null,
      version = nextval('policy_version'), role = excluded.role, user_email = excluded.user_email,
      max_budget = excluded.max_budget, budget_duration = null, budget_reset_at = null,
      budget_anchor_at = excluded.budget_anchor_at, tpm_limit = null, rpm_limit = null,
      created_at = excluded.created_at, updated_at = excluded.updated_at,
      created_by = excluded.created_by, updated_by = excluded.updated_by
    where member.deleted_at is not null`)
}
