import type { Era } from '../../config/config.ts'
import { isoMicros } from '../../duration.ts'
import { ApiError, unauthorized, unavailable } from '../../errors.ts'
import type { PolicyRow } from '../../ledger/policy.ts'
import type { Refusal } from '../../ledger/types.ts'
import { formatPico, type Pico } from '../../money.ts'
import {
  blockedText,
  budgetText,
  expiredText,
  heldText,
  modelRefusal,
  rateText,
  tooLargeText,
} from './texts.ts'
import { headerSafe } from '../headers.ts'
import { nameOf } from '../scope-names.ts'

/** Clients sleep as long as they are told: a reset further away is not worth a `retry-after`. */
const RETRY_AFTER_MAX_MS = 60_000
const DELETED =
  'Authentication Error, Invalid proxy server token passed. ' +
  'Unable to find token in cache or `LiteLLM_VerificationTokenTable`'

/** What is known of the call that was refused. */
export interface Refused {
  readonly era: Era
  /** The abbreviated key. */
  readonly keyName: string
  /** The model that was asked for. */
  readonly model: string
  /** What the call was decided on. */
  readonly rows: readonly PolicyRow[]
  readonly boundPico: Pico
  readonly nowMs: number
}

/** A ledger's refusal as LiteLLM's clients know it, with why in `x-tollgate-…` headers. */
export function refusalError(refusal: Refusal, call: Refused): ApiError {
  const row = refusal.scope
  switch (refusal.reason) {
    case 'deleted':
      return unauthorized(DELETED, 'token_not_found_in_db', 'key')
    case 'blocked':
      return unauthorized(blockedText(row))
    case 'expired':
      return unauthorized(expiredText(row, call.nowMs), 'expired_key', call.keyName)
    case 'model':
      return modelDenied(refusal, call)
    case 'budget':
      return budgetExceeded(refusal, call)
    case 'too_large':
      return tooLarge(refusal, call)
    case 'held':
      return budgetHeld(refusal)
    case 'parallel':
    case 'requests':
    case 'tokens':
      return rateLimited(refusal, call)
    case 'released':
      return unavailable('The budget ledger took too long to decide. Please try again.')
  }
}

function modelDenied(refusal: Refusal, { model: asked, rows }: Refused): ApiError {
  const { status, message, type } = modelRefusal(refusal.scope, { asked, rows })
  return new ApiError(status, message, { type, param: 'model', headers: why(refusal) })
}

function budgetExceeded(refusal: Refusal, { era, rows, nowMs }: Refused): ApiError {
  const isDocs = era === 'docs'
  const waitMs = refusal.resetAtMs === null ? Infinity : refusal.resetAtMs - nowMs
  const retryAfter: Record<string, string> =
    waitMs <= RETRY_AFTER_MAX_MS ? { 'retry-after': seconds(waitMs) } : {}
  return new ApiError(isDocs ? 400 : 429, budgetText(refusal, era, rows), {
    type: isDocs ? 'auth_error' : 'budget_exceeded',
    param: null,
    numericCode: isDocs,
    headers: { ...why(refusal), 'x-should-retry': 'false', ...retryAfter },
  })
}

/** No waiting helps, so it is no 429. */
function tooLarge(refusal: Refusal, call: Refused): ApiError {
  return new ApiError(400, tooLargeText(refusal, call), {
    type: 'budget_exceeded',
    param: null,
    headers: { ...why(refusal), 'x-should-retry': 'false' },
  })
}

function budgetHeld(refusal: Refusal): ApiError {
  return new ApiError(429, heldText(refusal), {
    type: 'budget_held',
    param: null,
    headers: { ...why(refusal), 'retry-after': '1', 'x-should-retry': 'true' },
  })
}

function rateLimited(refusal: Refusal, { rows, nowMs }: Refused): ApiError {
  const type = refusal.reason === 'parallel' ? 'max_parallel_requests' : refusal.reason
  const waitMs = refusal.retryAfterMs ?? 1_000
  const resetAtMs = nowMs + waitMs
  return new ApiError(429, rateText(refusal, { type, resetAtMs, rows }), {
    type: 'None',
    param: 'None',
    headers: {
      ...why(refusal),
      'x-tollgate-limit': String(refusal.limit),
      'retry-after': seconds(waitMs),
      rate_limit_type: type,
      reset_at: String(Math.ceil(resetAtMs / 1_000)),
    },
  })
}

/** For programs: which limit it was, and how it stands. */
function why(refusal: Refusal): Record<string, string> {
  const { scope, model, budget, limitPico, resetAtMs } = refusal
  const headers: Record<string, string> = {
    'x-tollgate-refused-by': scope ? nameOf(scope).word : 'account',
    'x-tollgate-reason': refusal.reason,
  }
  if (model !== null) headers['x-tollgate-model'] = headerSafe(model)
  if (budget !== null && budget !== 'main') headers['x-tollgate-budget'] = headerSafe(budget)
  if (limitPico === null) return headers
  headers['x-tollgate-limit'] = formatPico(limitPico)
  headers['x-tollgate-spent'] = formatPico(refusal.spentPico)
  headers['x-tollgate-held'] = formatPico(refusal.heldPico)
  if (resetAtMs !== null) headers['x-tollgate-reset-at'] = isoMicros(resetAtMs)
  return headers
}

function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)))
}
