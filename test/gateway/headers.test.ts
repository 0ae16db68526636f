import { describe, expect, it } from 'vitest'
import type { Admission, Call } from '../../src/gateway/call.ts'
import { answerHeaders } from '../../src/gateway/headers.ts'
import { rateHeaders } from '../../src/gateway/rate-headers.ts'
import { unlimitedRow } from '../../src/ledger/policy.ts'
import type { RateState, Refusal, ScopeState } from '../../src/ledger/types.ts'

const admission: Admission = {
  kind: 'admitted',
  tight: false,
  scopes: [],
  rates: [],
  heldPico: 0n,
  outputTokens: null,
  wouldRefuse: null,
}
const call = {
  callId: 'c1',
  group: 'openai/gpt-4o',
  deployment: { id: 'd1' },
  body: { outputCap: null },
  estimate: { boundOutput: { tokens: 4_000, picoPerToken: 1n } },
  policy: { rows: [], model: 'openai/gpt-4o' },
} as unknown as Call

const CALL = {
  'x-litellm-call-id': 'c1',
  'x-litellm-model-id': 'd1',
  'x-litellm-model-group': 'openai/gpt-4o',
}

function budget(scope: string, more: Partial<ScopeState> = {}): ScopeState {
  const state = { scope, budget: 'main', spentPico: 3n, heldPico: 9n, limitPico: null }
  return { ...state, startMs: 0, resetAtMs: null, ...more }
}

function told(more: Partial<Admission>, cap: number | null = null) {
  const asked = { ...call, body: { ...call.body, outputCap: cap } }
  return answerHeaders(asked, { ...admission, ...more }, null)
}

describe('the headers of an answer', () => {
  it('name the call, and its cost once it is known', () => {
    expect(answerHeaders(call, admission, null)).toEqual(CALL)
    expect(answerHeaders(call, admission, 3_500_000n)).toEqual({
      ...CALL,
      'x-litellm-response-cost': '3.5e-06',
    })
  })

  it("say what the key spent with it, whatever else is on the key's books", () => {
    const scopes = [
      budget('account', { spentPico: 70n, limitPico: 80n }),
      budget('key:ab/gpt-4o', { spentPico: 71n }),
      budget('key:ab', { budget: '1d', spentPico: 72n }),
      budget('key:ab', { spentPico: 5_000_000n, limitPico: 1_000_000_000_000n }),
    ]
    expect(answerHeaders(call, { ...admission, scopes }, 1_000_000n)).toMatchObject({
      'x-litellm-key-spend': '6e-06',
      'x-litellm-key-max-budget': '1.0',
    })
  })

  it.each([
    ['nothing without a strict budget', null, null, undefined],
    ['nothing if the cap is what the client asked for', 100, 100, undefined],
    ['a cap that was lowered', 300, 1_000, '300'],
    ["a cap lowered to the model's maximum", 4_000, 9_000, '4000'],
    ['a cap below what the bound was computed with', 300, null, '300'],
    ['nothing if that is the cap', 4_000, null, undefined],
  ])('say %s', (_what, outputTokens, cap, expected) => {
    expect(told({ outputTokens }, cap)['x-tollgate-max-tokens']).toBe(expected)
  })

  it('say nothing of a cap on output that costs nothing: none is sent', () => {
    const boundOutput = { tokens: 4_000, picoPerToken: 0n }
    const free = { ...call, estimate: { ...call.estimate, boundOutput } }
    const headers = answerHeaders(free, { ...admission, outputTokens: 300 }, null)
    expect(headers).not.toHaveProperty('x-tollgate-max-tokens')
  })

  it('say who would have refused an observed call', () => {
    const refusal: Refusal = {
      reason: 'budget',
      scope: unlimitedRow('account', 'team:t1'),
      model: null,
      budget: 'main',
      spentPico: 1n,
      heldPico: 0n,
      limitPico: 1n,
      resetAtMs: null,
      limit: null,
      retryAfterMs: null,
    }
    const member: Refusal = {
      ...refusal,
      scope: unlimitedRow('member', 'u1'),
      reason: 'requests',
    }
    const headers = [refusal, member].map((wouldRefuse) => told({ wouldRefuse }))
    expect(headers.map((each) => each['x-tollgate-would-refuse'])).toEqual([
      'team:budget',
      'member:requests',
    ])
  })
})

const left = (limit: number, remaining: number) => ({ limit, remaining })
function rate(kind: RateState['kind'], id: string, more: Partial<RateState>): RateState {
  const unlimited = { kind, id, model: null, requests: null, tokens: null }
  return { ...unlimited, ...more }
}

describe('the headers of rate limits', () => {
  it('are those of LiteLLM for each scope that has limits', () => {
    const rates = [
      rate('key', 'ab', { requests: left(10, 9) }),
      rate('member', 'u1', { tokens: left(1_000, 900) }),
      rate('account', 'team:t1', { requests: left(5, 0), tokens: left(600, 12) }),
      rate('account', 'team:t1', { model: 'openai/*', requests: left(4, 3) }),
      rate('member', 'u1', { model: 'openai/*', requests: left(2, 1) }),
    ]
    expect(rateHeaders(rates, call.policy)).toEqual({
      'x-ratelimit-api_key-limit-requests': '10',
      'x-ratelimit-api_key-remaining-requests': '9',
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '9',
      'x-ratelimit-team_member-limit-tokens': '1000',
      'x-ratelimit-team_member-remaining-tokens': '900',
      'x-ratelimit-team-limit-requests': '5',
      'x-ratelimit-team-remaining-requests': '0',
      'x-ratelimit-team-limit-tokens': '600',
      'x-ratelimit-team-remaining-tokens': '12',
      'x-ratelimit-model_per_team-limit-requests': '4',
      'x-ratelimit-model_per_team-remaining-requests': '3',
      'x-ratelimit-model_per_team_member-limit-requests': '2',
      'x-ratelimit-model_per_team_member-remaining-requests': '1',
    })
  })

  it("of a key's model are told by its name, of two the one with less left", () => {
    const rates = [
      rate('key', 'ab', { model: 'openai/gpt-4o', requests: left(10, 9), tokens: left(70, 7) }),
      rate('key', 'ab', { model: 'openai/*', requests: left(20, 2), tokens: left(80, 8) }),
    ]
    const headers = rateHeaders(rates, call.policy)
    expect(headers).toEqual({
      'x-ratelimit-model_per_key-limit-requests': '20',
      'x-ratelimit-model_per_key-remaining-requests': '2',
      'x-ratelimit-model_per_key-limit-tokens': '70',
      'x-ratelimit-model_per_key-remaining-tokens': '7',
      'x-litellm-key-remaining-requests-openai-gpt-4o': '2',
      'x-litellm-key-remaining-tokens-openai-gpt-4o': '7',
    })
    expect(() => new Headers(headers)).not.toThrow()
  })

  it('of a user are told as such, and a name that no header may have is made one', () => {
    const rates = [
      rate('account', 'user:u1', { tokens: left(3, 2) }),
      rate('key', 'ab', { model: 'modèle: 1', requests: left(2, 1) }),
    ]
    const headers = rateHeaders(rates, { rows: [], model: 'modèle: 1' })
    expect(headers).toMatchObject({
      'x-ratelimit-user-remaining-tokens': '2',
      'x-litellm-key-remaining-requests-mod-le--1': '1',
    })
    expect(() => new Headers(headers)).not.toThrow()
  })
})
