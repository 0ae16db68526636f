import { and, asc, eq, isNull, type SQL, sql } from 'drizzle-orm'
import { memberships, users } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'
import { type LimitChanges, newLimits } from './limits.ts'
import { freed } from './user/freed.ts'
import type { Now } from '../windows.ts'

export type MemberRow = typeof memberships.$inferSelect

/** Whom to add: by id, or by email, which then finds a user or makes one with `newId`. */
export interface NewMember {
  readonly userId: string | null
  readonly userEmail: string | null
  readonly role: string
  readonly newId: string
}

interface InsertMembers extends Now {
  readonly teamId: string
  readonly members: readonly NewMember[]
  readonly limits: LimitChanges
  readonly by: string
  readonly only: SQL
}

/**
 * For a batch: the members' users where they are missing, and the members, in the order given. Who
 * left and returns finds the old row, with its spend. Members that are there already stay untouched.
 */
export function insertMembers(db: Db, request: InsertMembers) {
  const { teamId, members, limits, by, nowMs, only } = request
  const now = new Date(nowMs).toISOString()
  const sent = sql`(
    select member.*, known.user_id as known_id,
      coalesce(member.user_id, known.user_id, member.new_id) as id
    from jsonb_to_recordset(${JSON.stringify(members.map(sentRow))}::jsonb)
      as member(place int, user_id text, user_email text, role text, new_id text)
    left join lateral (select user_id from ${users}
      where lower(${users.userEmail}) = lower(member.user_email) and ${users.deletedAt} is null
      order by created_at, user_id limit 1
    ) as known on true
  ) as sent`
  const columns = newLimits(limits, request)
  const ids = JSON.stringify(members.flatMap(({ userId }) => userId ?? []))
  const emails = JSON.stringify(
    members.flatMap(({ userEmail }) => userEmail?.toLowerCase() ?? []).toSorted(),
  )
  return [
    // Teams that invite one address at the same time have to find the same user; who was deleted
    // is made anew.
    db.execute(sql`with ${freed(sql`select jsonb_array_elements_text(${ids}::jsonb)`, only)}
      select pg_advisory_xact_lock(hashtextextended(email, 0))
      from (select count(*) from renewed) as locked
        left join jsonb_array_elements_text(${emails}::jsonb) as email on true`),
    db.execute(sql`insert into ${users} (user_id, user_email, created_by, updated_by)
      -- An address that somebody has is not given to another.
      select distinct on (id) id, case when coalesce(known_id, id) = id then user_email end,
        ${by}::text, ${by}::text from ${sent}
      where ${only} order by id, place on conflict do nothing`),
    db.execute<{ user_id: string }>(sql`
      insert into ${memberships} as member (user_id, team_id, role, user_email, max_budget,
        budget_duration, budget_anchor_at, budget_reset_at, tpm_limit, rpm_limit,
        created_at, updated_at, created_by, updated_by)
      select distinct on (id) id, ${teamId}, sent.role, coalesce(sent.user_email, person.user_email),
        ${columns.maxBudget}::numeric, ${columns.budgetDuration}::text, ${now}::timestamptz,
        ${columns.budgetResetAt?.toISOString() ?? null}::timestamptz,
        ${columns.tpmLimit}::bigint, ${columns.rpmLimit}::bigint,
        ${now}::timestamptz + place * interval '1 microsecond', ${addedAt(nowMs)}::timestamptz,
        ${by}::text, ${by}::text
      from ${sent} left join ${users} as person on person.user_id = id
      where ${only} order by id, place
      on conflict (user_id, team_id) do update set deleted_at = null,
        version = nextval('policy_version'), role = excluded.role,
        user_email = coalesce(excluded.user_email, member.user_email),
        max_budget = excluded.max_budget, budget_duration = excluded.budget_duration,
        budget_anchor_at = excluded.budget_anchor_at, budget_reset_at = excluded.budget_reset_at,
        tpm_limit = excluded.tpm_limit, rpm_limit = excluded.rpm_limit,
        created_at = excluded.created_at, updated_at = excluded.updated_at,
        created_by = excluded.created_by, updated_by = excluded.updated_by
      where member.deleted_at is not null
      returning user_id`),
  ] as const
}

/**
 * When members of one addition count as changed: later than they were made, since keys of these
 * users may be known without them.
 */
export function addedAt(nowMs: number): string {
  return new Date(nowMs + 1).toISOString()
}

function sentRow({ userId, userEmail, role, newId }: NewMember, place: number) {
  return { place, user_id: userId, user_email: userEmail, role, new_id: newId }
}

/** In the order in which they came. */
export function selectMembers(db: Db, teamId: string) {
  return db
    .select()
    .from(memberships)
    .where(and(eq(memberships.teamId, teamId), isNull(memberships.deletedAt)))
    .orderBy(asc(memberships.createdAt), asc(memberships.userId))
    .limit(MEMBERS_MAX)
}

const MEMBERS_MAX = 10_000

/** A member's row, of one who left too; null if there never was one. */
export async function findMember(
  db: Db,
  by: {
    readonly teamId: string
    readonly userId: string | null
    readonly userEmail: string | null
  },
): Promise<MemberRow | null> {
  const who =
    by.userId === null
      ? sql`${by.userEmail} in (${memberships.userEmail}, (select ${users.userEmail} from ${users}
          where ${users.userId} = ${memberships.userId}))`
      : eq(memberships.userId, by.userId)
  const [row] = await db
    .select()
    .from(memberships)
    .where(and(eq(memberships.teamId, by.teamId), who))
    .orderBy(sql`${memberships.deletedAt} is not null`, asc(memberships.createdAt))
    .limit(1)
  return row ?? null
}
