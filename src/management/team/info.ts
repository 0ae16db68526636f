import type { BudgetRow } from '../../db/budgets.ts'
import type { KeyRow } from '../../db/keys.ts'
import { budgetPolicy, keyPolicy, teamPolicy } from '../../db/policy.ts'
import { spentLastDay } from '../../db/daily-spend.ts'
import type { TeamDetails, TeamRow } from '../../db/teams.ts'
import { unlimitedRow } from '../../ledger/policy.ts'
import { forecast } from '../forecast.ts'
import { keyRow } from '../key/row.ts'
import { type Known, type LiveDeps, standings } from '../live.ts'
import { knownMembers, membershipRow } from '../member/row.ts'
import { effectiveLimits, mainBudget, usageFields } from '../usage.ts'
import { teamRow } from './row.ts'
import type { Now } from '../../windows.ts'

interface Shown extends TeamDetails {
  readonly keys: readonly KeyRow[]
  /** Those that the keys name. */
  readonly budgets: readonly BudgetRow[]
}

/** A team with its keys and members, as its ledger knows them at this instant. */
export async function teamInfo(deps: LiveDeps, shown: Shown, now: Now) {
  const { team, account, members, keys, budgets } = shown
  const shared = budgets.map(budgetPolicy)
  const stands = await standings(deps, account, {
    known: [
      ...knownMembers(shown, members),
      ...keys.map((key): Known => [keyPolicy(key), key]),
      ...shared.map((row): Known => [row, null]),
    ],
    ...now,
  })
  const policy = teamPolicy(team)
  const usage = usageFields({ row: policy, rows: [policy], standings: stands, ...now })
  const main = mainBudget(policy, [policy], now.nowMs)
  const lastDayPico = await spentLastDay(deps.db, account, now.nowMs)
  const madeMs = team.createdAt.getTime()
  const paced = {
    standing: stands('account', main),
    limitPico: main.limitPico,
    lastDayPico,
    madeMs,
  }
  return {
    team_id: team.teamId,
    team_info: {
      ...teamRow(shown, usage, now),
      forecast: forecast(paced, now.nowMs),
      team_member_budget_table: memberDefaults(team, now),
      is_from_config: false,
    },
    keys: keys.map((key) => {
      const row = keyPolicy(key)
      const rows = [row, policy, ...shared.filter(({ id }) => id === key.budgetId)]
      const budget = budgets.find(({ budgetId }) => budgetId === key.budgetId) ?? null
      const used = usageFields({ row, rows, standings: stands, ...now })
      return { ...keyRow(key, { ...used, budget }, now), token: key.token }
    }),
    team_memberships: members.map((member) =>
      membershipRow(member, team, { standings: stands, ...now }),
    ),
  }
}

/** What limits members who have no value of their own; null if nothing does. */
function memberDefaults(team: TeamRow, now: Now) {
  const { teamMemberBudget, teamMemberBudgetDuration, teamMemberRpmLimit, teamMemberTpmLimit } =
    team
  const set = [teamMemberBudget, teamMemberBudgetDuration, teamMemberRpmLimit, teamMemberTpmLimit]
  if (set.every((value) => value === null)) return null
  const anybody = { ...unlimitedRow('member', ''), budgets: [] }
  return {
    budget_id: null,
    soft_budget: null,
    ...effectiveLimits(anybody, [anybody, teamPolicy(team)], now),
  }
}
