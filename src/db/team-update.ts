import { and, eq, isNull, sql } from 'drizzle-orm'
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
    | 'budgetEnforcement'
    | 'tempBudgetIncrease'
    | 'tempBudgetExpiry'
  >

interface UpdateTeam extends Now {
  readonly teamId: string
  readonly changes: TeamChanges
  readonly by: string
}

/** One batch behind the lock on its account; null if there is no such team. */
export async function updateTeam(db: Db, update: UpdateTeam): Promise<TeamDetails | null> {
  const { teamId, changes, by, nowMs } = update
  const named = and(eq(teams.teamId, teamId), isNull(teams.deletedAt)) ?? sql`false`
  const owning = eq(accounts.accountId, `team:${teamId}`)
  const { teamMemberBudgetDuration: duration } = changes
  const set = {
    ...limitSet(teams, changes, update),
    ...(duration !== undefined && {
      // Clients send it along with every change; members' windows go on if it is the same.
      teamMemberAnchorAt: sql`case
        when ${teams.teamMemberBudgetDuration} is not distinct from ${duration}::text
        then ${teams.teamMemberAnchorAt} else ${new Date(nowMs).toISOString()}::timestamptz end`,
    }),
    ...changed(by, nowMs),
  }
  const [, [team], , [account], members] = await db.batch([
    lockAccounts(db, owning),
    db.update(teams).set(set).where(named).returning(),
    noteChangedTeams(db, named),
    db.select().from(accounts).where(owning),
    selectMembers(db, teamId),
  ])
  return team && account ? { team, account, members } : null
}
