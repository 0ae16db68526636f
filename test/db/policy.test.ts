import { describe, expect, it } from 'vitest'
import {
  budgetPolicy,
  keyPolicy,
  memberPolicy,
  plainMember,
  teamPolicy,
  userPolicy,
} from '../../src/db/policy.ts'
import type { BudgetPolicy, Limits, PolicyRow } from '../../src/ledger/policy.ts'
import { BUDGET, KEY, MEMBER, T1, T2, TEAM, USER } from './rows.ts'

const T3 = new Date(Date.UTC(2026, 9, 3))
const USD = 10n ** 12n
const DAY = { count: 1, unit: 'd' } as const
const HOUR = { count: 1, unit: 'h' } as const

const RATES = { requestsPerMinute: null, tokensPerMinute: null, parallelRequests: null }
const MAIN: BudgetPolicy = { id: 'main', limitPico: null, duration: null, anchorMs: T1.getTime() }
const PLAIN = {
  alias: null,
  blocked: false,
  deleted: false,
  expiresAtMs: null,
  budgets: [MAIN],
  rates: RATES,
  models: [],
}

describe('rows of Postgres', () => {
  it.each<[string, PolicyRow, PolicyRow]>([
    [
      'a team',
      teamPolicy(TEAM),
      {
        ...PLAIN,
        kind: 'account',
        id: 'team:t',
        version: 7,
        alias: 'Team',
        models: ['m'],
        enforcement: null,
        increase: null,
      },
    ],
    [
      'a user',
      userPolicy(USER),
      { ...PLAIN, kind: 'account', id: 'user:u', version: 10, alias: 'User', models: ['n'] },
    ],
    [
      'a key',
      keyPolicy(KEY),
      {
        ...PLAIN,
        kind: 'key',
        id: 'hash',
        version: 8,
        alias: 'Key',
        enforcement: null,
        increase: null,
        accountId: 'team:t',
        userId: 'u',
        budgetId: null,
      },
    ],
    [
      'a member',
      memberPolicy(MEMBER),
      { ...PLAIN, kind: 'member', id: 'u', version: 9, budgetId: null },
    ],
    [
      'who is no member',
      plainMember('u'),
      { ...PLAIN, kind: 'member', id: 'u', version: 0, budgets: [] },
    ],
    ['a shared budget', budgetPolicy(BUDGET), { ...PLAIN, kind: 'budget', id: 'b', version: 11 }],
  ])('that limit nothing: %s', (_name, row, expected) => {
    expect(row).toStrictEqual(expected)
  })

  it.each<[string, PolicyRow, Partial<PolicyRow>]>([
    ['a blocked team', teamPolicy({ ...TEAM, blocked: true }), { blocked: true }],
    ['a deleted team', teamPolicy({ ...TEAM, deletedAt: T2 }), { deleted: true }],
    ['a blocked key', keyPolicy({ ...KEY, blocked: true }), { blocked: true }],
    ['a deleted key', keyPolicy({ ...KEY, deletedAt: T2 }), { deleted: true }],
    ['an expiring key', keyPolicy({ ...KEY, expiresAt: T2 }), { expiresAtMs: T2.getTime() }],
    ['who left', memberPolicy({ ...MEMBER, deletedAt: T2 }), { deleted: true }],
    ['a deleted budget', budgetPolicy({ ...BUDGET, deletedAt: T2 }), { deleted: true }],
    ["a key's budget row", keyPolicy({ ...KEY, budgetId: 'b' }), { budgetId: 'b' }],
    ["a member's budget row", memberPolicy({ ...MEMBER, budgetId: 'b' }), { budgetId: 'b' }],
    ["a key's aliases", keyPolicy({ ...KEY, aliases: { a: 'm' } }), { aliases: { a: 'm' } }],
    ["a team's", teamPolicy({ ...TEAM, modelAliases: { a: 'm' } }), { aliases: { a: 'm' } }],
    [
      'enforcement',
      keyPolicy({ ...KEY, budgetEnforcement: 'strict' }),
      { enforcement: 'strict', increase: null },
    ],
    [
      'an increase for a while',
      teamPolicy({ ...TEAM, tempBudgetIncrease: '2.5', tempBudgetExpiry: T2 }),
      { increase: { pico: (5n * USD) / 2n, untilMs: T2.getTime() } },
    ],
    [
      'an increase without an end',
      teamPolicy({ ...TEAM, tempBudgetIncrease: '2.5' }),
      { increase: null },
    ],
    [
      'rates',
      memberPolicy({ ...MEMBER, rpmLimit: 1, tpmLimit: 2, maxParallelRequests: 3 }),
      { rates: { requestsPerMinute: 1, tokensPerMinute: 2, parallelRequests: 3 } },
    ],
    [
      'budgets: the main one first, then each further window, each with an anchor of its own',
      budgetPolicy({
        ...BUDGET,
        maxBudget: '0.000000000001',
        budgetDuration: '1d',
        budgetLimits: [
          { budget_duration: '1h', max_budget: '3', anchor_at: T2.toISOString() },
          { budget_duration: '1d', max_budget: '4', anchor_at: T3.toISOString() },
        ],
      }),
      {
        budgets: [
          { id: 'main', limitPico: 1n, duration: DAY, anchorMs: T1.getTime() },
          { id: '1h', limitPico: 3n * USD, duration: HOUR, anchorMs: T2.getTime() },
          { id: '1d', limitPico: 4n * USD, duration: DAY, anchorMs: T3.getTime() },
        ],
      },
    ],
  ])('that say something: %s', (_name, row, expected) => {
    expect(row).toMatchObject(expected)
  })
})

describe('limits for single models', () => {
  it('come from any of the three columns', () => {
    const budget = { budget_limit: '5', time_period: '1h', anchor_at: T2.toISOString() }
    const { modelLimits } = keyPolicy({
      ...KEY,
      modelMaxBudget: { m: budget, toString: { ...budget, budget_limit: null } },
      modelRpmLimit: { m: 6, 'openai/*': 7 },
      modelTpmLimit: { n: 8 },
    })
    const main = { id: 'main', limitPico: 5n * USD, duration: HOUR, anchorMs: T2.getTime() }
    expect(modelLimits).toStrictEqual({
      m: { budgets: [main], rates: { ...RATES, requestsPerMinute: 6 } },
      toString: { budgets: [{ ...main, limitPico: null }], rates: RATES },
      'openai/*': { budgets: [], rates: { ...RATES, requestsPerMinute: 7 } },
      n: { budgets: [], rates: { ...RATES, tokensPerMinute: 8 } },
    })
  })
})

describe("a team's limits for members", () => {
  const SPENDING = { ...TEAM, budgetDuration: '1h', teamMemberBudget: '1' }
  const ofTeam = { id: 'main', limitPico: USD, duration: HOUR, anchorMs: T1.getTime() }

  it.each<[string, PolicyRow, Limits]>([
    ["have the team's windows", teamPolicy(SPENDING), { budgets: [ofTeam], rates: RATES }],
    [
      'have windows of their own',
      teamPolicy({ ...SPENDING, teamMemberBudgetDuration: '1d' }),
      { budgets: [{ ...ofTeam, duration: DAY, anchorMs: T2.getTime() }], rates: RATES },
    ],
    [
      'may be rates only',
      teamPolicy({ ...TEAM, teamMemberRpmLimit: 1, teamMemberTpmLimit: 2 }),
      { budgets: [MAIN], rates: { ...RATES, requestsPerMinute: 1, tokensPerMinute: 2 } },
    ],
  ])('%s', (_name, { memberLimits }, expected) => {
    expect(memberLimits).toStrictEqual(expected)
  })
})
