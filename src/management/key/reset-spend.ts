import { picoToUsd } from '../../money.ts'
import { moveKey } from '../../ledger/move-key.ts'
import { resetAt } from '../limits.ts'
import { lowerSpend } from '../lower-spend.ts'
import { mainBudget } from '../usage.ts'
import { hashOf } from './fields.ts'
import { type ChangeDeps, findKey } from './update.ts'

interface ResetKey extends ChangeDeps {
  readonly key: string
  readonly resetTo: number
}

/** `POST /key/{key}/reset_spend`: sets what a key has spent in its window to less. */
export async function resetKeySpend(request: ResetKey) {
  const { db, key: named, resetTo, nowMs } = request
  const token = await hashOf(named)
  await moveKey(request, token)
  const { key, ...details } = await findKey(db, token)
  const row = { kind: 'key' as const, id: key.token }
  const lowered = await lowerSpend(request, {
    ...details,
    row,
    copy: key,
    toUsd: resetTo,
    field: 'reset_to',
  })
  const policy = details.rows[0]
  const main = policy && mainBudget(policy, details.rows, nowMs)
  return {
    key_hash: key.token,
    spend: picoToUsd(lowered.afterPico),
    previous_spend: picoToUsd(lowered.beforePico),
    max_budget: lowered.limitPico === null ? null : picoToUsd(lowered.limitPico),
    budget_reset_at: main ? resetAt(main, request) : null,
  }
}
