import { and, eq, isNull } from 'drizzle-orm'
import { keys, teams, users } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'

/** A key with whom it belongs to, as they are now: admin routes trust no cache. */
export async function findActing(db: Db, token: string) {
  const [found] = await db
    .select({ key: keys, userRole: users.userRole, isTeamBlocked: teams.blocked })
    .from(keys)
    .leftJoin(users, and(eq(users.userId, keys.userId), isNull(users.deletedAt)))
    .leftJoin(teams, eq(teams.teamId, keys.teamId))
    .where(and(eq(keys.token, token), isNull(keys.deletedAt)))
  return found ?? null
}

interface ActingToken {
  readonly teamId: string | null
  readonly userId: string | null
}

/** The same for who has a token instead of a key. */
export async function findActingToken(db: Db, { teamId, userId }: ActingToken) {
  const [[user], [team]] = await db.batch([
    db
      .select({ userRole: users.userRole })
      .from(users)
      .where(and(eq(users.userId, userId ?? ''), isNull(users.deletedAt))),
    db
      .select({ blocked: teams.blocked })
      .from(teams)
      .where(eq(teams.teamId, teamId ?? '')),
  ])
  return { userRole: user?.userRole ?? null, isTeamBlocked: team?.blocked ?? false }
}

/** A user's role as it is now; null: there is no such user. */
export async function findRole(db: Db, userId: string): Promise<string | null> {
  const [found] = await db
    .select({ userRole: users.userRole })
    .from(users)
    .where(and(eq(users.userId, userId), isNull(users.deletedAt)))
  return found?.userRole ?? null
}
