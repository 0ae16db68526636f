import { describe, expect, it } from 'vitest'
import { LedgerCore } from '../../src/ledger/core.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  keyRow,
  openLedger,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'

describe('a changed duration that the ledger was not told of, only shown by requests', () => {
  const CHANGED = T0 + 500

  it.each([
    ['a key', keyRow],
    ['an account', accountRow],
  ])(
    'of %s keeps its spend when, after an eviction, a call settles by the old row',
    (_name, row) => {
      const old = row({ version: 1, budgets: [budget(1_000n, '1s')] })
      const now = row({ version: 2, budgets: [budget(100n, '1d', { anchorMs: CHANGED })] })
      const { core, store } = openLedger()
      const [early, filling] = [idAt(T0, 1), idAt(CHANGED, 2)]
      admitted(core.reserve(reserveOf(early, [old], { expectedPico: 5n }), T0))
      admitted(core.reserve(reserveOf(filling, [now], { expectedPico: 90n }), CHANGED))
      core.settle(settleOf(filling, [now], { chargePico: 90n }), CHANGED)

      const again = new LedgerCore(store)
      again.settle(settleOf(early, [old], { chargePico: 5n }), T0 + 10_000)
      expect(seen(again, now, T0 + 10_000)).toEqual([95n, 0n])
    },
  )
})
