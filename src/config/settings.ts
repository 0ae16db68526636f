import type { Settings } from './config.ts'
import type { Lookup } from './environment.ts'
import type { Findings } from './problems.ts'
import type { GeneralSettings, LitellmSettings, RouterSettings } from './schema.ts'

const DEFAULT_ESTIMATED_OUTPUT_TOKENS = 512
const DEFAULT_STRICT_MIN_OUTPUT_TOKENS = 256
const DEFAULT_TIMEOUT_SECONDS = 600
const DEFAULT_REQUEST_MB = 20
const BYTES_PER_MB = 1024 * 1024

/** LiteLLM's switch for limits that hold across instances: here it is for members' rates. */
export const MEMBER_RATE_LIMITS = 'EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING'

/** The three sections that hold settings, checked. */
export interface Sections {
  readonly litellm: LitellmSettings
  readonly general: GeneralSettings
  readonly router: RouterSettings
}

export function makeSettings(sections: Sections, lookup: Lookup): Settings {
  const { litellm, general, router } = sections
  const era = general.litellm_compatibility ?? 'docs'
  const callbacks = [...(litellm.callbacks ?? []), ...(litellm.success_callback ?? [])]
  const timeoutSeconds = router.timeout ?? litellm.request_timeout ?? DEFAULT_TIMEOUT_SECONDS
  const requestMb = general.max_request_size_mb ?? DEFAULT_REQUEST_MB
  return {
    masterKey: general.master_key ?? lookup('LITELLM_MASTER_KEY') ?? null,
    budgetExceeded: general.budget_exceeded_error ?? era,
    teamMetricLabels: general.team_metric_labels ?? era,
    resetAlignment: litellm.budget_reset_alignment ?? (era === 'docs' ? 'rolling' : 'calendar'),
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
    keyHeaderName: general.litellm_key_header_name ?? null,
    ignoreUnsupported: general.ignore_unsupported ?? [],
  }
}

/** Budgets that reset at another time than the operator expects are a wrong limit, not a detail. */
export function refuseCalendar({ litellm, general }: Sections, { problems }: Findings): void {
  const remedy = 'set litellm_settings.budget_reset_alignment: rolling'
  if (litellm.budget_reset_alignment === 'calendar') {
    problems.push(`litellm_settings.budget_reset_alignment: "calendar" is not built yet: ${remedy}`)
  } else if (general.litellm_compatibility === 'v1.84' && !litellm.budget_reset_alignment) {
    problems.push(
      `general_settings.litellm_compatibility: "v1.84" aligns resets to the calendar, which is not built yet: ${remedy}`,
    )
  }
}
