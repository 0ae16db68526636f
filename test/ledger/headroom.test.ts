import { describe, expect, it } from 'vitest'
import type { RefusalReason } from '../../src/ledger/types.ts'
import {
  accountRow,
  admitted,
  BARE,
  budget,
  caller,
  keyRow,
  openLedger,
  refused,
  settleOf,
  T0,
} from './build.ts'

const MINUTE = 60_000

describe('headroom', () => {
  /** [limit, spent, held by others] → what one more call hears; its own cost plays no part. */
  it.each<[bigint | null, bigint, bigint, RefusalReason | 'admitted']>([
    [null, 0n, 0n, 'admitted'],
    [null, 10n ** 20n, 10n ** 9n, 'admitted'],
    [0n, 0n, 0n, 'budget'],
    [1n, 0n, 0n, 'admitted'],
    [1n, 1n, 0n, 'budget'],
    [1n, 2n, 0n, 'budget'],
    [1n, 0n, 1n, 'held'],
    [100n, 99n, 0n, 'admitted'],
    [100n, 98n, 1n, 'admitted'],
    [100n, 99n, 1n, 'held'],
    [100n, 100n, 0n, 'budget'],
    [100n, 100n, 50n, 'budget'],
    [100n, 0n, 100n, 'held'],
    [100n, 0n, 99n, 'admitted'],
    [10n ** 27n, 10n ** 27n - 1n, 0n, 'admitted'],
    [10n ** 27n, 10n ** 27n, 0n, 'budget'],
  ])('of %s with %s spent and %s held: %s', (limitPico, spentPico, held, expected) => {
    const spends = [{ scope: 'account', budget: 'main', startMs: T0, spentPico }]
    const { core } = openLedger({ spends })
    const { reserve } = caller(core)
    const free = accountRow({ budgets: [budget(null)] })
    admitted(reserve([free], T0, { expectedPico: held }))
    const row = accountRow({ budgets: [budget(limitPico)] })
    const answer = reserve([row], T0, { expectedPico: 10n ** 12n })
    if (expected === 'admitted') {
      admitted(answer)
      return
    }
    expect(refused(answer)).toEqual({
      ...BARE,
      reason: expected,
      scope: row,
      budget: 'main',
      spentPico,
      heldPico: held,
      limitPico,
      retryAfterMs: expected === 'held' ? 1_000 : null,
    })
  })

  it('says when a window resets, and admits again at that millisecond', () => {
    const { core } = openLedger()
    const { reserve, lastId } = caller(core)
    const row = accountRow({ budgets: [budget(10n, '2s', { anchorMs: T0 - 500 })] })
    admitted(reserve([row], T0))
    core.settle(settleOf(lastId(), [row], { chargePico: 10n }), T0)
    expect(refused(reserve([row], T0 + 1_499)).resetAtMs).toBe(T0 + 1_500)
    admitted(reserve([row], T0 + 1_500))
  })

  it('of several budgets is that of the first full one, with its own numbers', () => {
    const { core } = openLedger()
    const { reserve, lastId } = caller(core)
    const row = accountRow({
      budgets: [budget(100n), budget(10n, '1m', { id: 'minute' }), budget(7n, '2s', { id: 'two' })],
    })
    admitted(reserve([row], T0))
    core.settle(settleOf(lastId(), [row], { chargePico: 8n }), T0)
    expect(refused(reserve([row], T0))).toMatchObject({
      reason: 'budget',
      spentPico: 8n,
      limitPico: 7n,
      resetAtMs: T0 + 2_000,
    })
    admitted(reserve([row], T0 + 2_000))
    core.settle(settleOf(lastId(), [row], { chargePico: 2n }), T0 + 2_000)
    expect(refused(reserve([row], T0 + 4_000))).toMatchObject({
      spentPico: 10n,
      limitPico: 10n,
      resetAtMs: T0 + MINUTE,
    })
    admitted(reserve([row], T0 + MINUTE))
    core.settle(settleOf(lastId(), [row], { chargePico: 90n }), T0 + MINUTE)
    expect(refused(reserve([row], T0 + 2 * MINUTE))).toMatchObject({
      spentPico: 100n,
      limitPico: 100n,
      resetAtMs: null,
    })
  })

  it('is tight from where another call like this one would reach the limit', () => {
    const rows = [keyRow({ budgets: [budget(100n)] }), accountRow()]
    const tightAfter = (spentPico: bigint, expectedPico: bigint): boolean => {
      const spends = [{ scope: 'key:a1b2', budget: 'main', startMs: T0, spentPico }]
      const { core } = openLedger({ spends })
      return admitted(caller(core).reserve(rows, T0, { expectedPico })).tight
    }
    expect(tightAfter(0n, 49n)).toBe(false)
    expect(tightAfter(0n, 50n)).toBe(true)
    expect(tightAfter(98n, 0n)).toBe(false)
    expect(tightAfter(97n, 1n)).toBe(false)
    expect(tightAfter(98n, 1n)).toBe(true)
    expect(tightAfter(99n, 1n)).toBe(true)
  })
})
