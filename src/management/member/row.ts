import type { AccountRow } from '../../db/accounts.ts'
import type { MemberRow } from '../../db/members.ts'
import { memberPolicy, teamPolicy } from '../../db/policy.ts'
import type { TeamRow } from '../../db/teams.ts'
import { scopeOf } from '../../ledger/scopes.ts'
import { type Known, spendFields, type Standings } from '../live.ts'
import { effectiveLimits, mainBudget } from '../usage.ts'
import type { Now } from '../../windows.ts'

/** The rows that members of a team are decided on. */
export function knownMembers(
  { team, account }: { readonly team: TeamRow; readonly account: AccountRow },
  members: readonly MemberRow[],
): Known[] {
  return [
    [teamPolicy(team), account],
    ...members.map((member): Known => [memberPolicy(member), member]),
  ]
}

/** A membership as LiteLLM answers with it: the limits are those that hold, own or the team's. */
export function membershipRow(
  member: MemberRow,
  team: TeamRow,
  { standings, ...now }: Now & { readonly standings: Standings },
) {
  const row = memberPolicy(member)
  const rows = [row, teamPolicy(team)]
  const { held: _held, spend } = spendFields(
    standings(scopeOf(row), mainBudget(row, rows, now.nowMs)),
  )
  return {
    user_id: member.userId,
    team_id: member.teamId,
    budget_id: member.budgetId,
    spend,
    total_spend: null,
    litellm_budget_table: {
      budget_id: member.budgetId,
      soft_budget: null,
      ...effectiveLimits(row, rows, now),
      model_max_budget: null,
      allowed_models: [],
    },
  }
}
