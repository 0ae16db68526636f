import type { MemberRow } from '../../db/members.ts'
import { teamPolicy } from '../../db/policy.ts'
import type { TeamDetails } from '../../db/teams.ts'
import { isoMicros } from '../../duration.ts'
import { decimalField, enforcementFields, limitFields, metadataField } from '../limits.ts'
import { type LiveDeps, spendFields, standings } from '../live.ts'
import { mainBudget } from '../usage.ts'
import type { Now } from '../../windows.ts'

interface Shown {
  readonly spend: number
  readonly held: number
}

/** A team as LiteLLM answers with it. Fields that nothing here uses are null or empty. */
export function teamRow(
  { team, members }: Pick<TeamDetails, 'team' | 'members'>,
  spend: Shown,
  now: Now,
) {
  return {
    team_id: team.teamId,
    team_alias: team.teamAlias,
    organization_id: team.organizationId,
    admins: [],
    members: [],
    members_with_roles: members.map(memberField),
    team_member_permissions: team.teamMemberPermissions ?? [],
    metadata: metadataField(team),
    models: team.models,
    model_aliases: team.modelAliases ?? {},
    blocked: team.blocked,
    ...limitFields(team, now),
    ...enforcementFields(team),
    team_member_budget: decimalField(team.teamMemberBudget),
    team_member_budget_duration: team.teamMemberBudgetDuration,
    team_member_rpm_limit: team.teamMemberRpmLimit,
    team_member_tpm_limit: team.teamMemberTpmLimit,
    team_member_key_duration: team.teamMemberKeyDuration,
    router_settings: null,
    access_group_ids: [],
    model_id: null,
    litellm_model_table: null,
    object_permission: null,
    object_permission_id: null,
    model_spend: {},
    policies: [],
    created_at: isoMicros(team.createdAt.getTime()),
    updated_at: isoMicros(team.updatedAt.getTime()),
    ...spend,
  }
}

export function memberField({ userId, userEmail, role }: MemberRow) {
  return { user_id: userId, user_email: userEmail, role }
}

/** The same with what its ledger says now: for the answers to changes. */
export async function liveTeamRow(deps: LiveDeps, details: TeamDetails, now: Now) {
  const { team, account } = details
  const row = teamPolicy(team)
  const stands = await standings(deps, account, { known: [[row, account]], ...now })
  const spend = spendFields(stands('account', mainBudget(row, [row], now.nowMs)))
  return teamRow(details, spend, now)
}
