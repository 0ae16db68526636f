import { LedgerCore } from '../../src/ledger/core.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { Balance } from '../../src/ledger/types.ts'
import {
  type Fixture,
  accountRow,
  admitted,
  budget,
  idAt,
  keyRow,
  openLedger,
  rates,
  reserveOf,
  settleOf,
  T0,
} from './build.ts'

export const A = accountRow({ id: 'team:a' })
export const B = accountRow({ id: 'team:b' })
const budgets = [budget(null), budget(null, '1d', { id: '1d' })]
export const perModel = { m: { budgets: [budget(null)], rates: rates({}) } }

/** The key as of its n-th move. */
export const key = (version: number, rest: Partial<PolicyRow> = {}): PolicyRow =>
  keyRow({ version, budgets, modelLimits: perModel, ...rest })

let n = 0
export const newId = (ms = T0) => idAt(ms, ++n)

/** A call that is charged at once. */
export function spend(
  { core }: Fixture,
  rows: readonly PolicyRow[],
  chargePico: bigint,
  nowMs = T0,
) {
  const rest = { chargePico, tokens: 5, model: 'm' }
  const id = newId(nowMs)
  admitted(core.reserve(reserveOf(id, rows, { model: 'm', expectedTokens: 5 }), nowMs))
  core.settle(settleOf(id, rows, rest), nowMs)
}

export function move(from: Fixture, to: Fixture, row: PolicyRow, nowMs = T0): Balance {
  const balance = from.core.leave(row, nowMs)
  if (!balance) throw new Error('nothing came along')
  to.core.arrive(row, balance, nowMs)
  return balance
}

/** What each of the key's budgets has spent here: main, a day, and one model. */
export const spends = ({ core }: Fixture, nowMs = T0) =>
  core.read([key(99)], nowMs)?.map(({ spentPico }) => spentPico)

export const two = () => ({ a: openLedger({ account: A }), b: openLedger({ account: B }) })

export const evicted = (ledger: Fixture): Fixture => ({
  ...ledger,
  core: new LedgerCore(ledger.store),
})
