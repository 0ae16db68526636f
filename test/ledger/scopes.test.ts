import { describe, expect, it } from 'vitest'
import type { Limits, PolicyRow } from '../../src/ledger/policy.ts'
import { allScopes, scopesOf } from '../../src/ledger/scopes.ts'
import { accountRow, budget, budgetRow, keyRow, memberRow, rates, T0 } from './build.ts'

const limits = (limitPico: bigint | null = null): Limits => ({
  budgets: [budget(limitPico)],
  rates: rates({}),
})

/** The scope of this row's own limits, as a call at T0 finds it. */
function own(kind: PolicyRow['kind'], rows: readonly PolicyRow[], atMs = T0, rest = {}) {
  const scope = scopesOf({ rows, ...rest }, atMs).find((one) => one.kind === kind)
  if (!scope) throw new Error(`no scope of a ${kind}`)
  return scope
}

const main = (kind: PolicyRow['kind'], rows: readonly PolicyRow[], atMs = T0) =>
  own(kind, rows, atMs).budgets[0]

const ids = (rows: readonly PolicyRow[], model: string | null = null) =>
  scopesOf({ rows, model }, T0).map(({ id }) => id)

const windowsOf = (row: PolicyRow, base: PolicyRow) =>
  own('key', [row, base]).budgets.map(({ id }) => id)

describe('the scopes of a call', () => {
  const some = { modelLimits: { 'gpt-5': limits(), 'gpt-*': limits(), other: limits() } }
  const rows = [keyRow(some), memberRow(some), accountRow(some), budgetRow(some)]

  it('are key, member, account, each followed by its limits for the model', () => {
    const inOrder = [
      'key:a1b2',
      'key:a1b2/gpt-5',
      'key:a1b2/gpt-*',
      'member:u1',
      'member:u1/gpt-5',
      'member:u1/gpt-*',
      'account',
      'account/gpt-5',
      'account/gpt-*',
    ]
    expect(ids(rows, 'gpt-5')).toEqual(inOrder)
    expect(ids(rows.toReversed(), 'gpt-5')).toEqual(inOrder)
  })

  it('are those of the rows there are: a key without a user has no member', () => {
    expect(ids([rows[0]!, rows[2]!])).toEqual(['key:a1b2', 'account'])
    expect(ids([rows[2]!], 'other')).toEqual(['account', 'account/other'])
    expect(ids([])).toEqual([])
  })

  it('have none for a model if the call names none', () => {
    expect(ids(rows)).toEqual(['key:a1b2', 'member:u1', 'account'])
    expect(allScopes({ rows }, T0)).toHaveLength(12)
  })

  it.each([
    ['gpt-5', 'gpt-5', true],
    ['gpt-5', 'gpt-5-mini', false],
    ['gpt-5', 'GPT-5', false],
    ['gpt-5', '', false],
    ['gpt.5', 'gpt-5', false],
    ['openai/*', 'openai/gpt-5', true],
    ['openai/*', 'openai/', true],
    ['openai/*', 'azure/openai/gpt-5', false],
    ['*', 'anything', true],
    ['*-mini', 'gpt-5-mini', true],
    ['*-mini', 'gpt-5-mini-2', false],
    ['gpt-*-mini', 'gpt-5-mini', true],
    ['a+(b)*', 'a+(b)c', true],
    ['a+(b)*', 'aabc', false],
    ['a*', 'a\nb', true],
  ])('limits for %j hold for a call of %j: %s', (pattern, model, holds) => {
    const row = accountRow({ modelLimits: { [pattern]: limits() } })
    expect(scopesOf({ rows: [row], model }, T0)).toHaveLength(holds ? 2 : 1)
  })
})

describe('a limit', () => {
  const shared = budgetRow({ budgets: [budget(20n)] })
  const account = accountRow({ budgets: [budget(99n)], memberLimits: limits(30n) })
  const named = { budgetId: 'shared' }

  it.each([
    ['a key’s own', 'key', [keyRow({ budgets: [budget(10n)] })], 10n],
    ['none', 'key', [keyRow()], null],
    ['none, without any budget', 'key', [keyRow({ budgets: [] })], null],
    ['its budget’s', 'key', [keyRow(named), shared], 20n],
    [
      'its own over its budget’s',
      'key',
      [keyRow({ ...named, budgets: [budget(10n)] }), shared],
      10n,
    ],
    ['zero of its own too', 'key', [keyRow({ ...named, budgets: [budget(0n)] }), shared], 0n],
    ['nothing of a budget it does not name', 'key', [keyRow(), shared], null],
    ['nothing of a budget that is not there', 'key', [keyRow(named)], null],
    ['nothing of a deleted budget', 'key', [keyRow(named), { ...shared, deleted: true }], null],
    ['nothing of the members’', 'key', [keyRow(), account], null],
    ['a member’s own', 'member', [memberRow({ budgets: [budget(10n)] }), account], 10n],
    ['the account’s for members', 'member', [memberRow(), account], 30n],
    ['its budget’s over the account’s', 'member', [memberRow(named), account, shared], 20n],
    [
      'the account’s where its budget has none',
      'member',
      [memberRow(named), account, budgetRow()],
      30n,
    ],
    ['an account’s own', 'account', [account], 99n],
    ['its budget’s', 'account', [accountRow(named), shared], 20n],
  ] as const)('is %s (%s)', (_name, kind, rows, limitPico) => {
    expect(main(kind, rows)?.limitPico).toBe(limitPico)
  })

  it.each([
    ['is lifted by an increase', 10n, T0 + 1, 15n],
    ['is lifted until then, not at that millisecond', 10n, T0, 10n],
    ['that is zero is lifted as well', 0n, T0 + 1, 5n],
    ['that is none stays none', null, T0 + 1, null],
  ])('%s', (_name, limitPico, untilMs, expected) => {
    const increase = { pico: 5n, untilMs }
    for (const row of [keyRow, memberRow, accountRow]) {
      const one = row({ budgets: [budget(limitPico)], increase })
      expect(main(one.kind, [one])?.limitPico).toBe(expected)
    }
  })

  it('is lifted wherever it comes from, and only that of the main budget for all models', () => {
    const increase = { pico: 5n, untilMs: T0 + 1 }
    const window = budget(7n, '1d', { id: '1d' })
    const row = keyRow({ ...named, increase, modelLimits: { m: limits(3n) } })
    const base = { ...shared, budgets: [budget(20n), window] }
    const [all, ofModel] = scopesOf({ rows: [row, base], model: 'm' }, T0)
    expect(all?.budgets.map(({ limitPico }) => limitPico)).toEqual([25n, 7n])
    expect(ofModel?.budgets.map(({ limitPico }) => limitPico)).toEqual([3n])
  })
})

describe('a duration', () => {
  const shared = budgetRow({ budgets: [budget(20n, '1d', { anchorMs: 2 })] })
  const account = accountRow({
    memberLimits: { budgets: [budget(30n, '1w', { anchorMs: 3 })], rates: rates({}) },
  })
  const named = { budgetId: 'shared' }

  it.each([
    ['own', keyRow({ ...named, budgets: [budget(null, '1h', { anchorMs: 1 })] }), 'h', 1, 20n],
    [
      'its budget’s',
      keyRow({ ...named, budgets: [budget(5n, null, { anchorMs: 1 })] }),
      'd',
      2,
      5n,
    ],
    ['its budget’s', memberRow(named), 'd', 2, 20n],
    ['the account’s for members', memberRow(), 'w', 3, 30n],
  ] as const)('brings its anchor with it: %s', (_name, row, unit, anchorMs, limitPico) => {
    const policy = main(row.kind, [row, account, shared])
    expect(policy).toMatchObject({ duration: { unit }, anchorMs, limitPico })
  })
})

describe('further windows', () => {
  const day = budget(7n, '1d', { id: '1d' })
  const hour = budget(3n, '1h', { id: '1h' })

  it('are one’s own, else one’s budget’s, and never a mixture', () => {
    const base = budgetRow({ budgets: [budget(20n), day] })
    expect(windowsOf(keyRow({ budgetId: 'shared' }), base)).toEqual(['main', '1d'])
    expect(windowsOf(keyRow({ budgetId: 'shared', budgets: [budget(1n), hour] }), base)).toEqual([
      'main',
      '1h',
    ])
    expect(windowsOf(keyRow({ budgets: [hour] }), base)).toContain('1h')
  })
})

describe('limits per minute', () => {
  const account = accountRow({
    memberLimits: {
      budgets: [],
      rates: rates({ requestsPerMinute: 30, tokensPerMinute: 31, parallelRequests: 32 }),
    },
  })
  const shared = budgetRow({ rates: rates({ requestsPerMinute: 20, tokensPerMinute: 21 }) })
  const member = memberRow({ budgetId: 'shared', rates: rates({ requestsPerMinute: 10 }) })

  it('come each from the nearest that has it', () => {
    expect(own('member', [member, account, shared]).rates).toEqual({
      requestsPerMinute: 10,
      tokensPerMinute: 21,
      parallelRequests: 32,
    })
  })

  it('of members count only if they are to; those on calls at a time always do', () => {
    const defaults = { enforcement: 'headroom', memberRates: false } as const
    const perModel = { m: { budgets: [], rates: rates({ requestsPerMinute: 1 }) } }
    const rows = [{ ...member, modelLimits: perModel }, account, shared]
    const members = scopesOf({ rows, defaults, model: 'm' }, T0).slice(0, 2)
    expect(members.map((scope) => scope.rates)).toEqual([
      rates({ parallelRequests: 32 }),
      rates({}),
    ])
    const key = own('key', [keyRow({ rates: rates({ requestsPerMinute: 1 }) })], T0, { defaults })
    expect(key.rates.requestsPerMinute).toBe(1)
  })
})

describe('limits for a model', () => {
  it('are one’s own over those of one’s budget, model by model', () => {
    const base = budgetRow({ modelLimits: { a: limits(1n), b: limits(2n) } })
    const row = keyRow({ budgetId: 'shared', modelLimits: { b: limits(3n), c: limits(4n) } })
    const scopes = allScopes({ rows: [row, base] }, T0).filter(({ model }) => model !== null)
    const found = scopes.map(({ model, budgets }) => [model, budgets[0]?.limitPico])
    expect(found).toEqual([
      ['a', 1n],
      ['b', 3n],
      ['c', 4n],
    ])
  })
})

describe('the mode', () => {
  it.each([
    [null, null, undefined, 'headroom'],
    [null, null, 'observe', 'observe'],
    [null, 'strict', 'observe', 'strict'],
    ['headroom', 'strict', 'observe', 'headroom'],
    ['observe', null, undefined, 'observe'],
  ] as const)(
    'of a key is its own %s, else its account’s %s, else %s',
    (key, team, config, mode) => {
      const rows = [keyRow({ enforcement: key }), accountRow({ enforcement: team })]
      const rest = config ? { defaults: { enforcement: config, memberRates: true } } : {}
      expect(own('key', rows, T0, rest).enforcement).toBe(mode)
    },
  )
})
