import { isoMicros, type Duration } from '../duration.ts'
import type { BudgetPolicy, PolicyRow } from '../ledger/policy.ts'
import { allScopes, MAIN, type Scope } from '../ledger/scopes.ts'
import { picoToUsd } from '../money.ts'
import { resetAt } from './limits.ts'
import { spendFields, type Standings } from './live.ts'
import type { Now } from '../windows.ts'

interface Used extends Now {
  readonly row: PolicyRow
  /** It, and the rows that it takes limits from. */
  readonly rows: readonly PolicyRow[]
  readonly standings: Standings
}

/** What a row has spent in each of its windows, as LiteLLM answers with it. */
export function usageFields({ row, rows, standings, nowMs }: Used) {
  const scopes = scopesOfRow(row, rows, nowMs)
  const own = scopes.find(({ model }) => model === null)
  const models = scopes.filter(({ model }) => model !== null)
  const windows = own?.budgets.filter(({ id }) => id !== MAIN.id) ?? []
  const main = own && standings(own.id, mainOf(own))
  const hasOwnWindows = row.budgets.some(({ id, duration }) => id === MAIN.id && duration)
  return {
    ...spendFields(main ?? { spentPico: 0n, heldPico: 0n }),
    ...(main && hasOwnWindows && { budget_reset_at: resetField(main.resetAtMs) }),
    budget_limits_usage: Object.fromEntries(
      windows.map((budget) => [
        budget.id,
        { current_spend: picoToUsd(standings(own!.id, budget).spentPico) },
      ]),
    ),
    model_max_budget_usage: Object.fromEntries(
      models
        .filter((scope) => mainOf(scope).limitPico !== null)
        .map((scope) => [scope.model!, modelUsage(scope, standings)]),
    ),
  }
}

function modelUsage(scope: Scope, standings: Standings) {
  const main = mainOf(scope)
  return {
    current_spend: picoToUsd(standings(scope.id, main).spentPico),
    budget_limit: main.limitPico === null ? null : picoToUsd(main.limitPico),
    time_period: durationText(main.duration),
  }
}

/** The limits that hold for a row, its own or those it takes from others, and their reset. */
export function effectiveLimits(row: PolicyRow, rows: readonly PolicyRow[], now: Now) {
  const own = scopesOfRow(row, rows, now.nowMs).find(({ model }) => model === null)
  const main = own ? mainOf(own) : MAIN
  return {
    max_budget: main.limitPico === null ? null : picoToUsd(main.limitPico),
    budget_duration: durationText(main.duration),
    budget_reset_at: resetAt(main, now),
    tpm_limit: own?.rates.tokensPerMinute ?? null,
    rpm_limit: own?.rates.requestsPerMinute ?? null,
    max_parallel_requests: own?.rates.parallelRequests ?? null,
  }
}

/** Of a row's main budget: its own, or the one it takes from others. */
export function mainBudget(row: PolicyRow, rows: readonly PolicyRow[], nowMs: number) {
  const own = scopesOfRow(row, rows, nowMs).find(({ model }) => model === null)
  return own ? mainOf(own) : MAIN
}

function scopesOfRow(row: PolicyRow, rows: readonly PolicyRow[], nowMs: number): Scope[] {
  return allScopes({ rows }, nowMs).filter(
    (scope) => scope.row.kind === row.kind && scope.row.id === row.id,
  )
}

function mainOf({ budgets }: Scope): BudgetPolicy {
  return budgets.find(({ id }) => id === MAIN.id) ?? MAIN
}

function resetField(ms: number | null): string | null {
  return ms === null ? null : isoMicros(ms)
}

function durationText(duration: Duration | null): string | null {
  return duration && `${duration.count}${duration.unit}`
}
