import { describe, expect, it } from 'vitest'
import { admit } from '../../src/gateway/admit.ts'
import { type PolicyRow, unlimitedRow } from '../../src/ledger/policy.ts'
import { ADMITTED, callerOf, request, world } from './asking.ts'

const moneyRow = (limitPico: bigint): Pick<PolicyRow, 'budgets'> => ({
  budgets: [{ id: 'main', limitPico, duration: null, anchorMs: 0 }],
})

describe('what the ledger is asked', () => {
  it('names the model, the defaults, and what a smaller cap would save', async () => {
    const { deps, asked } = world({ settings: 'budget_enforcement: strict' })
    await admit(deps, request({ n: 3, max_tokens: 700 }))
    expect(asked[0]).toMatchObject({
      model: 'm',
      defaults: { enforcement: 'strict', memberRates: true },
      output: { picoPerToken: 6_000_000n, tokens: 700, floorTokens: 256 },
      rows: [{ kind: 'key' }, { kind: 'account' }],
    })
  })

  it.each([
    ['', 40, 40],
    ['strict_min_output_tokens: 16', 40, 16],
    ['strict_min_output_tokens: 5000', null, 1_000],
    ['strict_clamp: false', 40, null],
  ])('with %j, and a cap of %s, the floor is %s', async (settings, cap, floorTokens) => {
    const { deps, asked } = world({ settings })
    await admit(deps, request({ max_tokens: cap }))
    expect(asked[0]?.output).toMatchObject({ tokens: cap ?? 1_000, floorTokens })
  })

  it('has no output for embeddings', async () => {
    const { deps, asked } = world()
    await admit(deps, request({ input: 'x' }, callerOf(), '/embeddings'))
    expect(asked[0]).not.toHaveProperty('output')
  })

  it.each([
    ['the key', { aliases: { quick: 'n' } }, { aliases: { quick: 'free' } }],
    ['its account', {}, { aliases: { quick: 'n' } }],
  ])('names the model that %s means, before the config resolves it', async (_who, key, account) => {
    const { deps, asked } = world()
    const { call } = await admit(deps, request({ model: 'quick' }, callerOf(key, account)))
    expect(asked[0]?.model).toBe('n')
    expect(call.group).toBe('m')
  })

  it("takes no object's own names for aliases", async () => {
    const { deps } = world()
    const caller = callerOf({ aliases: {} })
    await expect(admit(deps, request({ model: 'constructor' }, caller))).rejects.toThrow(
      'Invalid model name passed in model=constructor',
    )
  })
})

describe('a model without a price', () => {
  const limited = { budgets: moneyRow(1n).budgets, rates: unlimitedRow('key', '').rates }
  it.each([
    ['a budget', moneyRow(1n), {}, true],
    ['a budget for this model', {}, { modelLimits: { fr: limited, 'fre*': limited } }, true],
    ['a budget for another model', { modelLimits: { m: limited } }, {}, false],
    ['no budget', {}, {}, false],
    ['a budget that is only observed', { ...moneyRow(1n), enforcement: 'observe' }, {}, false],
  ] as const)('is refused to who has %s: %#', async (_what, key, account, refused) => {
    const { deps } = world()
    const admitting = admit(deps, request({ model: 'free' }, callerOf(key, account)))
    if (refused) await expect(admitting).rejects.toThrow('has no price')
    else await expect(admitting).resolves.toMatchObject({ call: { price: { source: 'unknown' } } })
  })
})

describe('newer rows', () => {
  const newer = { ...unlimitedRow('key', 'ab12'), version: 7 }
  const stale = { kind: 'stale', row: newer, rows: [newer] }

  it('are decided on, and remembered', async () => {
    const { deps, asked, remembered } = world({ answers: [stale, ADMITTED] })
    await admit(deps, request())
    expect(asked[1]?.rows[0]).toEqual(newer)
    expect(asked[1]?.id).not.toBe(asked[0]?.id)
    expect(remembered).toMatchObject([{ record: { key: newer } }])
  })

  it('that say that another account pays send us to Postgres', async () => {
    const moved = { ...newer, accountId: 'team:t2' }
    const refetched = callerOf(moved, { id: 'team:t2' })
    const answers = [{ kind: 'stale', row: moved, rows: [moved] }, ADMITTED]
    const { deps, asked } = world({ answers, refetched })
    await admit(deps, request())
    expect(asked[1]?.rows.map(({ id }) => id)).toEqual(['ab12', 'team:t2'])
  })

  it('that never end are a 503', async () => {
    const { deps, asked } = world({ answers: [stale, stale, stale, stale] })
    await expect(admit(deps, request())).rejects.toMatchObject({ status: 503 })
    expect(asked).toHaveLength(3)
  })
})
