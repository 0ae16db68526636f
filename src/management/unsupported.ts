import { badRequest } from '../errors.ts'

export type Kind = 'team' | 'key' | 'member' | 'budget' | 'user' | 'customer'

/** Fields that would limit or protect, and that nothing enforces yet: silence would be a lie. */
const UNENFORCED: Readonly<Record<Kind, readonly string[]>> = {
  team: [
    'organization_id',
    'tpm_limit_type',
    'rpm_limit_type',
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
    'budget_fallbacks',
    'tpm_limit_type',
    'rpm_limit_type',
    'permissions',
    'allowed_cache_controls',
    'allowed_passthrough_routes',
    'guardrails',
    'policies',
    'enforced_params',
    'object_permission',
    'access_group_ids',
    'auto_rotate',
    'rotation_interval',
  ],
  member: ['allowed_models', 'budget_id'],
  budget: ['allowed_models'],
  user: [
    'blocked',
    'spend',
    'organizations',
    'organization_id',
    'agent_id',
    'budget_fallbacks',
    'permissions',
    'policies',
    'prompts',
    'object_permission',
    'access_group_ids',
    'auto_rotate',
  ],
  customer: ['blocked', 'spend', 'object_permission'],
}

/** `metadata` may carry limits too, as LiteLLM stores some of them there. */
const UNENFORCED_METADATA = ['guardrails', 'throttle_on_budget_exceeded']

/** A name that speaks of a limit and that no schema knows is one that nothing enforces. */
const LIMITING = /budget|limit|guardrail|max_|allowed_|rate_/
/** Answers have it, and clients send answers back. */
const ANSWERED = new Set([
  'budget_reset_at',
  'budget_limits_usage',
  'model_max_budget_usage',
  'litellm_budget_table',
  'team_member_budget_table',
  'soft_budget_cooldown',
])

interface Rules {
  /** The schema's fields, which are enforced. */
  readonly known: Readonly<Record<string, unknown>>
  /** `general_settings.ignore_unsupported`. */
  readonly ignored: readonly string[]
}

/** Throws a 400 that names the field, unless the operator accepted that it has no effect. */
export function refuseUnenforced(
  kind: Kind,
  input: Readonly<Record<string, unknown>>,
  { known, ignored }: Rules,
): void {
  const metadata = isRecord(input['metadata']) ? input['metadata'] : {}
  const isLimitByName = (name: string): boolean =>
    LIMITING.test(name) && !(name in known) && !ANSWERED.has(name)
  const named = [
    ...UNENFORCED[kind].filter((name) => !(name in known) && says(input[name])),
    ...UNENFORCED_METADATA.filter((name) => says(metadata[name])).map((name) => `metadata.${name}`),
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
export function says(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false)
    return false
  if (Array.isArray(value)) return value.length > 0
  return typeof value !== 'object' || Object.keys(value).length > 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
