import { describe, expect, it } from 'vitest'
import type { LedgerCore } from '../../src/ledger/core.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { RefusalReason } from '../../src/ledger/types.ts'
import {
  accountRow,
  admitted,
  budget,
  caller,
  idAt,
  keyRow,
  openLedger,
  rates,
  refused,
  reserveOf,
  seen,
  T0,
} from './build.ts'

const observed = (rest: Partial<PolicyRow>) => accountRow({ enforcement: 'observe', ...rest })

/** A ledger in which this much was spent, and this much is held by another call. */
function ledgerWith(spentPico: bigint, heldPico = 0n): LedgerCore {
  const spends = [{ scope: 'account', budget: 'main', startMs: 0, spentPico }]
  const { core } = openLedger({ spends })
  if (heldPico > 0n) {
    admitted(core.reserve(reserveOf(idAt(T0, 99), [accountRow()], { expectedPico: heldPico }), T0))
  }
  return core
}

describe('an observed scope', () => {
  it.each<[string, Partial<PolicyRow>, RefusalReason]>([
    ['spent up', { budgets: [budget(100n)] }, 'budget'],
    ['full of holds', { budgets: [budget(150n)] }, 'held'],
    ['with too many at once', { rates: rates({ parallelRequests: 1 }) }, 'parallel'],
    ['with too many requests', { rates: rates({ requestsPerMinute: 1 }) }, 'requests'],
    ['with too many tokens', { rates: rates({ tokensPerMinute: 0 }) }, 'tokens'],
  ])('%s admits, and says what it would have done', (_name, rest, reason) => {
    const core = ledgerWith(100n, 50n)
    const row = observed(rest)
    const { wouldRefuse, heldPico } = admitted(
      caller(core).reserve([keyRow(), row], T0, { expectedPico: 7n, expectedTokens: 1 }),
    )
    expect([wouldRefuse?.reason, wouldRefuse?.scope, heldPico]).toEqual([reason, row, 7n])
    expect(seen(core, row, T0)).toEqual([100n, 57n])
  })

  it.each([
    ['deleted', { deleted: true }],
    ['blocked', { blocked: true }],
    ['expired', { expiresAtMs: T0 }],
    ['model', { models: ['other'] }],
  ] as const)('refuses all the same what is %s', (reason, rest) => {
    const answer = caller(ledgerWith(0n)).reserve([observed(rest)], T0, { model: 'm' })
    expect(refused(answer).reason).toBe(reason)
  })

  it('leaves other scopes to refuse, and the first of several is what it would have been', () => {
    const core = ledgerWith(100n)
    const key = keyRow({ enforcement: 'headroom', rates: rates({ requestsPerMinute: 0 }) })
    const row = observed({ budgets: [budget(100n)], rates: rates({ requestsPerMinute: 0 }) })
    expect(refused(caller(core).reserve([key, row], T0)).scope).toBe(key)
    expect(admitted(caller(core).reserve([row], T0)).wouldRefuse).toMatchObject({
      reason: 'budget',
      spentPico: 100n,
      limitPico: 100n,
    })
  })

  it('says nothing of a call that it would have admitted', () => {
    const row = observed({ budgets: [budget(100n)] })
    expect(admitted(caller(ledgerWith(0n)).reserve([row], T0)).wouldRefuse).toBeNull()
  })
})
