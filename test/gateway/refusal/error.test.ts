import { describe, expect, it } from 'vitest'
import type { Era } from '../../../src/config/config.ts'
import { refusalError } from '../../../src/gateway/refusal/error.ts'
import { unlimitedRow } from '../../../src/ledger/policy.ts'
import type { Refusal, RefusalReason } from '../../../src/ledger/types.ts'

const NOW_MS = Date.UTC(2026, 10, 23, 12, 0, 0)
const team = unlimitedRow('account', 'team:t1')
const user = unlimitedRow('account', 'user:u1')
const key = { ...unlimitedRow('key', 'ab12'), alias: 'prod' }
const member = unlimitedRow('member', 'u1')

const NOTHING: Refusal = {
  reason: 'budget',
  scope: team,
  model: null,
  budget: null,
  spentPico: 0n,
  heldPico: 0n,
  limitPico: null,
  resetAtMs: null,
  limit: null,
  retryAfterMs: null,
}
const spent = { budget: 'main', spentPico: 3_500_000n, limitPico: 1_000n }

function told(refusal: Partial<Refusal> & { reason: RefusalReason }, era: Era = 'docs') {
  const failure = refusalError(
    { ...NOTHING, ...refusal },
    {
      era,
      keyName: 'sk-...abcd',
      model: 'gpt-4o',
      rows: refusal.scope?.id === user.id ? [key, user] : [key, member, team],
      boundPico: 2_000_000n,
      nowMs: NOW_MS,
    },
  )
  const { status, headers, message } = failure
  return { status, headers, ...failure.toJSON().error, message }
}

describe('a spent budget', () => {
  it('is the published 400 in the docs era', () => {
    const context = { keyName: '', model: 'm', rows: [key, team], boundPico: 0n, nowMs: NOW_MS }
    const failure = refusalError({ ...NOTHING, ...spent }, { ...context, era: 'docs' })
    expect(failure.status).toBe(400)
    expect(JSON.stringify(failure)).toBe(
      '{"error":{"message":"Budget has been exceeded! Current cost: 3.5e-06, Max budget: 1e-09",' +
        '"type":"auth_error","param":null,"code":400}}',
    )
  })

  const MAIN = 'Current cost: 3.5e-06, Max budget: 1e-09'
  it.each([
    ['team', team, `Budget has been exceeded! Team=t1 ${MAIN}`],
    ['key', key, `Budget has been exceeded! Key=ab12 ${MAIN}`],
    ['member', member, `Budget has been exceeded! User=u1 in Team=t1 ${MAIN}`],
    ['user', user, 'ExceededBudget: User=u1 over budget. Spend=3.5e-06, Budget=1e-09'],
  ])('of a %s is a 429 that names it in the era of v1.84', (word, scope, text) => {
    expect(told({ reason: 'budget', scope, ...spent }, 'v1.84')).toMatchObject({
      status: 429,
      message: text,
      type: 'budget_exceeded',
      param: null,
      code: '429',
      headers: { 'x-tollgate-refused-by': word },
    })
    const published = word === 'user' ? text : `Budget has been exceeded! ${MAIN}`
    expect(told({ reason: 'budget', scope, ...spent }, 'docs')).toMatchObject({
      status: 400,
      message: published,
      type: 'auth_error',
      param: null,
      code: 400,
    })
  })

  const dollars = { spentPico: 12_345_678_901_234n, limitPico: 10_000_000_000_000n }
  const WINDOW = 'over 30d budget. Spend=$12.3457, Limit=$10.00'
  const MODEL = 'Spend=$12.345679, Budget=$10.000000'
  it.each([
    [key, '30d', null, `ExceededBudget: Key ${WINDOW}`],
    [team, '30d', null, `ExceededBudget: Team=t1 ${WINDOW}`],
    [member, '30d', null, `ExceededBudget: User=u1 in Team=t1 ${WINDOW}`],
    [user, '30d', null, `ExceededBudget: User=u1 ${WINDOW}`],
    [
      key,
      'main',
      'gpt-4o',
      'LiteLLM Virtual Key: ab12, key_alias: prod, exceeded budget for model=gpt-4o',
    ],
    [
      { ...key, alias: null },
      'main',
      'gpt-*',
      'LiteLLM Virtual Key: ab12, key_alias: None, exceeded budget for model=gpt-*',
    ],
    [
      member,
      'main',
      'gpt-4o',
      `ExceededBudget: Team member model budget exceeded. User=u1, Team=t1, Model=gpt-4o. ${MODEL}`,
    ],
    [
      team,
      'main',
      'gpt-4o',
      `ExceededBudget: Team model budget exceeded. Team=t1, Model=gpt-4o. ${MODEL}`,
    ],
    [user, 'main', 'gpt-4o', 'LiteLLM User: u1, exceeded budget for model=gpt-4o'],
  ])('%j, %s, for %s: has the same words in both eras', (scope, budget, model, text) => {
    const refusal = { reason: 'budget', scope, budget, model, ...dollars } as const
    expect(told(refusal, 'docs')).toMatchObject({ status: 400, message: text, code: 400 })
    expect(told(refusal, 'v1.84')).toMatchObject({ status: 429, message: text, code: '429' })
  })

  it.each([
    [60_000, '60'],
    [60_001, undefined],
    [500, '1'],
  ])('%i ms before its reset says retry-after: %s', (waitMs, retryAfter) => {
    const { headers } = told({ reason: 'budget', ...spent, resetAtMs: NOW_MS + waitMs })
    expect(headers['retry-after']).toBe(retryAfter)
    expect(headers['x-should-retry']).toBe('false')
  })
})

describe('the headers of a refusal', () => {
  it('say which budget it was, and how it stands', () => {
    const resetAtMs = NOW_MS + 3_600_000
    const of = { 'x-tollgate-refused-by': 'team', 'x-tollgate-reason': 'budget' }
    expect(told({ reason: 'budget', ...spent, heldPico: 7n, resetAtMs }).headers).toEqual({
      ...of,
      'x-tollgate-limit': '1e-09',
      'x-tollgate-spent': '3.5e-06',
      'x-tollgate-held': '7e-12',
      'x-tollgate-reset-at': '2026-11-23T13:00:00.000000Z',
      'x-should-retry': 'false',
    })
    const window = { ...spent, budget: '1d', model: 'gpt-é' }
    expect(told({ reason: 'budget', ...window }).headers).toMatchObject({
      'x-tollgate-budget': '1d',
      'x-tollgate-model': 'gpt-?',
    })
  })

  it('of a rate limit have its number', () => {
    expect(told({ reason: 'tokens', limit: 900, model: 'gpt-4o', scope: key }).headers).toEqual({
      'x-tollgate-refused-by': 'key',
      'x-tollgate-reason': 'tokens',
      'x-tollgate-model': 'gpt-4o',
      'x-tollgate-limit': '900',
      'retry-after': '1',
      rate_limit_type: 'tokens',
      reset_at: String(NOW_MS / 1_000 + 1),
    })
  })
})

describe('other refusals', () => {
  it('a budget held by calls in flight is worth another try', () => {
    expect(told({ reason: 'held', ...spent, spentPico: 0n, heldPico: 1_000n })).toMatchObject({
      status: 429,
      message:
        'Budget is held by calls in flight. Current cost: 0.0, Held: 1e-09, Max budget: 1e-09. ' +
        'Please try again.',
      type: 'budget_held',
      code: '429',
      headers: { 'retry-after': '1', 'x-should-retry': 'true' },
    })
  })

  it.each(['docs', 'v1.84'] as const)(
    'a call that is too large is told what it may cost and what is left, in the era of %s',
    (era) => {
      const left = { budget: 'main', spentPico: 400_000n, limitPico: 1_000_000n, heldPico: 50n }
      expect(told({ reason: 'too_large', scope: member, ...left }, era)).toEqual({
        status: 400,
        message:
          'Budget would be exceeded! User=u1 in Team=t1. This call may cost up to 2e-06, and ' +
          '6e-07 is left. Current cost: 4e-07, Max budget: 1e-06. ' +
          'Send a smaller max_tokens or a shorter prompt.',
        type: 'budget_exceeded',
        param: null,
        code: '400',
        headers: {
          'x-tollgate-refused-by': 'member',
          'x-tollgate-reason': 'too_large',
          'x-tollgate-limit': '1e-06',
          'x-tollgate-spent': '4e-07',
          'x-tollgate-held': '5e-11',
          'x-should-retry': 'false',
        },
      })
      const named = { ...left, scope: team, model: 'gpt-4o', budget: '30d' }
      expect(told({ reason: 'too_large', ...named }, era).message).toContain(
        'Team=t1, Model=gpt-4o over 30d. This call may cost',
      )
    },
  )

  it.each([
    [key, null, 'requests', 'api_key: ab12', 'requests'],
    [team, null, 'tokens', 'team: t1', 'tokens'],
    [user, null, 'requests', 'user: u1', 'requests'],
    [member, null, 'parallel', 'team_member: t1:u1', 'max_parallel_requests'],
    [key, 'gpt-4o', 'requests', 'model_per_key: ab12:gpt-4o', 'requests'],
    [team, 'gpt-4o', 'tokens', 'model_per_team: t1:gpt-4o', 'tokens'],
    [member, 'gpt-4o', 'requests', 'model_per_team_member: t1:u1:gpt-4o', 'requests'],
    [user, 'gpt-4o', 'requests', 'model_per_user: u1:gpt-4o', 'requests'],
  ] as const)(
    '%j, %s: a rate limit has the words of LiteLLM',
    (scope, model, reason, who, type) => {
      expect(told({ reason, scope, model, limit: 2, retryAfterMs: 1_001 })).toMatchObject({
        status: 429,
        message:
          `Rate limit exceeded for ${who}. Limit type: ${type}. Current limit: 2, Remaining: 0. ` +
          'Limit resets at: 2026-11-23 12:00:01 UTC',
        type: 'None',
        param: 'None',
        code: '429',
        headers: { 'retry-after': '2', rate_limit_type: type, 'x-tollgate-limit': '2' },
      })
    },
  )

  const models = ['a', 'b/*']
  it.each([
    [
      { ...key, models },
      'key',
      "key not allowed to access model. This key can only access models=['a', 'b/*']. Tried to access gpt-4o",
    ],
    [
      { ...team, models },
      'team',
      "team not allowed to access model. This team can only access models=['a', 'b/*']. Tried to access gpt-4o",
    ],
    [
      { ...user, models },
      'user',
      "user not allowed to access model. This user can only access models=['a', 'b/*']. Tried to access gpt-4o",
    ],
    [
      { ...member, models },
      'team',
      "Team member not allowed to access model. User=u1, Team=t1, Model=gpt-4o. Allowed member models = ['a', 'b/*']",
    ],
  ])('%j: a model that is not its to call is a 403', (scope, word, text) => {
    expect(told({ reason: 'model', scope })).toMatchObject({
      status: 403,
      message: text,
      type: `${word}_model_access_denied`,
      param: 'model',
      code: '403',
    })
  })

  it.each([
    ['deleted', key, 'token_not_found_in_db', 'Invalid proxy server token passed'],
    ['blocked', key, 'auth_error', 'Key is blocked. Update via `/key/unblock`'],
    ['blocked', team, 'auth_error', 'Team=t1 is blocked. Update via `/team/unblock`'],
    ['blocked', user, 'auth_error', 'User=u1 is blocked.'],
    ['expired', { ...key, expiresAtMs: 0 }, 'expired_key', 'Expired Key. Key Expiry time 1970'],
  ] as const)('%s is a 401', (reason, scope, type, words) => {
    expect(told({ reason, scope })).toMatchObject({ status: 401, type, code: '401' })
    expect(told({ reason, scope }).message).toContain(words)
  })

  it('a ledger that took too long may be asked again', () => {
    expect(told({ reason: 'released', scope: null })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
    })
  })
})
