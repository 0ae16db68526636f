import { describe, expect, it } from 'vitest'
import { dryRun } from '../../src/gateway/dry-run.ts'
import { unlimitedRow } from '../../src/ledger/policy.ts'
import type { Decision, Refusal } from '../../src/ledger/types.ts'
import { callerOf, NOW_MS, request, world } from './asking.ts'

describe('a dry run', () => {
  const refusal: Refusal = {
    reason: 'budget',
    scope: unlimitedRow('account', 'team:t1'),
    model: null,
    budget: 'main',
    spentPico: 3_500_000n,
    heldPico: 0n,
    limitPico: 1_000n,
    resetAtMs: null,
    limit: null,
    retryAfterMs: null,
  }
  const decision: Decision = {
    kind: 'decided',
    refusal: null,
    wouldRefuse: null,
    holdPico: 5_000_000n,
    outputTokens: 300,
    scopes: [],
    rates: [],
  }

  it('tells what would be held, and how everything stands', async () => {
    const state = { budget: 'main', spentPico: 1_000_000n, heldPico: 500_000n, startMs: 0 }
    const scopes = [
      { scope: 'key:ab12', ...state, limitPico: null, resetAtMs: null },
      { scope: 'account', ...state, limitPico: 2_000_000n, resetAtMs: NOW_MS },
      { scope: 'member:u%2F1/m', ...state, limitPico: 1_200_000n, resetAtMs: null },
    ]
    const requests = { limit: 5, remaining: 4 }
    const rates = [{ kind: 'account', id: 'team:t1', model: null, requests, tokens: null } as const]
    const { deps } = world({ answers: [{ ...decision, scopes, rates }] })
    const caller = callerOf({ enforcement: 'strict' })
    const money = { spent: 0.000001, held: 5e-7 }
    expect(await dryRun(deps, request({ max_tokens: 700 }, caller))).toEqual({
      decision: 'admitted',
      refusal: null,
      would_refuse: null,
      model: 'm',
      expected: 0.001032,
      bound: 0.002454,
      hold: 0.000005,
      expected_usd: '0.001032000000',
      bound_usd: '0.002454000000',
      hold_usd: '0.000005000000',
      max_tokens: 300,
      scopes: [
        {
          scope: 'key',
          id: 'ab12',
          model: null,
          budget: 'main',
          enforcement: 'strict',
          limit: null,
          ...money,
          remaining: null,
          reset_at: null,
        },
        {
          scope: 'team',
          id: 't1',
          model: null,
          budget: 'main',
          enforcement: 'headroom',
          limit: 0.000002,
          ...money,
          remaining: 5e-7,
          reset_at: '2026-11-23T12:00:00.000000Z',
        },
        {
          scope: 'member',
          id: 'u/1',
          model: 'm',
          budget: 'main',
          enforcement: null,
          limit: 0.0000012,
          ...money,
          remaining: -3e-7,
          reset_at: null,
        },
      ],
      rates: [{ scope: 'team', id: 't1', model: null, requests, tokens: null }],
    })
  })

  it('tells a refusal as the client would get it, and an observed one beside', async () => {
    const { deps } = world({
      answers: [
        { ...decision, refusal },
        { ...decision, wouldRefuse: refusal },
      ],
    })
    const told = {
      status: 400,
      error: {
        message: 'Budget has been exceeded! Current cost: 3.5e-06, Max budget: 1e-09',
        type: 'auth_error',
        param: null,
        code: 400,
      },
      headers: expect.objectContaining({ 'x-tollgate-refused-by': 'team' }),
    }
    expect(await dryRun(deps, request())).toMatchObject({ decision: 'refused', refusal: told })
    expect(await dryRun(deps, request())).toMatchObject({
      decision: 'admitted',
      refusal: null,
      would_refuse: told,
    })
  })
})
