import { and, eq, inArray, isNull } from 'drizzle-orm'
import { keys, memberships, teams } from '../../../drizzle/schema.ts'
import type { Db } from '../connect.ts'
import { tokenOf } from '../key-secrets.ts'

export interface KeyName {
  readonly token: string
  readonly keyName: string
  readonly keyAlias: string | null
  readonly teamId: string | null
  readonly userId: string | null
}

const named = {
  token: keys.token,
  keyName: keys.keyName,
  keyAlias: keys.keyAlias,
  teamId: keys.teamId,
  userId: keys.userId,
}

/** What keys are called, deleted ones too; those that never were are missing. */
export async function keyNames(
  db: Db,
  hashes: Iterable<string>,
): Promise<ReadonlyMap<string, KeyName>> {
  const wanted = [...new Set(hashes)]
  if (wanted.length === 0) return new Map()
  const rows = await db.select(named).from(keys).where(inArray(keys.token, wanted))
  return new Map(rows.map((row) => [row.token, row]))
}

/** Whose a key is or was, by any hash that it is known by; null: nobody's. */
export async function findKeyName(db: Db, hash: string): Promise<KeyName | null> {
  const [row] = await db
    .select(named)
    .from(keys)
    .where(eq(keys.token, tokenOf(hash)))
  return row ?? null
}

/** Teams' aliases, of deleted ones too. */
export async function teamAliases(
  db: Db,
  teamIds: Iterable<string>,
): Promise<ReadonlyMap<string, string | null>> {
  const wanted = [...new Set(teamIds)]
  if (wanted.length === 0) return new Map()
  const rows = await db
    .select({ teamId: teams.teamId, teamAlias: teams.teamAlias })
    .from(teams)
    .where(inArray(teams.teamId, wanted))
  return new Map(rows.map(({ teamId, teamAlias }) => [teamId, teamAlias]))
}

/** The teams that a user is in, as what, and what their members may. */
export function teamsOfUser(db: Db, userId: string) {
  return db
    .select({
      teamId: memberships.teamId,
      role: memberships.role,
      permissions: teams.teamMemberPermissions,
    })
    .from(memberships)
    .innerJoin(teams, eq(teams.teamId, memberships.teamId))
    .where(
      and(eq(memberships.userId, userId), isNull(memberships.deletedAt), isNull(teams.deletedAt)),
    )
    .limit(TEAMS_MAX)
}

const TEAMS_MAX = 1_000
