import type { BudgetRow } from '../../db/budgets.ts'
import type { KeyRow } from '../../db/keys.ts'
import { isoMicros } from '../../duration.ts'
import { budgetRow } from '../budget/row.ts'
import { enforcementFields, limitFields, metadataField } from '../limits.ts'
import type { Now } from '../../windows.ts'

interface Shown {
  readonly spend: number
  readonly held: number
  /** The shared budget row that it names. */
  readonly budget?: BudgetRow | null
}

/** A key's row as LiteLLM answers with it: never the key, and its hash only where asked for. */
export function keyRow(key: KeyRow, { budget = null, ...spend }: Shown, now: Now) {
  return {
    key_name: key.keyName,
    key_alias: key.keyAlias,
    team_id: key.teamId,
    user_id: key.userId,
    models: key.models,
    metadata: metadataField(key),
    blocked: key.blocked,
    expires: key.expiresAt ? isoMicros(key.expiresAt.getTime()) : null,
    ...limitFields(key, now),
    ...enforcementFields(key),
    budget_id: key.budgetId,
    litellm_budget_table: budget && budgetRow(budget, now),
    soft_budget_cooldown: false,
    aliases: key.aliases ?? {},
    config: {},
    permissions: {},
    router_settings: null,
    agent_id: null,
    project_id: null,
    organization_id: null,
    allowed_cache_controls: [],
    allowed_routes: [],
    policies: [],
    access_group_ids: [],
    model_spend: {},
    object_permission_id: null,
    last_active: null,
    rotation_count: 0,
    auto_rotate: false,
    rotation_interval: null,
    last_rotation_at: null,
    key_rotation_at: null,
    created_at: isoMicros(key.createdAt.getTime()),
    created_by: key.createdBy,
    updated_at: isoMicros(key.updatedAt.getTime()),
    updated_by: key.updatedBy,
    ...spend,
  }
}
