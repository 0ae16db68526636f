import type { Settings } from './config.ts'
import type { Lookup } from './environment.ts'
import type { JwtAuth, PublicKeySettings } from './jwt/jwt-auth.ts'
import type { GeneralSettings, LitellmSettings, RouterSettings } from './schema.ts'
import { makeTeamDefaults } from './team-defaults.ts'

const DEFAULT_ESTIMATED_OUTPUT_TOKENS = 512
const DEFAULT_STRICT_MIN_OUTPUT_TOKENS = 256
const DEFAULT_TIMEOUT_SECONDS = 600
const DEFAULT_REQUEST_MB = 20
const BYTES_PER_MB = 1024 * 1024

/** LiteLLM's switch for limits that hold across instances: here it is for members' rates. */
export const MEMBER_RATE_LIMITS = 'EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING'

/** The sections that hold settings, checked. */
export interface Sections {
  readonly litellm: LitellmSettings
  readonly general: GeneralSettings
  readonly router: RouterSettings
  readonly jwtAuth: JwtAuth | null
  readonly access: PublicKeySettings | null
}

export function makeSettings(sections: Sections, lookup: Lookup): Settings {
  const { litellm, general, router, jwtAuth, access } = sections
  const era = general.litellm_compatibility ?? 'docs'
  const callbacks = [...(litellm.callbacks ?? []), ...(litellm.success_callback ?? [])]
  const timeoutSeconds = router.timeout ?? litellm.request_timeout ?? DEFAULT_TIMEOUT_SECONDS
  const requestMb = general.max_request_size_mb ?? DEFAULT_REQUEST_MB
  return {
    masterKey: general.master_key ?? lookup('LITELLM_MASTER_KEY') ?? null,
    budgetExceeded: general.budget_exceeded_error ?? era,
    teamMetricLabels: general.team_metric_labels ?? era,
    resets: {
      alignment: litellm.budget_reset_alignment ?? (era === 'docs' ? 'rolling' : 'calendar'),
      timezone: litellm.timezone ?? 'UTC',
      resetMinute: minuteOf(litellm.budget_reset_time ?? '00:00'),
      ...(litellm.budget_rollover && { rolloverMax: litellm.budget_rollover_max ?? 1 }),
    },
    prometheus: callbacks.includes('prometheus'),
    requireAuthForMetrics: litellm.require_auth_for_metrics_endpoint ?? null,
    defaultEstimatedOutputTokens:
      general.default_estimated_output_tokens ?? DEFAULT_ESTIMATED_OUTPUT_TOKENS,
    budgetEnforcement: general.budget_enforcement ?? 'headroom',
    strictClamp: general.strict_clamp ?? true,
    strictMinOutputTokens: general.strict_min_output_tokens ?? DEFAULT_STRICT_MIN_OUTPUT_TOKENS,
    memberRateLimits: /^(true|yes|on|1)$/i.test(lookup(MEMBER_RATE_LIMITS) ?? ''),
    requestTimeoutMs: Math.ceil(timeoutSeconds * 1000),
    maxRequestBytes: Math.floor(requestMb * BYTES_PER_MB),
    teamDefaults: makeTeamDefaults(litellm),
    priceFileUrl: general.price_file_url ?? null,
    priceFileAcceptChanges: general.price_file_accept_changes ?? false,
    jwtAuth,
    access,
    keyHeaderName: general.litellm_key_header_name ?? null,
    ignoreUnsupported: general.ignore_unsupported ?? [],
  }
}

/** `HH:MM` → minutes after midnight. */
function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}
