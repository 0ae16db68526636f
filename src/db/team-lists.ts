import { and, asc, count, desc, eq, ilike, inArray, isNull, or, type SQL, sql } from 'drizzle-orm'
import { accounts, keys, memberships, teams } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'

/** Who asks, if they don't see every team: those they are in, and those that they speak for. */
export interface Viewer {
  readonly userId: string | null
  readonly teamIds: readonly string[]
}

/** What is undefined or null does not restrict. */
export interface TeamFilter {
  readonly viewer: Viewer | null
  readonly userId?: string | undefined
  readonly organizationId?: string | undefined
  readonly teamId?: string | undefined
  /** Part of it, in any case. */
  readonly teamAlias?: string | undefined
}

const SORTABLE = {
  team_id: teams.teamId,
  team_alias: teams.teamAlias,
  created_at: teams.createdAt,
  updated_at: teams.updatedAt,
  max_budget: teams.maxBudget,
  budget_reset_at: teams.budgetResetAt,
  spend: accounts.spend,
  /** A part of the budget; of no budget, and of none at all, nothing. */
  budget_used: sql`${accounts.spend} / nullif(${teams.maxBudget}, 0)`,
}

export type TeamOrder = keyof typeof SORTABLE
export const TEAM_ORDERS = Object.keys(SORTABLE) as TeamOrder[]

interface Page {
  readonly orderBy: TeamOrder
  readonly isDescending: boolean
  readonly limit: number
  readonly offset: number
}

/** Newest first, each with its account's spend, its members and its keys. */
export async function listTeams(db: Db, filter: TeamFilter) {
  const found = await selectTeams(db, filter).orderBy(desc(teams.createdAt)).limit(TEAMS_MAX)
  const ids = found.map(({ team }) => team.teamId)
  const [keyRows, memberRows] = await db.batch([
    db
      .select()
      .from(keys)
      .where(and(inArray(keys.teamId, ids), isNull(keys.deletedAt)))
      .limit(KEYS_MAX),
    membersOf(db, ids),
  ])
  const theirKeys = Map.groupBy(keyRows, ({ teamId }) => teamId)
  const members = Map.groupBy(memberRows, ({ teamId }) => teamId)
  return found.map(({ team, account }) => ({
    team,
    account,
    keys: theirKeys.get(team.teamId) ?? [],
    members: members.get(team.teamId) ?? [],
  }))
}

/** A page of them in any order, and how many there are. */
export async function pageTeams(db: Db, filter: TeamFilter, page: Page) {
  const { orderBy, isDescending, limit, offset } = page
  const by = (isDescending ? desc : asc)(SORTABLE[orderBy])
  const [[counted], found] = await db.batch([
    db.select({ total: count() }).from(teams).where(matching(db, filter)),
    // Teams that are alike have an order too, or pages would overlap.
    selectTeams(db, filter)
      .orderBy(sql`${by} nulls last`, asc(teams.teamId))
      .limit(limit)
      .offset(offset),
  ])
  const ids = found.map(({ team }) => team.teamId)
  const members = Map.groupBy(await membersOf(db, ids), ({ teamId }) => teamId)
  const rows = found.map(({ team, account }) => {
    return { team, account, members: members.get(team.teamId) ?? [] }
  })
  return { total: counted?.total ?? 0, rows }
}

function selectTeams(db: Db, filter: TeamFilter) {
  return db
    .select({ team: teams, account: accounts })
    .from(teams)
    .innerJoin(accounts, eq(accounts.accountId, sql`'team:' || ${teams.teamId}`))
    .where(matching(db, filter))
}

function membersOf(db: Db, teamIds: readonly string[]) {
  return db
    .select()
    .from(memberships)
    .where(and(inArray(memberships.teamId, [...teamIds]), isNull(memberships.deletedAt)))
    .orderBy(asc(memberships.createdAt), asc(memberships.userId))
    .limit(KEYS_MAX)
}

function matching(db: Db, filter: TeamFilter): SQL | undefined {
  const { viewer, userId, organizationId, teamId, teamAlias } = filter
  const part = teamAlias?.replace(/[\\%_]/g, String.raw`\$&`)
  return and(
    isNull(teams.deletedAt),
    viewer ? or(inArray(teams.teamId, [...viewer.teamIds]), has(db, viewer.userId)) : undefined,
    userId === undefined ? undefined : has(db, userId),
    organizationId === undefined ? undefined : eq(teams.organizationId, organizationId),
    teamId === undefined ? undefined : eq(teams.teamId, teamId),
    part ? ilike(teams.teamAlias, `%${part}%`) : undefined,
  )
}

/** Whether the user is in the team; nobody is in none. */
function has(db: Db, userId: string | null): SQL {
  return inArray(
    teams.teamId,
    db
      .select({ teamId: memberships.teamId })
      .from(memberships)
      .where(and(eq(memberships.userId, userId ?? ''), isNull(memberships.deletedAt))),
  )
}

const TEAMS_MAX = 10_000
const KEYS_MAX = 100_000
