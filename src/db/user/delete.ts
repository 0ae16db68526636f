import { and, inArray, or, sql } from 'drizzle-orm'
import { accounts, keys, memberships, users } from '../../../drizzle/schema.ts'
import { lockAccounts } from '../accounts.ts'
import type { Db } from '../connect.ts'
import { deletion, keyDeletion } from '../deletion.ts'
import { noteChangedKeys, noteChangedMembers, noteChangedUsers } from '../tellings.ts'

/**
 * Marks users, their keys and their memberships as deleted, in one batch behind the lock on all
 * accounts that these belong to; nothing if one of the users never was. Users deleted before are
 * returned too, so that the call can be repeated.
 */
export async function deleteUsers(db: Db, userIds: readonly string[]) {
  const ids = [...new Set(userIds)]
  const areThere = sql`(select count(*) from ${users} where ${inArray(users.userId, ids)})
    = ${ids.length}::int`
  const named = and(inArray(users.userId, ids), areThere) ?? sql`false`
  const given = or(
    inArray(keys.userId, ids),
    // Those that are on their way to them.
    inArray(sql`${keys.moving} ->> 'user_id'`, ids),
  )
  const theirKeys = and(given, areThere) ?? sql`false`
  const theirs = and(inArray(memberships.userId, ids), areThere) ?? sql`false`
  const owning = inArray(
    accounts.accountId,
    sql`(select 'user:' || ${users.userId} from ${users} where ${named}
      union select ${keys.accountId} from ${keys} where ${theirKeys}
      union select 'team:' || ${memberships.teamId} from ${memberships} where ${theirs})`,
  )
  const [, userRows, keyRows, memberRows, , , , owners] = await db.batch([
    lockAccounts(db, owning),
    db.update(users).set(deletion(users.deletedAt)).where(named).returning(),
    db.update(keys).set(keyDeletion()).where(theirKeys).returning(),
    db.update(memberships).set(deletion(memberships.deletedAt)).where(theirs).returning(),
    noteChangedUsers(db, named),
    noteChangedKeys(db, theirKeys),
    noteChangedMembers(db, theirs),
    db.select().from(accounts).where(owning),
  ])
  return { users: userRows, keys: keyRows, members: memberRows, accounts: owners }
}
