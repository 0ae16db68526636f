import { expect } from 'vitest'
import { encode } from '../../src/json.ts'
import type { Balance, ScopeState } from '../../src/ledger/types.ts'
import type { Luggage, Model } from './model.ts'
import { budgetName, type Money } from './model-money.ts'
import type { System } from './systems.ts'

/** All of an answer, to the last number. */
export function compare(actual: unknown, expected: unknown, money: Money): void {
  const wanted = withStarts(expected, actual, money)
  if (encode(actual) !== encode(wanted)) expect(actual).toEqual(wanted)
}

/** Where nothing was spent before a window's rule changed, it may start then or before. */
function withStarts(expected: unknown, actual: unknown, money: Money): unknown {
  if (!expected || !actual || typeof expected !== 'object' || typeof actual !== 'object') {
    return expected
  }
  const same = (state: ScopeState, seen: ScopeState | undefined): ScopeState => {
    const { scope, budget, startMs } = state
    const window = `${budgetName(scope, budget)}@${startMs}`
    return seen && money.mayStart(window, seen.startMs)
      ? { ...state, startMs: seen.startMs }
      : state
  }
  const states = (mine: readonly ScopeState[], theirs: readonly ScopeState[]) =>
    mine.map((state, i) => same(state, theirs[i]))
  if (Array.isArray(expected) && Array.isArray(actual)) return states(expected, actual)
  if (!('scopes' in expected) || !('scopes' in actual)) return expected
  const [mine, theirs] = [expected.scopes, actual.scopes] as ScopeState[][]
  return { ...expected, scopes: states(mine!, theirs!) }
}

/** A balance may also name windows that have ended, or in which nothing was spent. */
export function compareBalance(balance: Balance, { version, purses }: Luggage): void {
  expect(balance.version).toBe(version)
  for (const { scope, budget, starts, pico } of purses) {
    const found = balance.spends.find((one) => one.scope === scope && one.budget === budget)
    const isOpen = found !== undefined && starts.includes(found.startMs)
    expect(isOpen ? found.spentPico : 0n, `${scope} ${budget} takes along`).toBe(pico)
  }
}

/** What the ledger wrote adds up to what the model's list adds up to, window by window. */
export function checkEntries(system: System, { money, nowMs }: Model): void {
  const sums = new Map<string, bigint>()
  const add = (window: string, pico: bigint) => {
    const [scope = '', budget = ''] = window.split(/[#@]/)
    const name = money.isCertain(scope, budget) ? window : budgetName(scope, budget)
    sums.set(name, (sums.get(name) ?? 0n) + pico)
  }
  for (const { window, pico } of money.charges) add(window, pico)
  for (const { window, pico } of money.handed) add(window, -pico)
  const seen = new Set<string>()
  for (const { id, revision, charged, chargePico } of system.ended(nowMs)) {
    expect(seen, 'nothing is delivered twice').not.toContain(`${id}/${revision}`)
    seen.add(`${id}/${revision}`)
    for (const [scope, budget, startMs] of charged) {
      add(`${budgetName(scope, budget)}@${startMs}`, -chargePico)
    }
  }
  expect([...sums].filter(([, pico]) => pico !== 0n)).toEqual([])
}
