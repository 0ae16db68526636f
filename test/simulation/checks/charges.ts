import { ROLLING, windowAt } from '../../../src/windows.ts'
import { allScopes } from '../../../src/ledger/scopes.ts'
import { rowsOf, type Standing } from './standings.ts'
import { isFor } from '../start.ts'
import type { Town } from '../town.ts'

interface Window extends Pick<Standing, 'scope' | 'budget'> {
  readonly accountIds: readonly string[]
  readonly startMs: number
}

export function chargedIn(
  { database }: Town,
  { accountIds, scope, budget, startMs }: Window,
): bigint {
  let pico = 0n
  for (const { accountId, entry } of database.entries.values()) {
    if (!accountIds.includes(accountId)) continue
    const counts = entry.charged.some(
      ([id, window, start]) => id === scope.id && window === budget.id && start === startMs,
    )
    if (counts) pico += entry.chargePico
  }
  return pico
}

/** Every charge counts in each budget of the call's rows, in the window of its end, and nowhere else. */
export function wrongWindows(town: Town): string[] {
  const problems: string[] = []
  const { database } = town
  for (const { accountId, entry } of database.entries.values()) {
    const { keyHash, userId, modelGroup } = entry.detail
    // A row that Postgres refused is there without what it was of.
    if (entry.charged.length === 0 || entry.state === 'adjusted' || !keyHash) continue
    const rows = rowsOf(town, accountId).filter(
      ({ kind, id }) =>
        kind === 'account' || kind === 'budget' || id === (kind === 'key' ? keyHash : userId),
    )
    const budgets = allScopes({ rows }, 0)
      .filter(({ model }) => model === null || isFor(model, String(modelGroup)))
      .flatMap((scope) => scope.budgets.map((budget) => ({ scope, budget })))
    for (const { scope, budget } of budgets) {
      const { startMs } = windowAt(budget, { nowMs: entry.endedMs ?? 0, resets: ROLLING })
      const [, , found] =
        entry.charged.find(([id, window]) => id === scope.id && window === budget.id) ?? []
      // A key may come with a window from a ledger whose clock is ahead.
      const isAhead = scope.kind === 'key' && found !== undefined && found > startMs
      if (found !== startMs && !isAhead) {
        problems.push(`${entry.id}: ${scope.id} ${budget.id} in ${found}, not ${startMs}`)
      }
    }
    if (entry.charged.length !== budgets.length) {
      problems.push(`${entry.id}: charged to ${entry.charged.length}, not to ${budgets.length}`)
    }
  }
  return problems
}

/** What was taken back while there was no ledger to write it down. */
export function lowered(
  { database }: Town,
  of: Omit<Standing, 'state' | 'woken'>,
  startMs: number,
): bigint {
  const { account, scope, budget } = of
  if (budget.id !== 'main' || scope.model !== null) return 0n
  const { kind, row } = scope
  let pico = 0n
  for (const one of database.lowered) {
    const isHere = kind === 'key' || one.accountId === account.accountId
    const isThis = one.kind === kind && one.id === row.id && one.windowMs === startMs
    if (isThis && isHere) pico += one.pico
  }
  return pico
}
