import { spentBetween } from '../db/spend-history.ts'
import { isNamed } from '../ledger/access.ts'
import type { BudgetPolicy, PolicyRow } from '../ledger/policy.ts'
import { allScopes, MAIN, type Scope } from '../ledger/scopes.ts'
import { type Now, windowAt } from '../windows.ts'
import type { Change, TellDeps } from './tell.ts'

/** A change is repeated within this time, if at all. */
const ADDED_MS = 3_600_000

interface Added {
  readonly scope: Scope
  readonly budget: BudgetPolicy
  readonly startMs: number
  readonly endMs: number | null
}

/**
 * A window of the calendar may have begun before it was added: its ledger is told what the row's
 * calls had cost in it until then. May be repeated.
 */
export async function countBefore(deps: TellDeps & Now, { account, row }: Change): Promise<void> {
  const added = account.ledgerEpoch > 0 ? addedWindows(row, deps) : []
  if (added.length === 0) return
  const ledger = deps.ledgerOf(account)
  await ledger.flush()
  for (const { scope, budget, startMs, endMs } of added) {
    const keyHash = row.kind === 'key' ? row.id : null
    const stretch = { account, keyHash, fromMs: startMs, untilMs: budget.anchorMs }
    const byModel = await spentBetween(deps.db, stretch)
    const spentPico = [...byModel].reduce(
      (sum, [model, pico]) =>
        scope.model === null || isNamed(scope.model, model) ? sum + pico : sum,
      0n,
    )
    if (spentPico === 0n) continue
    const window = { startMs, endMs, version: row.version, spentPico }
    await ledger.remember({ scope: scope.id, budget: budget.id, ...window }, budget.anchorMs)
  }
}

/** Main budgets have had a window all along, except those of models. */
function addedWindows(row: PolicyRow, now: Now): Added[] {
  return allScopes({ rows: [row] }, now.nowMs).flatMap((scope) =>
    scope.budgets
      .filter(({ id }) => id !== MAIN.id || scope.model !== null)
      .map((budget) => ({ scope, budget, ...windowAt(budget, now) }))
      .filter(({ budget: { anchorMs, duration }, startMs }) => {
        return duration && startMs < anchorMs && now.nowMs - anchorMs < ADDED_MS
      }),
  )
}
