import { copyOf, type Standing } from './standings.ts'
import { chargedIn, lowered } from './charges.ts'
import type { Town } from '../town.ts'

/** Wherever a key is and was: what its calls were charged, and not taken back, is spent once. */
export function keysOff(town: Town, standings: readonly Standing[]): string[] {
  return keyTotals(town, standings).flatMap(({ name, standing, windows }) => {
    const startMs = Math.max(...windows.keys())
    const spent = windows.get(startMs) ?? 0n
    const accountIds = [...town.database.accounts.keys()]
    const logged =
      chargedIn(town, { ...standing, accountIds, startMs }) + lowered(town, standing, startMs)
    const lost = town.lostPico.get(`${name} ${startMs}`) ?? 0n
    if (spent === logged - lost) return []
    const gone = lost === 0n ? '' : `, and ${lost} was lost with its ledgers`
    return [`${name}: ${spent} in all ledgers, the logs have ${logged}${gone}`]
  })
}

/** One budget of a key, in all ledgers and in the copies for accounts that have none. */
export interface KeyTotal {
  readonly name: string
  readonly standing: Standing
  /** Start of a window → what is spent in it. */
  readonly windows: ReadonlyMap<number, bigint>
}

export function keyTotals(town: Town, standings: readonly Standing[]): KeyTotal[] {
  const ofKeys = standings.filter(({ scope }) => scope.kind === 'key')
  const named = Map.groupBy(ofKeys, ({ scope, budget }) => `${scope.id} ${budget.id}`)
  return [...named].map(([name, all]) => {
    const [standing] = all
    const windows = new Map<number, bigint>()
    const add = (startMs: number, pico: bigint) =>
      windows.set(startMs, (windows.get(startMs) ?? 0n) + pico)
    for (const { state } of all) add(state.startMs, state.spentPico)
    for (const account of town.database.accounts.values()) {
      if (all.some((one) => one.account === account)) continue
      const copy = copyFor(town, { ...standing!, account })
      if (copy) add(copy.windowMs, copy.spendPico)
    }
    return { name, standing: standing!, windows }
  })
}

/** What a ledger of this account would take over, also of a key that has left it. */
function copyFor(town: Town, standing: Standing) {
  const { account, scope, budget } = standing
  const ref = { ...account, scope: scope.id, budget: budget.id }
  return copyOf(town, standing) ?? town.database.window(ref)
}
