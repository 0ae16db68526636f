import { z } from 'zod'
import { ROLES } from '../../auth/caller.ts'
import type { UserChanges } from '../../db/user/update.ts'
import { notFound } from '../../errors.ts'
import { id, metadata, money, name, names } from '../fields.ts'
import { limits } from '../limit-fields.ts'
import { limitChanges, plainMetadata } from '../limits.ts'

/** LiteLLM's, for who is made without one. */
export const DEFAULT_ROLE = 'internal_user_viewer'
const TEAMS_MAX = 100

const role = z
  .enum(ROLES, { error: `expected one of ${ROLES.map((one) => `"${one}"`).join(', ')}` })
  .nullish()

/** An address, or none; those around it are no part of it. */
export const email = name.transform((text) => text?.trim() || (text === undefined ? text : null))

const JoinedTeam = z.object({
  team_id: id,
  max_budget_in_team: money,
  user_role: z.enum(['admin', 'user'], { error: 'expected "admin" or "user"' }).nullish(),
})

/** Ids of teams, or teams with what they give. */
export const teams = z
  .array(
    z.union([id.transform((team_id) => ({ team_id })).pipe(JoinedTeam), JoinedTeam], {
      error: 'expected the id of a team, or {team_id, max_budget_in_team, user_role}',
    }),
  )
  .max(TEAMS_MAX, { error: `expected at most ${TEAMS_MAX} items` })
  .nullish()

/** What a user is made with and what may be changed later. */
export const userFields = {
  user_email: email,
  user_alias: name,
  user_role: role,
  sso_user_id: name,
  metadata,
  models: names,
  ...limits,
}

/** Fields as they were sent → what changes: undefined keeps, null clears. */
export function userChanges(input: z.infer<z.ZodObject<typeof userFields>>): UserChanges {
  return {
    userEmail: input.user_email,
    userAlias: input.user_alias,
    userRole: input.user_role === null ? DEFAULT_ROLE : input.user_role,
    ssoUserId: input.sso_user_id,
    metadata: plainMetadata(input.metadata),
    models: input.models === null ? [] : input.models,
    ...limitChanges(input),
  }
}

export function noUser(userId: string | null, param = 'user_id') {
  return notFound(`User not found, passed ${param}=${userId}`, param)
}
