import type { UserDetails } from '../../db/users.ts'
import { userPolicy } from '../../db/policy.ts'
import { isoMicros } from '../../duration.ts'
import { limitFields, metadataField } from '../limits.ts'
import { copiedSpend, type LiveDeps, standings } from '../live.ts'
import { usageFields } from '../usage.ts'
import type { Now } from '../../windows.ts'

interface Spent {
  readonly spend: number
  readonly held: number
}

/** A user as LiteLLM answers with it. Fields that nothing here uses are null or empty. */
export function userRow({ user, teams }: Omit<UserDetails, 'account'>, spent: Spent, now: Now) {
  return {
    user_id: user.userId,
    user_email: user.userEmail,
    user_alias: user.userAlias,
    user_role: user.userRole,
    sso_user_id: user.ssoUserId,
    teams,
    models: user.models,
    metadata: metadataField(user),
    ...limitFields(user, now),
    team_id: null,
    organization_id: null,
    organization_memberships: [],
    allowed_cache_controls: [],
    policies: [],
    object_permission: null,
    object_permission_id: null,
    model_spend: {},
    created_at: isoMicros(user.createdAt.getTime()),
    updated_at: isoMicros(user.updatedAt.getTime()),
    ...spent,
  }
}

/** The same with what the ledger of their own keys says now. */
export async function liveUserRow(deps: LiveDeps, details: UserDetails, now: Now) {
  const { user, account } = details
  if (!account) return copiedUserRow(details, now)
  const row = userPolicy(user)
  const stands = await standings(deps, account, { known: [[row, account]], ...now })
  return userRow(details, usageFields({ row, rows: [row], standings: stands, ...now }), now)
}

/** The same without its word, for lists: the spend may lag. */
export function copiedUserRow(details: UserDetails, now: Now) {
  const { user, account } = details
  const spent = account ? copiedSpend(userPolicy(user), account, now) : { spend: 0, held: 0 }
  return userRow(details, spent, now)
}
