import { type Standing, standingsOf } from './checks/standings.ts'
import type { Spent } from './database/tables.ts'
import { keyTotals } from './checks/key-totals.ts'
import type { Town } from './town.ts'

/**
 * A new namespace: what Postgres knows is left. What keys spent in ledgers that they had left is in
 * no copy, and gone with them.
 */
export async function loseLedgers(town: Town): Promise<void> {
  const standings: Standing[] = []
  for (const account of town.database.accounts.values()) {
    standings.push(...((await standingsOf(town, account)) ?? []))
  }
  town.loseLedgers()
  const kept = copiesOf(town)
  for (const { name, windows } of keyTotals(town, standings)) {
    for (const [startMs, pico] of windows) {
      const window = `${name} ${startMs}`
      const lost = pico - (kept.get(window) ?? 0n)
      town.lostPico.set(window, (town.lostPico.get(window) ?? 0n) + lost)
    }
  }
}

/** What new ledgers will take over of keys, by budget and window. */
function copiesOf({ database }: Town): Map<string, bigint> {
  const copies = new Map<string, bigint>()
  const add = (name: string, { windowMs, spendPico }: Spent): void => {
    const window = `${name} ${windowMs}`
    copies.set(window, (copies.get(window) ?? 0n) + spendPico)
  }
  for (const [token, key] of database.keys) add(`key:${token} main`, key)
  for (const window of database.windows) {
    if (window.scope.startsWith('key:')) add(`${window.scope} ${window.budget}`, window)
  }
  return copies
}
