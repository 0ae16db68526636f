import { badRequest } from '../errors.ts'

/** Fields that would limit or protect, and that nothing enforces yet: silence would be a lie. */
const UNENFORCED: Readonly<Record<'team' | 'key', readonly string[]>> = {
  team: [
    'organization_id',
    'budget_limits',
    'model_max_budget',
    'model_rpm_limit',
    'model_tpm_limit',
    'tpm_limit_type',
    'rpm_limit_type',
    'team_member_budget',
    'team_member_budget_duration',
    'team_member_rpm_limit',
    'team_member_tpm_limit',
    'team_member_key_duration',
    'team_member_permissions',
    'default_team_member_models',
    'allowed_passthrough_routes',
    'object_permission',
    'guardrails',
    'policies',
    'access_group_ids',
    'budget_id',
  ],
  key: [
    'organization_id',
    'project_id',
    'agent_id',
    'spend',
    'budget_id',
    'budget_limits',
    'budget_fallbacks',
    'model_max_budget',
    'model_rpm_limit',
    'model_tpm_limit',
    'tpm_limit_type',
    'rpm_limit_type',
    'permissions',
    'allowed_cache_controls',
    'allowed_routes',
    'allowed_passthrough_routes',
    'guardrails',
    'policies',
    'enforced_params',
    'object_permission',
    'access_group_ids',
    'auto_rotate',
    'rotation_interval',
    'temp_budget_increase',
    'temp_budget_expiry',
  ],
}

/** `metadata` may carry limits too, as LiteLLM stores some of them there. */
const UNENFORCED_METADATA = [
  'model_rpm_limit',
  'model_tpm_limit',
  'guardrails',
  'throttle_on_budget_exceeded',
]

/** What the schemas know. Any other name that speaks of a limit is one that nothing enforces. */
const ENFORCED = new Set([
  'max_budget',
  'soft_budget',
  'budget_duration',
  'budget_reset_at',
  'tpm_limit',
  'rpm_limit',
  'max_parallel_requests',
])
const LIMITING = /budget|limit|guardrail|max_|allowed_|rate_/

const KEY_TYPES = new Set(['default', 'llm_api'])

/** Throws a 400 that names the field, unless the operator accepted that it has no effect. */
export function refuseUnenforced(
  kind: 'team' | 'key',
  input: Readonly<Record<string, unknown>>,
  ignored: readonly string[],
): void {
  const metadata = isRecord(input['metadata']) ? input['metadata'] : {}
  const named = [
    ...UNENFORCED[kind].filter((name) => says(input[name])),
    ...UNENFORCED_METADATA.filter((name) => says(metadata[name])).map((name) => `metadata.${name}`),
    ...(isManagementKey(input['key_type']) ? ['key_type'] : []),
    ...Object.keys(input).filter((name) => isLimitByName(name) && says(input[name])),
  ]
  const field = named.find((name) => !ignored.includes(`${kind}.${name}`))
  if (field === undefined) return
  throw badRequest(
    `${field} is not enforced by Tollgate yet, so it is refused rather than ignored. To accept it ` +
      `without effect, list "${kind}.${field}" in general_settings.ignore_unsupported.`,
    field,
  )
}

/** Clients send empty defaults for fields that they do not use. */
function says(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false)
    return false
  if (Array.isArray(value)) return value.length > 0
  return typeof value !== 'object' || Object.keys(value).length > 0
}

function isLimitByName(name: string): boolean {
  return LIMITING.test(name) && !ENFORCED.has(name)
}

function isManagementKey(value: unknown): boolean {
  return says(value) && !KEY_TYPES.has(String(value))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
