import type { Era } from '../config/config.ts'
import { ApiError, unauthorized, unavailable } from '../errors.ts'
import { isoMicros } from '../duration.ts'
import type { PolicyRow, Refusal } from '../ledger/types.ts'
import { formatPico } from '../money.ts'

/** Clients sleep as long as they are told: a reset further away is not worth a `retry-after`. */
const RETRY_AFTER_MAX_MS = 60_000

/** A ledger's refusal as LiteLLM's clients know it, with why in `x-tollgate-…` headers. */
export function refusalError(
  refusal: Refusal,
  { era, keyName, nowMs }: { readonly era: Era; readonly keyName: string; readonly nowMs: number },
): ApiError {
  const row = refusal.scope
  switch (refusal.reason) {
    case 'budget':
      return budgetExceeded(refusal, era, nowMs)
    case 'held':
      return budgetHeld(refusal)
    case 'parallel':
    case 'requests':
    case 'tokens':
      return rateLimited(refusal, nowMs)
    case 'blocked':
      return unauthorized(blockedMessage(row))
    case 'expired': {
      const expiry = isoMicros(row?.expiresAtMs ?? nowMs)
      const message = `Authentication Error - Expired Key. Key Expiry time ${expiry} and current time ${isoMicros(nowMs)}`
      return unauthorized(message, 'expired_key', keyName)
    }
    case 'released':
      return unavailable('The budget ledger took too long to decide. Please try again.')
    case 'deleted':
      return unauthorized(
        'Authentication Error, Invalid proxy server token passed. ' +
          'Unable to find token in cache or `LiteLLM_VerificationTokenTable`',
        'token_not_found_in_db',
        'key',
      )
  }
}

function budgetExceeded(refusal: Refusal, era: Era, nowMs: number): ApiError {
  const costs = `Current cost: ${formatPico(refusal.spentPico)}, Max budget: ${formatPico(refusal.limitPico ?? 0n)}`
  const isDocs = era === 'docs'
  const scope = isDocs ? '' : `${scopeLabel(refusal.scope)} `
  const waitMs = refusal.resetAtMs === null ? Infinity : refusal.resetAtMs - nowMs
  const retryAfter: Record<string, string> =
    waitMs <= RETRY_AFTER_MAX_MS ? { 'retry-after': seconds(waitMs) } : {}
  const headers = { ...why(refusal), 'x-should-retry': 'false', ...retryAfter }
  return new ApiError(isDocs ? 400 : 429, `Budget has been exceeded! ${scope}${costs}`, {
    type: isDocs ? 'auth_error' : 'budget_exceeded',
    param: null,
    numericCode: isDocs,
    headers,
  })
}

function budgetHeld(refusal: Refusal): ApiError {
  const spent = formatPico(refusal.spentPico)
  const held = formatPico(refusal.heldPico)
  const limit = formatPico(refusal.limitPico ?? 0n)
  return new ApiError(
    429,
    `Budget is held by calls in flight. Current cost: ${spent}, Held: ${held}, ` +
      `Max budget: ${limit}. Please try again.`,
    {
      type: 'budget_held',
      param: null,
      headers: { ...why(refusal), 'retry-after': '1', 'x-should-retry': 'true' },
    },
  )
}

function rateLimited(refusal: Refusal, nowMs: number): ApiError {
  const type = refusal.reason === 'parallel' ? 'max_parallel_requests' : refusal.reason
  const [descriptor, value] = rateLabel(refusal.scope)
  const resetAtMs = nowMs + (refusal.retryAfterMs ?? 1_000)
  const resetsAt = new Date(resetAtMs).toISOString().slice(0, 19).replace('T', ' ')
  return new ApiError(
    429,
    `Rate limit exceeded for ${descriptor}: ${value}. Limit type: ${type}. Current limit: ` +
      `${refusal.limit}, Remaining: 0. Limit resets at: ${resetsAt} UTC`,
    {
      type: 'None',
      param: 'None',
      headers: {
        ...why(refusal),
        'x-tollgate-limit': String(refusal.limit),
        'retry-after': seconds(refusal.retryAfterMs ?? 1_000),
        rate_limit_type: type,
        reset_at: String(Math.ceil(resetAtMs / 1_000)),
      },
    },
  )
}

function why(refusal: Refusal): Record<string, string> {
  const headers: Record<string, string> = {
    'x-tollgate-refused-by': refusal.scope?.kind === 'key' ? 'key' : kindOf(refusal.scope),
    'x-tollgate-reason': refusal.reason,
  }
  if (refusal.limitPico === null) return headers
  headers['x-tollgate-limit'] = formatPico(refusal.limitPico)
  headers['x-tollgate-spent'] = formatPico(refusal.spentPico)
  headers['x-tollgate-held'] = formatPico(refusal.heldPico)
  if (refusal.resetAtMs !== null) headers['x-tollgate-reset-at'] = isoMicros(refusal.resetAtMs)
  return headers
}

function blockedMessage(row: PolicyRow | null): string {
  if (row?.kind === 'key') {
    return "Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin."
  }
  return `Authentication Error, Team=${nameOf(row)} is blocked. Update via \`/team/unblock\` if your admin.`
}

function scopeLabel(row: PolicyRow | null): string {
  if (row?.kind === 'key') return `Key=${row.id}`
  return kindOf(row) === 'team' ? `Team=${nameOf(row)}` : `User=${nameOf(row)}`
}

function rateLabel(row: PolicyRow | null): [descriptor: string, value: string] {
  return row?.kind === 'key' ? ['api_key', row.id] : [kindOf(row), nameOf(row)]
}

function kindOf(row: PolicyRow | null): string {
  return row ? row.id.slice(0, row.id.indexOf(':')) : 'account'
}

function nameOf(row: PolicyRow | null): string {
  return row ? row.id.slice(row.id.indexOf(':') + 1) : ''
}

function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)))
}
