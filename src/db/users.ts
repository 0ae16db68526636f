import {
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  ilike,
  inArray,
  isNull,
  type SQL,
  sql,
} from 'drizzle-orm'
import { accounts, keys, memberships, teams, users } from '../../drizzle/schema.ts'
import type { AccountRow } from './accounts.ts'
import type { Db } from './connect.ts'

export type UserRow = typeof users.$inferSelect

/** A user with the account of their own keys, unless nobody ever needed it, and their teams. */
export interface UserDetails {
  readonly user: UserRow
  readonly account: AccountRow | null
  readonly teams: readonly string[]
}

/** Users that are there, in order of id. */
export async function listUsers(db: Db, userIds: readonly string[]): Promise<UserDetails[]> {
  return select(db)
    .where(and(inArray(users.userId, [...userIds]), isNull(users.deletedAt)))
    .orderBy(asc(users.userId))
}

export async function getUser(db: Db, userId: string): Promise<UserDetails | null> {
  return (await listUsers(db, [userId]))[0] ?? null
}

/** Who has these addresses, however they are spelt; who had one first comes first. */
export async function findByEmail(db: Db, emails: readonly string[]): Promise<UserDetails[]> {
  const spelt = emails.map((email) => email.toLowerCase())
  return select(db)
    .where(and(inArray(lowerEmail, spelt), isNull(users.deletedAt)))
    .orderBy(asc(users.createdAt), asc(users.userId))
}

/** Ids of users, oldest first. */
export async function listUserIds(db: Db, limit: number): Promise<string[]> {
  const rows = await db
    .select({ userId: users.userId })
    .from(users)
    .where(isNull(users.deletedAt))
    .orderBy(asc(users.createdAt), asc(users.userId))
    .limit(limit)
  return rows.map(({ userId }) => userId)
}

export interface UserFilter {
  readonly role?: string | undefined
  /** One may be a part of an id. */
  readonly userIds?: readonly string[] | undefined
  readonly ssoUserIds?: readonly string[] | undefined
  /** A part of the address. */
  readonly userEmail?: string | undefined
  readonly teamId?: string | undefined
  readonly sortBy?: keyof typeof SORTED | undefined
  readonly sortOrder: 'asc' | 'desc'
  readonly page: number
  readonly pageSize: number
}

const SORTED = {
  user_id: users.userId,
  user_email: users.userEmail,
  created_at: users.createdAt,
  spend: accounts.spend,
  user_alias: users.userAlias,
  user_role: users.userRole,
} as const

export const SORT_FIELDS = Object.keys(SORTED) as (keyof typeof SORTED)[]

/** One page of users, each with how many keys they have, and how many users there are in all. */
export async function pageUsers(db: Db, filter: UserFilter) {
  const { sortBy, sortOrder, page, pageSize } = filter
  const where = and(isNull(users.deletedAt), ...matches(filter))
  const column = SORTED[sortBy ?? 'created_at']
  const order = sortBy !== undefined && sortOrder === 'asc' ? asc(column) : desc(column)
  const keyCount = sql<number>`(select count(*)::int from ${keys}
    where ${keys.userId} = ${users.userId} and ${keys.deletedAt} is null)`
  const [rows, [all]] = await db.batch([
    db
      .select({ ...SELECTED, keyCount })
      .from(users)
      .leftJoin(accounts, eq(accounts.accountId, accountIdOf))
      .where(where)
      .orderBy(order, asc(users.userId))
      .limit(pageSize)
      .offset((page - 1) * pageSize),
    db.select({ total: count() }).from(users).where(where),
  ])
  return { rows, total: all?.total ?? 0 }
}

function matches(filter: UserFilter): (SQL | undefined)[] {
  const { role, userIds, ssoUserIds, userEmail, teamId } = filter
  const [one, ...others] = userIds ?? []
  return [
    role === undefined ? undefined : eq(users.userRole, role),
    one === undefined
      ? undefined
      : others.length > 0
        ? inArray(users.userId, [one, ...others])
        : ilike(users.userId, containing(one)),
    ssoUserIds && inArray(users.ssoUserId, [...ssoUserIds]),
    userEmail === undefined ? undefined : ilike(users.userEmail, containing(userEmail)),
    teamId === undefined
      ? undefined
      : sql`exists (select 1 from ${memberships} where ${memberships.userId} = ${users.userId}
          and ${memberships.teamId} = ${teamId} and ${memberships.deletedAt} is null)`,
  ]
}

function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
}

/** How many users and teams there are. */
export async function countUsers(db: Db) {
  const [[ofUsers], [ofTeams]] = await db.batch([
    db.select({ total: count() }).from(users).where(isNull(users.deletedAt)),
    db.select({ total: count() }).from(teams).where(isNull(teams.deletedAt)),
  ])
  return { users: ofUsers?.total ?? 0, teams: ofTeams?.total ?? 0 }
}

const accountIdOf = sql`'user:' || ${users.userId}`
const lowerEmail = sql`lower(${users.userEmail})`

const teamIdsOf = sql<string[]>`(
  select coalesce(jsonb_agg(${memberships.teamId} order by ${memberships.createdAt}), '[]')
  from ${memberships} join ${teams} on ${teams.teamId} = ${memberships.teamId}
  where ${memberships.userId} = ${users.userId} and ${memberships.deletedAt} is null
    and ${teams.deletedAt} is null)`

const SELECTED = {
  user: getTableColumns(users),
  account: getTableColumns(accounts),
  teams: teamIdsOf,
} as const

function select(db: Db) {
  return db
    .select(SELECTED)
    .from(users)
    .leftJoin(accounts, eq(accounts.accountId, accountIdOf))
    .$dynamic()
}
