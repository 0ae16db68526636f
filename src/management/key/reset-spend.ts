import { newestHash } from '../../db/key-secrets.ts'
import { picoToUsd } from '../../money.ts'
import { moveKey } from '../../ledger/move-key.ts'
import type { Asking } from '../access/teams.ts'
import { resetAt } from '../limits.ts'
import { lowerSpend } from '../lower-spend.ts'
import { mainBudget } from '../usage.ts'
import { type ChangeDeps, findKey } from './change/write.ts'
import { hashOf } from './fields.ts'
import { requireForgiver } from './rights.ts'

interface ResetKey extends ChangeDeps {
  readonly key: string
  readonly resetTo: number
}

/** `POST /key/{key}/reset_spend`, for whoever may forgive what the key spent. */
export async function resetPermittedSpend(request: ResetKey & Asking) {
  const { key } = await findKey(request.db, await hashOf(request.key))
  await requireForgiver(request, key)
  return resetKeySpend(request)
}

/** Sets what a key has spent in its window to less. */
export async function resetKeySpend(request: ResetKey) {
  const { db, key: named, resetTo, nowMs } = request
  const hash = await hashOf(named)
  const { key: before } = await findKey(db, hash)
  await moveKey(request, before.token)
  const { key, ...details } = await findKey(db, before.token)
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
    key_hash: newestHash(key),
    spend: picoToUsd(lowered.afterPico),
    previous_spend: picoToUsd(lowered.beforePico),
    max_budget: lowered.limitPico === null ? null : picoToUsd(lowered.limitPico),
    budget_reset_at: main ? resetAt(main, request) : null,
  }
}
