import { describe, expect, it } from 'vitest'
import { refusalError } from '../../src/gateway/refusals.ts'
import { plain } from '../../src/ledger/refusals.ts'
import { unlimitedRow } from '../../src/ledger/policy.ts'
import type { Refusal } from '../../src/ledger/types.ts'

const NOW_MS = Date.UTC(2026, 10, 23, 12, 0, 0)
const team = unlimitedRow('account', 'team:t1')
const key = unlimitedRow('key', 'ab12')

const spent = { spentPico: 3_500_000n, limitPico: 1_000n, heldPico: 0n }

function error(
  refusal: Partial<Refusal> & Pick<Refusal, 'reason'>,
  era: 'docs' | 'v1.84' = 'docs',
) {
  const whole = { ...plain(refusal.reason, team), ...refusal }
  const failure = refusalError(whole, { era, keyName: 'sk-...abcd', nowMs: NOW_MS })
  return { status: failure.status, headers: failure.headers, ...failure.toJSON().error }
}

describe('a spent budget', () => {
  it('is the published 400 in the docs era', () => {
    const failure = refusalError(
      { ...plain('budget', team), ...spent },
      { era: 'docs', keyName: '', nowMs: NOW_MS },
    )
    expect(failure.status).toBe(400)
    expect(JSON.stringify(failure)).toBe(
      '{"error":{"message":"Budget has been exceeded! Current cost: 3.5e-06, Max budget: 1e-09",' +
        '"type":"auth_error","param":null,"code":400}}',
    )
  })

  it.each([
    [team, 'Budget has been exceeded! Team=t1 Current cost: 3.5e-06, Max budget: 1e-09'],
    [key, 'Budget has been exceeded! Key=ab12 Current cost: 3.5e-06, Max budget: 1e-09'],
  ])('is a 429 that names its scope in the era of v1.84', (scope, message) => {
    expect(error({ reason: 'budget', scope, ...spent }, 'v1.84')).toMatchObject({
      status: 429,
      message,
      type: 'budget_exceeded',
      param: null,
      code: '429',
    })
  })

  it.each([
    [60_000, '60'],
    [60_001, undefined],
    [500, '1'],
  ])('%i ms before its reset says retry-after: %s', (waitMs, retryAfter) => {
    const { headers } = error({ reason: 'budget', ...spent, resetAtMs: NOW_MS + waitMs })
    expect(headers['retry-after']).toBe(retryAfter)
    expect(headers['x-should-retry']).toBe('false')
  })

  it('says why in its headers', () => {
    const { headers } = error({ reason: 'budget', ...spent, resetAtMs: NOW_MS + 3_600_000 })
    expect(headers).toMatchObject({
      'x-tollgate-refused-by': 'team',
      'x-tollgate-reason': 'budget',
      'x-tollgate-limit': '1e-09',
      'x-tollgate-spent': '3.5e-06',
      'x-tollgate-held': '0.0',
      'x-tollgate-reset-at': '2026-11-23T13:00:00.000000Z',
    })
  })
})

describe('other refusals', () => {
  it('a budget held by calls in flight is worth another try', () => {
    expect(error({ reason: 'held', ...spent, spentPico: 0n, heldPico: 1_000n })).toMatchObject({
      status: 429,
      type: 'budget_held',
      code: '429',
      headers: { 'retry-after': '1', 'x-should-retry': 'true' },
    })
  })

  it('a rate limit has the words and headers of LiteLLM', () => {
    expect(error({ reason: 'requests', limit: 2, retryAfterMs: 1_001 })).toMatchObject({
      status: 429,
      message:
        'Rate limit exceeded for team: t1. Limit type: requests. Current limit: 2, Remaining: 0. ' +
        'Limit resets at: 2026-11-23 12:00:01 UTC',
      code: '429',
      headers: { 'retry-after': '2', rate_limit_type: 'requests' },
    })
  })

  it.each([
    ['deleted', key, 'token_not_found_in_db', 'Invalid proxy server token passed'],
    ['blocked', key, 'auth_error', 'Key is blocked. Update via `/key/unblock`'],
    ['blocked', team, 'auth_error', 'Team=t1 is blocked. Update via `/team/unblock`'],
    ['expired', { ...key, expiresAtMs: 0 }, 'expired_key', 'Expired Key. Key Expiry time 1970'],
  ] as const)('%s is a 401', (reason, scope, type, words) => {
    const failure = error({ reason, scope })
    expect(failure).toMatchObject({ status: 401, type, code: '401' })
    expect(failure).toHaveProperty('message', expect.stringContaining(words))
  })
})
