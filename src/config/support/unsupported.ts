import { UNENFORCED } from '../jwt/schema.ts'
import { isMapping } from '../problems.ts'

/** A field that limits, protects or changes the bill, and is not enforced: refused at start-up. */
export interface Unsupported {
  /** With `[]` for every item of a list. */
  readonly path: string
  readonly reason: string
  /** Values that ask for nothing. Null never does. */
  readonly isOff: (value: unknown) => boolean
}

const BUDGETS = 'this budget is not enforced yet'
const DEFAULTS = 'these defaults are not given to new teams, users or keys yet'
const RATES = 'this rate limit is not enforced yet'
const ACCESS = 'this restriction is not enforced yet'
const LOGIN = 'this way of authenticating is not built yet'
const CONTENT = 'requests and answers are not checked by guardrails'
const PRICE = 'this price is not charged yet, so the bill would be wrong'
const CREDENTIALS = 'Tollgate sends one key: write api_key'
const ROUTING = 'every caller is routed to every row of a model group'

function off(value: unknown): boolean {
  if (value === false || (typeof value === 'string' && /^(false|no|off)$/i.test(value))) return true
  if (Array.isArray(value)) return value.length === 0
  return isMapping(value) && Object.keys(value).length === 0
}

function fields(section: string, reason: string, names: string): Unsupported[] {
  const prefix = section === '' ? '' : `${section}.`
  return names.split(' ').map((name) => ({ path: prefix + name, reason, isOff: off }))
}

function unless(path: string, reason: string, isOff: (value: unknown) => boolean): Unsupported {
  return { path, reason, isOff }
}

function is(...values: readonly unknown[]): (value: unknown) => boolean {
  return (value) => values.includes(value)
}

const GUARDING_CALLBACKS = new Set(
  (
    'aporia_prompt_injection azure_content_safety banned_keywords batch_rate_limiter ' +
    'blocked_user_check detect_prompt_injection dynamic_rate_limiter dynamic_rate_limiter_v3 ' +
    'google_text_moderation guardrails hide_secrets lakera_prompt_injection ' +
    'llamaguard_moderations llmguard_moderations max_budget_limiter openai_moderations presidio'
  ).split(' '),
)

// A name with a dot is a Python object, whose hooks may refuse requests.
function onlyLogs(callback: unknown): boolean {
  if (typeof callback !== 'string') return true
  return !GUARDING_CALLBACKS.has(callback) && !callback.includes('.')
}

const ENFORCING_CHECKS = new Set<unknown>(['enforce_model_rate_limits', 'router_budget_limiting'])

function checksNothing(checks: unknown): boolean {
  return Array.isArray(checks) && !checks.some((check) => ENFORCING_CHECKS.has(check))
}

const PARAMS = 'model_list[].litellm_params'
const INFO = 'model_list[].model_info'
const USER_DEFAULTS = 'litellm_settings.default_internal_user_params'

const TEAM_DEFAULTS = [
  'litellm_settings.default_team_settings[]',
  'litellm_settings.default_team_params',
]
const TEAM_ACCESS =
  'organization_id default_team_member_models ' +
  'allowed_passthrough_routes object_permission access_group_ids metadata blocked members ' +
  'members_with_roles admins'

const OTHER_CREDENTIALS =
  'aws_access_key_id aws_secret_access_key aws_session_token aws_session_name aws_profile_name ' +
  'aws_role_name aws_web_identity_token aws_external_id aws_sts_endpoint ' +
  'aws_bedrock_runtime_endpoint azure_ad_token azure_username azure_password azure_scope ' +
  'client_id client_secret tenant_id vertex_project vertex_location vertex_credentials'

/** Others that are not charged are known by their name. */
const ROW_PRICES =
  'input_cost_per_token_batches output_cost_per_token_batches output_cost_per_second ' +
  'output_cost_per_character cache_creation_input_audio_token_cost ' +
  'input_cost_per_video_per_second output_cost_per_video_per_second input_cost_per_pixel ' +
  'output_cost_per_pixel search_context_cost_per_query file_search_cost_per_1k_calls ' +
  'file_search_cost_per_gb_per_day code_interpreter_cost_per_session ' +
  'computer_use_input_cost_per_1k_tokens computer_use_output_cost_per_1k_tokens ' +
  'vector_store_cost_per_gb_per_day annotation_cost_per_page ' +
  'regional_processing_uplift_multiplier_eu regional_processing_uplift_multiplier_us tiered_pricing'

/** One entry a path. */
export const UNSUPPORTED: readonly Unsupported[] = [
  ...fields('', CONTENT, 'guardrails policies policy_attachments'),
  ...fields('', 'teams are made through the API, not by this file', 'teams'),
  ...fields('', 'a Worker has no other files: write their content here', 'include'),

  ...fields(PARAMS, RATES, 'rpm tpm max_parallel_requests'),
  ...fields(PARAMS, BUDGETS, 'max_budget budget_duration'),
  ...fields(PARAMS, ROUTING, 'tags region_name'),
  ...fields(PARAMS, CONTENT, 'guardrails'),
  ...fields(PARAMS, ACCESS, 'max_file_size_mb'),
  ...fields(PARAMS, 'this cap is not added to requests', 'max_tokens max_completion_tokens'),
  ...fields(
    PARAMS,
    'credential_list is not read yet: write api_base and api_key here',
    'litellm_credential_name',
  ),
  ...fields(PARAMS, CREDENTIALS, OTHER_CREDENTIALS),
  ...fields(PARAMS, PRICE, ROW_PRICES),
  ...fields(INFO, PRICE, ROW_PRICES),
  ...fields(INFO, ROUTING, 'team_id team_public_model_name access_groups supported_environments'),
  ...fields(INFO, RATES, 'rpm tpm'),

  ...fields(
    'litellm_settings',
    BUDGETS,
    'max_budget budget_duration max_internal_user_budget internal_user_budget_duration ' +
      'default_max_internal_user_budget max_user_budget max_end_user_budget ' +
      'max_end_user_budget_id tag_budget_config provider_budget_config',
  ),
  ...fields(
    USER_DEFAULTS,
    BUDGETS,
    'max_budget soft_budget budget_duration budget_id model_max_budget',
  ),
  ...fields(USER_DEFAULTS, RATES, 'rpm_limit tpm_limit max_parallel_requests'),
  ...fields(USER_DEFAULTS, ACCESS, 'models allowed_cache_controls teams'),
  ...fields('litellm_settings', DEFAULTS, 'default_key_generate_params'),
  ...TEAM_DEFAULTS.flatMap((section) => [
    ...fields(section, ACCESS, TEAM_ACCESS),
    ...fields(section, CONTENT, 'guardrails policies'),
    ...fields(section, RATES, 'tpm_limit_type rpm_limit_type'),
    ...fields(section, BUDGETS, 'budget_id temp_budget_increase temp_budget_expiry'),
    unless(`${section}.callbacks[]`, CONTENT, onlyLogs),
  ]),
  ...fields(
    'litellm_settings',
    ACCESS,
    'upperbound_key_generate_params key_generation_settings blocked_user_list ' +
      'banned_keywords_list',
  ),
  ...fields('litellm_settings', CONTENT, 'guardrails'),
  unless('litellm_settings.callbacks[]', CONTENT, onlyLogs),
  ...fields('litellm_settings', RATES, 'priority_reservation'),
  ...fields('litellm_settings', PRICE, 'cost_discount_config cost_margin_config'),

  ...fields('general_settings', LOGIN, 'custom_auth enable_oauth2_auth enable_oauth2_proxy_auth'),
  ...['litellm_jwtauth', 'general_settings.litellm_jwtauth'].flatMap((section) =>
    fields(section, LOGIN, UNENFORCED),
  ),
  unless('general_settings.allowed_ips', ACCESS, is(false)),
  unless('general_settings.allowed_routes', ACCESS, is(false)),
  unless('general_settings.ui_access_mode', ACCESS, is('all')),
  ...fields(
    'general_settings',
    ACCESS,
    'enforce_rbac role_permissions enforce_user_param enforced_params public_routes ' +
      'admin_only_routes default_team_disabled reject_clientside_metadata_tags ' +
      'service_account_settings custom_key_generate custom_key_update block_robots ' +
      'max_response_size_mb',
  ),
  ...fields('general_settings', RATES, 'max_parallel_requests global_max_parallel_requests'),
  unless('general_settings.token_rate_limit_type', 'token limits count all tokens', is('total')),
  ...fields('general_settings', 'budgets do reset', 'disable_reset_budget'),
  ...fields('general_settings', 'these routes are not served', 'pass_through_endpoints'),

  ...fields('router_settings', BUDGETS, 'provider_budget_config'),
  ...fields('router_settings', ROUTING, 'enable_tag_filtering'),
  ...fields('router_settings', RATES, 'default_max_parallel_requests'),
  unless('router_settings.optional_pre_call_checks', RATES, checksNothing),
  ...fields(
    'router_settings',
    'it may set limits for every row: write them on the rows',
    'default_litellm_params',
  ),
]

const BY_PATH = new Map(UNSUPPORTED.map((field) => [field.path, field]))
const ROW = /^model_list\[\]\.(litellm_params|model_info)\./
const CAREFUL = 'it looks like a limit, and it is not known to Tollgate'

/** What stands against using the field, if anything. A new price or budget is not waved through. */
export function findUnsupported(path: string): Unsupported | null {
  const listed = BY_PATH.get(path)
  if (listed) return listed
  if (ROW.test(path) && /_cost|pricing/.test(path)) return unless(path, PRICE, off)
  if (/budget|guardrail|(rpm|tpm|rate)_limit/.test(path)) return unless(path, CAREFUL, off)
  return null
}
