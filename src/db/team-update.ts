import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core'
import { accounts, teams } from '../../drizzle/schema.ts'
import { lockAccounts } from './accounts.ts'
import { changed } from './change.ts'
import type { Db } from './connect.ts'
import { type LimitChanges, limitSet } from './limits.ts'
import { selectMembers } from './members.ts'
import type { TeamDetails, TeamRow } from './teams.ts'
import { noteChangedTeams } from './tellings.ts'
import type { Now } from '../windows.ts'

type Sent<K extends keyof TeamRow> = { readonly [Name in K]?: TeamRow[Name] | undefined }

/** What is undefined stays. */
export type TeamChanges = LimitChanges &
  Sent<
    | 'teamAlias'
    | 'metadata'
    | 'models'
    | 'modelAliases'
    | 'blocked'
    | 'teamMemberBudget'
    | 'teamMemberBudgetDuration'
    | 'teamMemberRpmLimit'
    | 'teamMemberTpmLimit'
    | 'teamMemberPermissions'
    | 'teamMemberKeyDuration'
    | 'budgetEnforcement'
    | 'tempBudgetIncrease'
    | 'tempBudgetExpiry'
  >

interface UpdateTeam extends Now {
  readonly teamId: string
  readonly changes: TeamChanges
  readonly by: string
}

/** Null if there is no such team. */
export async function updateTeam(db: Db, update: UpdateTeam): Promise<TeamDetails | null> {
  const { changes, nowMs } = update
  const { teamMemberBudgetDuration: duration } = changes
  return writeTeam(db, update, {
    ...limitSet(teams, changes, update),
    ...(duration !== undefined && {
      // Clients send it along with every change; members' windows go on if it is the same.
      teamMemberAnchorAt: sql`case
        when ${teams.teamMemberBudgetDuration} is not distinct from ${duration}::text
        then ${teams.teamMemberAnchorAt} else ${new Date(nowMs).toISOString()}::timestamptz end`,
    }),
  })
}

type Write = Pick<UpdateTeam, 'teamId' | 'by' | 'nowMs'>

interface ModelNames extends Write {
  readonly models: readonly string[]
}

/** Adds names to those that a team may call; null as above, or if these were more than `most`. */
export async function addTeamModels(
  db: Db,
  request: ModelNames & { readonly most: number },
): Promise<TeamDetails | null> {
  const all = sql`array(
    select name from unnest(${teams.models} || ${textArray(request.models)})
      with ordinality as each(name, place) group by name order by min(place))`
  const only = sql`cardinality(${all}) <= ${request.most}`
  return writeTeam(db, { ...request, only }, { models: all })
}

/** Takes names away. No names would mean all models, so the last one leaves one that names none. */
export async function removeTeamModels(db: Db, request: ModelNames): Promise<TeamDetails | null> {
  const left = sql`array(
    select name from unnest(${teams.models}) with ordinality as each(name, place)
    where name <> all (${textArray(request.models)}) order by place)`
  const models = sql`case when ${teams.models} = '{}' then ${teams.models}
    else coalesce(nullif(${left}, '{}'), '{no-default-models}') end`
  return writeTeam(db, request, { models })
}

function textArray(items: readonly string[]): SQL {
  return sql`array(select jsonb_array_elements_text(${JSON.stringify(items)}::jsonb))`
}

/** One batch behind the lock on its account. */
async function writeTeam(
  db: Db,
  { teamId, by, nowMs, only }: Write & { readonly only?: SQL },
  set: PgUpdateSetSource<typeof teams>,
): Promise<TeamDetails | null> {
  const named = and(eq(teams.teamId, teamId), isNull(teams.deletedAt), only) ?? sql`false`
  const owning = eq(accounts.accountId, `team:${teamId}`)
  const [, [team], , [account], members] = await db.batch([
    lockAccounts(db, owning),
    db
      .update(teams)
      .set({ ...set, ...changed(by, nowMs) })
      .where(named)
      .returning(),
    noteChangedTeams(db, named),
    db.select().from(accounts).where(owning),
    selectMembers(db, teamId),
  ])
  return team && account ? { team, account, members } : null
}
