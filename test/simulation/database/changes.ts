import type { AccountRow } from '../../../src/db/accounts.ts'
import type { WrittenBudget } from '../../../src/db/budgets.ts'
import type { UpdateKey } from '../../../src/db/key-update.ts'
import type { LimitChanges } from '../../../src/db/limits.ts'
import type { TeamChanges } from '../../../src/db/team-update.ts'
import type { TeamDetails } from '../../../src/db/teams.ts'
import { parseDuration } from '../../../src/duration.ts'
import { ROLLING, windowAt } from '../../../src/windows.ts'
import type { SimulatedDatabase } from './database.ts'
import { membersOf } from './reads.ts'
import {
  type BudgetRow,
  keyRowOf,
  type KeyRow,
  memberRowOf,
  type MemberRow,
  type TeamRow,
} from './tables.ts'
import { noteBudgets, noteKeys, noteMember, noteMoving, noteTeam } from './tellings.ts'

interface Write {
  readonly by: string
  readonly nowMs: number
}

/** db/team-update.ts updateTeam. */
export function updateTeam(
  database: SimulatedDatabase,
  { teamId, changes, ...write }: Write & { readonly teamId: string; readonly changes: TeamChanges },
): TeamDetails | null {
  const known = database.teams.get(teamId)
  const account = database.accountRow(`team:${teamId}`)
  if (!known || known.deletedAt) return null
  const { teamMemberBudgetDuration: duration } = changes
  const isAnchored = duration === undefined || duration === known.teamMemberBudgetDuration
  const team: TeamRow = {
    ...changed(database, { row: known, changes, ...write }),
    teamMemberAnchorAt: isAnchored ? known.teamMemberAnchorAt : new Date(write.nowMs),
  }
  database.teams.set(teamId, team)
  noteTeam(database, teamId)
  return account ? { team, account, members: membersOf(database, teamId) } : null
}

/** db/key-update.ts updateKey. */
export function updateKey(database: SimulatedDatabase, update: UpdateKey) {
  const { token, accountId, changes, owner, ...write } = update
  const key = database.keys.get(token)
  const account = database.accountRow(accountId)
  const isNamed = key?.row.accountId === accountId && !key.row.deletedAt && !key.row.moving
  if (key && isNamed) {
    key.row = changed(database, { row: key.row, changes, ...write })
    const { accountId: account_id, teamId, userId } = owner ?? key.row
    const moving = { account_id, team_id: teamId, user_id: userId }
    key.row = account_id === accountId ? { ...key.row, teamId, userId } : { ...key.row, moving }
  }
  if (key) {
    noteKeys(database, [key.row])
    noteMoving(database, key.row)
    noteBudgets(database, [key.row])
  }
  if (!key || !isNamed || !account) return null
  const budget = database.budgets.get(key.row.budgetId ?? '') ?? null
  return { key: keyRowOf(key), account, budget }
}

/** db/member-changes.ts updateMember. */
export function updateMember(
  database: SimulatedDatabase,
  request: Write & {
    readonly teamId: string
    readonly userId: string
    readonly changes: LimitChanges & { readonly role?: string | undefined }
  },
): { readonly member: MemberRow; readonly account: AccountRow } | null {
  const { teamId, userId, changes, ...write } = request
  const member = database.member(teamId, userId)
  const account = database.accountRow(`team:${teamId}`)
  if (!member || member.row.deletedAt) return null
  member.row = changed(database, { row: member.row, changes, ...write })
  noteMember(database, teamId, userId)
  return account ? { member: memberRowOf(member), account } : null
}

/** db/budgets.ts updateBudget. */
export function updateBudget(
  database: SimulatedDatabase,
  update: Write & { readonly budgetId: string; readonly changes: LimitChanges },
): WrittenBudget | null {
  const { budgetId, changes, ...write } = update
  const known = database.budgets.get(budgetId)
  const live = known && !known.deletedAt ? known : null
  const budget = live && changed(database, { row: live, changes, ...write })
  if (budget) database.budgets.set(budgetId, budget)
  const naming = rowsOf(database).filter((key) => key.budgetId === budgetId && !key.deletedAt)
  noteBudgets(database, naming)
  const ids = [...new Set(naming.map(({ accountId }) => accountId))].toSorted()
  const accounts = ids.flatMap((id) => database.accountRow(id) ?? [])
  return budget ? { budget, accounts } : null
}

/** db/keys.ts deleteKeys, by hashes. */
export function deleteKeys(
  database: SimulatedDatabase,
  { hashes }: { readonly hashes: readonly string[] },
): { readonly key: KeyRow; readonly account: AccountRow }[] {
  return hashes.flatMap((hash) => {
    const key = database.keys.get(hash)
    const account = key && database.accountRow(key.row.accountId)
    if (!key || !account) return []
    const deletedAt = key.row.deletedAt ?? new Date(database.nowMs())
    const moving = key.row.moving && { version: key.row.version, ...key.row.moving }
    key.row = { ...key.row, deletedAt, moving, version: database.nextVersion() }
    noteKeys(database, [key.row])
    return [{ key: keyRowOf(key), account }]
  })
}

function rowsOf({ keys }: SimulatedDatabase): KeyRow[] {
  return [...keys.values()].map(({ row }) => row)
}

type Limited = TeamRow | KeyRow | MemberRow | BudgetRow

/** db/limits.ts limitSet and db/change.ts changed: what is undefined stays. */
function changed<T extends Limited>(
  database: SimulatedDatabase,
  change: Write & { readonly row: T; readonly changes: LimitChanges },
): T {
  const { row, changes, by, nowMs } = change
  const { budgetDuration, budgetLimits, modelMaxBudget, ...plain } = changes
  const anchor_at = new Date(nowMs).toISOString()
  const sent = Object.entries(plain).filter(([, value]) => value !== undefined)
  const limits = {
    ...(budgetDuration !== undefined && {
      budgetDuration,
      budgetAnchorAt: new Date(nowMs),
      budgetResetAt: firstReset(budgetDuration, nowMs),
    }),
    ...(budgetLimits !== undefined && {
      budgetLimits:
        budgetLimits &&
        budgetLimits.map((window) => {
          const kept = row.budgetLimits?.find(
            (one) => one.budget_duration === window.budget_duration,
          )
          return { ...window, anchor_at: kept?.anchor_at ?? anchor_at }
        }),
    }),
    ...(modelMaxBudget !== undefined && {
      modelMaxBudget:
        modelMaxBudget &&
        Object.fromEntries(
          Object.entries(modelMaxBudget).map(([model, budget]) => {
            const kept = row.modelMaxBudget?.[model]
            const isSame = kept?.time_period === budget.time_period
            return [model, { ...budget, anchor_at: isSame ? kept.anchor_at : anchor_at }]
          }),
        ),
    }),
  }
  const version = database.nextVersion()
  const noted = { version, updatedAt: new Date(nowMs), updatedBy: by }
  return { ...row, ...Object.fromEntries(sent), ...limits, ...noted }
}

function firstReset(text: string | null, nowMs: number): Date | null {
  const rule = { duration: text === null ? null : parseDuration(text), anchorMs: nowMs }
  const { endMs } = windowAt(rule, { nowMs, resets: ROLLING })
  return endMs === null ? null : new Date(endMs)
}
