import { enforced } from '../jwt/schema.ts'
import {
  GeneralSettings,
  LitellmParams,
  LitellmSettings,
  ModelInfo,
  RouterSettings,
  Row,
} from '../schema.ts'
import { DefaultTeamParams } from '../team-defaults.ts'

function under(section: string, names: readonly string[]): string[] {
  return names.map((name) => `${section}.${name}`)
}

function words(section: string, names: string): string[] {
  return under(section, names.split(' '))
}

const TEAM_DEFAULTS = [
  'litellm_settings.default_team_settings[]',
  'litellm_settings.default_team_params',
]
const JWT_AUTH = ['litellm_jwtauth', 'general_settings.litellm_jwtauth']
const CALLBACK_LISTS = ['callbacks', 'success_callback', 'failure_callback']

/** Mappings and lists whose fields are looked at one by one. */
export const SECTIONS: ReadonlySet<string> = new Set([
  'model_list',
  'model_list[]',
  'model_list[].litellm_params',
  'model_list[].model_info',
  'litellm_settings',
  'litellm_settings.default_internal_user_params',
  ...TEAM_DEFAULTS.flatMap((section) => [section, ...under(section, CALLBACK_LISTS)]),
  'litellm_settings.default_team_settings',
  'litellm_settings.callbacks',
  'litellm_settings.success_callback',
  'litellm_settings.failure_callback',
  'general_settings',
  'router_settings',
  ...JWT_AUTH,
])

/** Fields that are used. */
export const USED: ReadonlySet<string> = new Set([
  'environment_variables',
  ...under('model_list[]', Object.keys(Row.shape)),
  ...under('model_list[].litellm_params', Object.keys(LitellmParams.shape)),
  ...under('model_list[].model_info', Object.keys(ModelInfo.shape)),
  ...under('litellm_settings', Object.keys(LitellmSettings.shape)),
  ...TEAM_DEFAULTS.flatMap((section) => under(section, Object.keys(DefaultTeamParams.shape))),
  'litellm_settings.default_team_settings[].team_id',
  ...under('general_settings', Object.keys(GeneralSettings.shape)),
  ...JWT_AUTH.flatMap((section) => under(section, Object.keys(enforced))),
  ...under('router_settings', Object.keys(RouterSettings.shape)),
])

function notes(note: string, ...paths: readonly string[][]): [string, string][] {
  return paths.flat().map((path) => [path, note])
}

/** LiteLLM's fields that are safe to leave in, and why each does nothing. */
export const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ...notes(
    'is not needed: there is no Redis',
    words('litellm_settings', 'cache_params enable_redis_auth_cache'),
    words('general_settings', 'use_redis_transaction_buffer'),
    words('router_settings', 'redis_host redis_port redis_password redis_url redis_db'),
  ),
  ...notes(
    'is not needed: budgets are kept by ledgers, exactly and at once',
    words(
      'general_settings',
      'proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time ' +
        'proxy_batch_write_at proxy_batch_polling_interval disable_budget_reservation ' +
        'fail_closed_budget_enforcement enforce_fallback_budget ' +
        'allow_requests_on_db_unavailable user_api_key_cache_ttl',
    ),
  ),
  ...notes('is not read: set the secret DATABASE_URL', words('general_settings', 'database_url')),
  ...notes(
    'is not needed: calls to Postgres are stateless',
    words('general_settings', 'database_connection_pool_limit database_connection_timeout'),
  ),
  ...notes(
    'is not needed: neither prompts nor answers are stored or logged',
    words('litellm_settings', 'set_verbose json_logs turn_off_message_logging'),
    words('general_settings', 'store_prompts_in_spend_logs disable_error_logs'),
  ),
  ...notes(
    "is not needed: a token's user always becomes a member of its team",
    ...JWT_AUTH.map((section) => under(section, ['upsert_sso_user_to_team'])),
  ),
  ...notes(
    'has no effect, as what it belongs to is not built yet',
    ...JWT_AUTH.map((section) =>
      words(section, 'oidc_userinfo_cache_ttl virtual_key_mapping_cache_ttl'),
    ),
  ),
  ...notes(
    'is not needed: this is how it always is',
    words('general_settings', 'always_include_stream_usage disable_master_key_return'),
    words('general_settings', 'disable_adding_master_key_hash_to_db'),
  ),
  ...notes(
    'has no effect yet',
    ['credential_list', 'vector_store_registry', 'mcp_servers', 'files_settings'],
    words(
      'model_list[].litellm_params',
      'order max_retries num_retries organization extra_headers extra_body ' +
        'temperature drop_params additional_drop_params merge_reasoning_content_in_choices ' +
        'configurable_clientside_auth_params use_in_pass_through',
    ),
    words(
      'model_list[].model_info',
      'health_check_model disable_background_health_check ' +
        'description supports_vision supports_function_calling',
    ),
    words(
      'litellm_settings',
      'cache service_callback num_retries retry_after fallbacks default_fallbacks ' +
        'context_window_fallbacks content_policy_fallbacks allowed_fails cooldown_time ' +
        'drop_params modify_params disable_end_user_cost_tracking ' +
        'budget_exceeded_throttle_percentage budget_exceeded_error_message ' +
        'enable_key_alias_format_validation max_ui_session_budget ' +
        'prometheus_initialize_budget_metrics',
    ),
    words(
      'general_settings',
      'store_model_in_db disable_spend_logs disable_spend_updates user_header_name ' +
        'user_header_mappings background_health_checks health_check_interval ' +
        'health_check_details alerting alerting_threshold alert_types alert_to_webhook_url ' +
        'spend_report_frequency maximum_spend_logs_retention_period ' +
        'forward_client_headers_to_llm_api key_management_system key_management_settings',
    ),
    words(
      'router_settings',
      'routing_strategy routing_strategy_args num_retries retry_after fallbacks ' +
        'default_fallbacks context_window_fallbacks content_policy_fallbacks max_fallbacks ' +
        'allowed_fails cooldown_time disable_cooldowns retry_policy model_group_retry_policy ' +
        'allowed_fails_policy enable_pre_call_checks ' +
        'tag_filtering_match_any set_verbose cache_responses',
    ),
  ),
])
