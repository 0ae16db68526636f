import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm'
import { accounts, keys, memberships, teams } from '../../drizzle/schema.ts'
import { lockAccounts } from './accounts.ts'
import { changed } from './change.ts'
import type { Db } from './connect.ts'
import { deletion, keyDeletion } from './deletion.ts'
import { type LimitChanges, limitSet } from './limits.ts'
import { addedAt, insertMembers, type MemberRow, type NewMember, selectMembers } from './members.ts'
import { noteChangedKeys, noteChangedMembers } from './tellings.ts'
import type { Now } from '../windows.ts'

interface Write extends Now {
  readonly teamId: string
  readonly by: string
}

/**
 * One batch behind the lock on the team's account, so that any number of callers add at once.
 * `added` has those who were not members before.
 */
export async function addMembers(
  db: Db,
  request: Write & { readonly members: readonly NewMember[]; readonly limits: LimitChanges },
) {
  const { teamId } = request
  const only = sql`exists (select 1 from ${teams} where ${teams.teamId} = ${teamId}
    and ${teams.deletedAt} is null)`
  const owning = eq(accounts.accountId, `team:${teamId}`)
  const isNew = and(
    eq(memberships.teamId, teamId),
    sql`${memberships.updatedAt} = ${addedAt(request.nowMs)}::timestamptz`,
  )
  const [, , , inserted, , fresh, [account], members] = await db.batch([
    lockAccounts(db, owning),
    ...insertMembers(db, { ...request, only }),
    noteChangedMembers(db, isNew ?? sql`false`),
    db.select().from(memberships).where(isNew).orderBy(asc(memberships.createdAt)),
    db.select().from(accounts).where(owning),
    selectMembers(db, teamId),
  ])
  const ids = new Set(inserted.rows.map(({ user_id }) => user_id))
  const added = fresh.filter(({ userId }) => ids.has(userId))
  return account ? { account, members, added } : null
}

/** One batch; null if they are no member of it. */
export async function updateMember(
  db: Db,
  request: Write & {
    readonly userId: string
    readonly changes: LimitChanges & { readonly role?: string | undefined }
  },
) {
  const { teamId, userId, changes, by, nowMs } = request
  const named =
    and(
      eq(memberships.teamId, teamId),
      eq(memberships.userId, userId),
      isNull(memberships.deletedAt),
    ) ?? sql`false`
  const owning = eq(accounts.accountId, `team:${teamId}`)
  const set = { ...limitSet(memberships, changes, request), ...changed(by, nowMs) }
  const [, [member], , [account]] = await db.batch([
    lockAccounts(db, owning),
    db.update(memberships).set(set).where(named).returning(),
    noteChangedMembers(db, named),
    db.select().from(accounts).where(owning),
  ])
  return member && account ? { member, account } : null
}

/**
 * One batch: marks the member and their keys of this team as deleted. A member who left before is
 * returned too, so that the call can be repeated.
 */
export async function deleteMember(db: Db, { teamId, userId }: MemberRow) {
  const named = and(eq(memberships.teamId, teamId), eq(memberships.userId, userId)) ?? sql`false`
  // One that is on its way here would arrive for somebody who left.
  const theirKeys = sql`((${keys.teamId} = ${teamId} and ${keys.userId} = ${userId}) or
    (${keys.moving} ->> 'team_id' = ${teamId} and ${keys.moving} ->> 'user_id' = ${userId}))`
  const owning = inArray(
    accounts.accountId,
    // A key that moves here is still paid for elsewhere.
    sql`(select ${`team:${teamId}`}::text union
      select ${keys.accountId} from ${keys} where ${theirKeys})`,
  )
  const [, [member], removed, , , owners, members] = await db.batch([
    lockAccounts(db, owning),
    db.update(memberships).set(deletion(memberships.deletedAt)).where(named).returning(),
    db.update(keys).set(keyDeletion()).where(theirKeys).returning(),
    noteChangedMembers(db, named),
    noteChangedKeys(db, theirKeys),
    db.select().from(accounts).where(owning),
    selectMembers(db, teamId),
  ])
  return { member, keys: removed, accounts: owners, members }
}
