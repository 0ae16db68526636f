import { describe, expect, it } from 'vitest'
import type { LedgerCore } from '../../src/ledger/core.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import {
  accountRow,
  budget,
  budgetRow,
  idAt,
  KEY_SCOPE,
  keyRow,
  openLedger,
  reserveOf,
  settleOf,
  T0,
  TEAM,
} from './build.ts'

const MINUTE = 60_000
const HERE: PolicyRow = keyRow({ version: 2, accountId: TEAM })
const LEAVING: PolicyRow = { ...HERE, accountId: 'team:other' }

describe('a key that has left, and whose row Postgres still has as it was', () => {
  it.each([
    ['known here by caches only', []],
    ['told to the ledger as it opened', [HERE]],
  ])('is referred: %s', (_, changed) => {
    const { core: ledger } = openLedger({ changed })
    ledger.leave(LEAVING, T0)
    const answer = ledger.reserve(reserveOf(idAt(T0), [HERE, accountRow()]), T0)
    expect(answer).toMatchObject({ kind: 'stale', row: { accountId: 'team:other' } })
  })

  it('is at home again once it has come back', () => {
    const { core: ledger } = openLedger()
    ledger.leave(LEAVING, T0)
    const back = { ...HERE, version: 3 }
    ledger.arrive(back, { version: 3, spends: [], traffic: [] }, T0)
    const rows = [back, accountRow()]
    expect(ledger.reserve(reserveOf(idAt(T0), rows), T0)).toMatchObject({ kind: 'admitted' })
  })
})

describe('a key whose windows are those of a budget row', () => {
  const shared = budgetRow({ budgets: [budget(1_000n, '1m')] })
  const key = keyRow({ budgetId: 'shared', budgets: [] })

  it.each([
    ['is changed', (ledger: LedgerCore) => ledger.tell({ ...key, version: 9 }, T0)],
    ['leaves', (ledger: LedgerCore) => ledger.leave({ ...key, version: 9 }, T0)],
  ])('is charged in the window of the call’s end when it %s during the call', (_, change) => {
    const { core: ledger } = openLedger()
    const rows = [key, accountRow(), shared]
    const id = idAt(T0)
    ledger.reserve(reserveOf(id, rows, { expectedPico: 5n }), T0)
    change(ledger)
    const answer = ledger.settle(settleOf(id, rows, { chargePico: 5n }), T0 + MINUTE)
    const scopes = answer.kind === 'settled' ? answer.scopes : []
    expect(scopes.find(({ scope }) => scope === KEY_SCOPE)).toMatchObject({
      spentPico: 5n,
      startMs: T0 + MINUTE,
    })
  })
})
