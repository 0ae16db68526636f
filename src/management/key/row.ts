import type { BudgetRow } from '../../db/budgets.ts'
import { newestHash } from '../../db/key-secrets.ts'
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
    allowed_routes: key.allowedRoutes,
    policies: [],
    access_group_ids: [],
    model_spend: {},
    object_permission_id: null,
    last_active: null,
    rotation_count: key.secrets?.at(-1)?.nth ?? 0,
    auto_rotate: false,
    rotation_interval: null,
    last_rotation_at: key.lastRotationAt && isoMicros(key.lastRotationAt.getTime()),
    key_rotation_at: null,
    created_at: isoMicros(key.createdAt.getTime()),
    created_by: key.createdBy,
    updated_at: isoMicros(key.updatedAt.getTime()),
    updated_by: key.updatedBy,
    ...spend,
  }
}

/** What a call may name the key by: the hash of its newest secret. */
export function tokenFields(key: KeyRow) {
  const hash = newestHash(key)
  return { token: hash, token_id: hash }
}

/** What LiteLLM repeats of a request that makes or changes a key, and keeps nowhere. */
const REQUEST_DEFAULTS = {
  duration: null,
  key_type: null,
  tags: null,
  guardrails: null,
  prompts: null,
  enforced_params: null,
  budget_fallbacks: null,
  tpm_limit_type: null,
  rpm_limit_type: null,
  allowed_passthrough_routes: null,
  object_permission: null,
  send_invite_email: null,
}

/** A key that was made or regenerated: the only answers that show it. */
export function shownOnce(
  { key, row, input }: { readonly key: string; readonly row: object; readonly input: object },
  made: KeyRow,
) {
  const asked = Object.entries(REQUEST_DEFAULTS).map(([field, none]) => [
    field,
    (input as Readonly<Record<string, unknown>>)[field] ?? none,
  ])
  return { ...Object.fromEntries(asked), ...row, key, ...tokenFields(made) }
}
