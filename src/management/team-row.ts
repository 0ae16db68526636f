import type { TeamRow } from '../db/teams.ts'
import { isoMicros } from '../duration.ts'
import { limitFields } from './limits.ts'

/** A team as LiteLLM answers with it. Fields that nothing here uses are null or empty. */
export function teamRow(
  team: TeamRow,
  spend: { readonly spend: number; readonly held: number },
  nowMs: number,
) {
  return {
    team_id: team.teamId,
    team_alias: team.teamAlias,
    organization_id: team.organizationId,
    admins: [],
    members: [],
    members_with_roles: team.membersWithRoles,
    team_member_permissions: [],
    metadata: team.metadata,
    models: team.models,
    blocked: team.blocked,
    ...limitFields(team, nowMs),
    ...spend,
    router_settings: null,
    access_group_ids: [],
    model_id: null,
    litellm_model_table: null,
    object_permission: null,
    object_permission_id: null,
    model_spend: {},
    model_max_budget: {},
    policies: [],
    budget_limits: null,
    created_at: isoMicros(team.createdAt.getTime()),
    updated_at: isoMicros(team.updatedAt.getTime()),
  }
}
