import type { Books } from './books.ts'
import { budgetsOf } from './books.ts'
import type { RateRefusal } from './rates.ts'
import type { PolicyRow, Refusal, RefusalReason, ReserveRequest } from './types.ts'

/**
 * The first reason to refuse, or null. Reasons go before scopes: every scope's money is looked at
 * before any scope's rates, and within a reason the rows decide in their order (key, account).
 */
export function findRefusal(books: Books, request: ReserveRequest, nowMs: number): Refusal | null {
  const { rows } = request
  const first = (check: (row: PolicyRow) => Refusal | null): Refusal | null => {
    for (const row of rows) {
      const refusal = check(row)
      if (refusal) return refusal
    }
    return null
  }

  return (
    first((row) => (row.deleted ? plain('deleted', row) : null)) ??
    first((row) => (row.blocked ? plain('blocked', row) : null)) ??
    first((row) => (isExpired(row, nowMs) ? plain('expired', row) : null)) ??
    first((row) => budgetRefusal(books, row, nowMs)) ??
    first((row) => rate(row, books.rates(row, nowMs)?.parallelRefusal(row.rates))) ??
    first((row) => rate(row, books.rates(row, nowMs)?.requestsRefusal(row.rates, nowMs))) ??
    first((row) =>
      rate(row, books.rates(row, nowMs)?.tokensRefusal(row.rates, request.expectedTokens, nowMs)),
    )
  )
}

function rate(row: PolicyRow, refusal: RateRefusal | null | undefined): Refusal | null {
  return refusal ? { ...plain(refusal.reason, row), ...refusal } : null
}

function isExpired(row: PolicyRow, nowMs: number): boolean {
  return row.expiresAtMs !== null && row.expiresAtMs <= nowMs
}

/** Headroom: a call is admitted while spent + held < limit. */
function budgetRefusal(books: Books, row: PolicyRow, nowMs: number): Refusal | null {
  for (const budget of budgetsOf(row)) {
    if (budget.limitPico === null) continue
    const { spentPico, heldPico, limitPico, resetAtMs } = books.budget(row, budget, nowMs)
    if (spentPico + heldPico < budget.limitPico) continue
    const reason = spentPico < budget.limitPico ? 'held' : 'budget'
    const retryAfterMs = reason === 'held' ? 1_000 : null
    return { ...plain(reason, row), spentPico, heldPico, limitPico, resetAtMs, retryAfterMs }
  }
  return null
}

/** Whether another call like this one might not fit beside what is spent and held by now. */
export function isTight(books: Books, request: ReserveRequest, nowMs: number): boolean {
  return request.rows.some((row) =>
    budgetsOf(row).some((budget) => {
      if (budget.limitPico === null) return false
      const { spentPico, heldPico } = books.budget(row, budget, nowMs)
      return spentPico + heldPico + request.expectedPico >= budget.limitPico
    }),
  )
}

export function plain(reason: RefusalReason, scope: PolicyRow | null): Refusal {
  return {
    reason,
    scope,
    spentPico: 0n,
    heldPico: 0n,
    limitPico: null,
    resetAtMs: null,
    limit: null,
    retryAfterMs: null,
  }
}
