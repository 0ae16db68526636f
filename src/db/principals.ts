import { and, asc, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import { accounts, memberships, teams, users } from '../../drizzle/schema.ts'
import type { PolicyRow } from '../ledger/policy.ts'
import { type AccountRow, lockAccounts } from './accounts.ts'
import type { Db } from './connect.ts'
import type { MemberRow } from './members.ts'
import { teamPolicy } from './policy.ts'
import type { TeamRow } from './teams.ts'
import { lockEmail } from './user/emails.ts'
import { freed } from './user/freed.ts'
import type { UserRow } from './users.ts'

/** A team, a user, or a user in a team, as somebody else names them. */
export interface Named {
  readonly teamId: string | null
  readonly userId: string | null
  /** Finds a user whose id is not known here. */
  readonly userEmail: string | null
}

/** What there is of them; the account is the team's, else the user's. */
export interface FoundPrincipal {
  readonly team: TeamRow | null
  readonly user: UserRow | null
  readonly member: MemberRow | null
  readonly account: AccountRow | null
}

/** Deleted teams and users are not there; who was removed from a team is, with when. */
export async function findPrincipal(db: Db, named: Named): Promise<FoundPrincipal> {
  const { teamId } = named
  const userId = userIdOf(named)
  const accountId = teamId === null ? sql`'user:' || ${userId}` : sql`${`team:${teamId}`}::text`
  const [[team], [user], [member], [account]] = await db.batch([
    db
      .select()
      .from(teams)
      .where(and(eq(teams.teamId, teamId ?? ''), isNull(teams.deletedAt))),
    db.select().from(users).where(eq(users.userId, userId)),
    db
      .select()
      .from(memberships)
      .where(and(eq(memberships.teamId, teamId ?? ''), eq(memberships.userId, userId))),
    db.select().from(accounts).where(eq(accounts.accountId, accountId)),
  ])
  return {
    team: team ?? null,
    user: user ?? null,
    member: member ?? null,
    account: account ?? null,
  }
}

/** The id counts before that of single sign-on, and both before the address, however it is spelt. */
function userIdOf({ userId, userEmail }: Named): SQL<string> {
  const [id, email] = [userId ?? '', userEmail?.toLowerCase() ?? '']
  return sql`(select user_id from ${users} where deleted_at is null
      and (user_id = ${id} or sso_user_id = ${id} or lower(user_email) = ${email})
    order by (user_id = ${id}) desc, (sso_user_id = ${id}) desc nulls last, created_at, user_id
    limit 1)`
}

interface Completion extends Named {
  /** Of a user who has none. */
  readonly newId: string
  readonly mayMakeUser: boolean
  readonly by: string
}

/**
 * One batch: the user, if it may be made, and its membership, or its account if it is in no team.
 * What is there stays as it is; a new row needs no telling, since it rides on its requests.
 */
export async function completePrincipal(db: Db, completion: Completion): Promise<void> {
  const { teamId, userId, userEmail, newId, mayMakeUser, by } = completion
  const found = userIdOf(completion)
  const isNew = sql`(${mayMakeUser} and ${found} is null)`
  await db.batch([
    lockAccounts(db, inArray(accounts.accountId, [`team:${teamId ?? ''}`, `user:${userId ?? ''}`])),
    // Who comes with one address at the same time has to find the same user.
    lockEmail(db, userEmail),
    db.execute(sql`with ${freed(sql`${userId ?? ''}::text`, isNew)} select count(*) from renewed`),
    db.execute(sql`insert into ${users} (user_id, user_email, created_by, updated_by)
      select ${userId ?? newId}::text, ${userEmail}::text, ${by}::text, ${by}::text
      where ${isNew} on conflict do nothing`),
    db.execute(joined(completion, found)),
    db.execute(sql`insert into ${accounts} (account_id)
      select 'user:' || user_id from ${users}
      where user_id = ${found} and ${teamId}::text is null on conflict do nothing`),
  ])
}

/** Whoever was made anew since they were in the team is another user. */
function joined({ teamId, by }: Completion, found: SQL): SQL {
  return sql`insert into ${memberships} as member
    (user_id, team_id, role, user_email, created_by, updated_by)
    select user_id, ${teamId}::text, 'user', user_email, ${by}::text, ${by}::text
    from ${users} where user_id = ${found} and exists (select 1 from ${teams}
      where ${teams.teamId} = ${teamId ?? ''} and ${teams.deletedAt} is null)
    on conflict (user_id, team_id) do update set deleted_at = null,
      version = nextval('policy_version'), role = excluded.role, user_email = excluded.user_email,
      max_budget = null, budget_duration = null, budget_reset_at = null, budget_id = null,
      budget_anchor_at = now(), tpm_limit = null, rpm_limit = null,
      created_at = now(), updated_at = now(),
      created_by = excluded.created_by, updated_by = excluded.updated_by
    where member.deleted_at <= (select created_at from ${users} where user_id = ${found})`
}

/** Those of these teams that are there, in this order. */
export async function findTeams(db: Db, teamIds: readonly string[]): Promise<PolicyRow[]> {
  const rows = await db
    .select()
    .from(teams)
    .where(and(inArray(teams.teamId, [...teamIds]), isNull(teams.deletedAt)))
  const byId = new Map(rows.map((team) => [team.teamId, teamPolicy(team)]))
  return teamIds.flatMap((id) => byId.get(id) ?? [])
}

/** Two at most: more than one is a mistake already. */
export async function findTeamsOfAlias(db: Db, alias: string): Promise<PolicyRow[]> {
  const rows = await db
    .select()
    .from(teams)
    .where(and(eq(teams.teamAlias, alias), isNull(teams.deletedAt)))
    .orderBy(asc(teams.teamId))
    .limit(2)
  return rows.map(teamPolicy)
}
