import { z } from 'zod'
import type { TeamChanges } from '../../db/team-update.ts'
import { aliases, count, duration, flag, metadata, money, name, names } from '../fields.ts'
import { enforcement, limits } from '../limit-fields.ts'
import { permissions } from '../access/permissions.ts'
import { decimal, enforcementChanges, filled, limitChanges, plainMetadata } from '../limits.ts'

/** What a team is made with and what may be changed later. */
export const teamFields = {
  team_alias: name,
  metadata,
  models: names,
  model_aliases: aliases,
  blocked: flag,
  team_member_budget: money,
  team_member_budget_duration: duration,
  team_member_rpm_limit: count,
  team_member_tpm_limit: count,
  team_member_permissions: permissions.nullish(),
  team_member_key_duration: duration,
  ...limits,
  ...enforcement,
}

/** Fields as they were sent → what changes: undefined keeps, null clears. */
export function teamChanges(input: z.infer<z.ZodObject<typeof teamFields>>): TeamChanges {
  return {
    teamAlias: input.team_alias,
    metadata: plainMetadata(input.metadata),
    models: input.models === null ? [] : input.models,
    modelAliases: filled(input.model_aliases),
    blocked: input.blocked === null ? false : input.blocked,
    teamMemberBudget: decimal(input.team_member_budget),
    teamMemberBudgetDuration: input.team_member_budget_duration,
    teamMemberRpmLimit: input.team_member_rpm_limit,
    teamMemberTpmLimit: input.team_member_tpm_limit,
    teamMemberPermissions: filled(input.team_member_permissions),
    teamMemberKeyDuration: input.team_member_key_duration,
    ...limitChanges(input),
    ...enforcementChanges(input),
  }
}
