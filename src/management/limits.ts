import type { z } from 'zod'
import { isoMicros, parseDuration, windowAt } from '../duration.ts'
import type { ScopeState } from '../ledger/types.ts'
import { parsePico, picoToDecimal, picoToUsd } from '../money.ts'
import type { limits } from './fields.ts'

type Limits = z.infer<z.ZodObject<typeof limits>>

/** Limits as they were sent → columns. Windows count from now. */
export function limitColumns(input: Limits, nowMs: number) {
  const budgetDuration = input.budget_duration ?? null
  return {
    maxBudget: decimal(input.max_budget),
    softBudget: decimal(input.soft_budget),
    budgetDuration,
    budgetAnchorAt: new Date(nowMs),
    budgetResetAt: resetAt(budgetDuration, nowMs, nowMs),
    tpmLimit: input.tpm_limit ?? null,
    rpmLimit: input.rpm_limit ?? null,
    maxParallelRequests: input.max_parallel_requests ?? null,
  }
}

interface LimitRow {
  readonly maxBudget: string | null
  readonly softBudget: string | null
  readonly budgetDuration: string | null
  readonly budgetAnchorAt: Date
  readonly tpmLimit: number | null
  readonly rpmLimit: number | null
  readonly maxParallelRequests: number | null
}

/** Columns → the fields that LiteLLM answers with, the window computed at this instant. */
export function limitFields(row: LimitRow, nowMs: number) {
  const reset = resetAt(row.budgetDuration, row.budgetAnchorAt.getTime(), nowMs)
  return {
    max_budget: usd(row.maxBudget),
    soft_budget: usd(row.softBudget),
    budget_duration: row.budgetDuration,
    budget_reset_at: reset ? isoMicros(reset.getTime()) : null,
    tpm_limit: row.tpmLimit,
    rpm_limit: row.rpmLimit,
    max_parallel_requests: row.maxParallelRequests,
  }
}

interface SpendRow {
  readonly budgetDuration: string | null
  readonly budgetAnchorAt: Date
  readonly spend: string
  readonly spendWindowAt: Date
}

/** The ledger's word at this instant, else Postgres' copy, which counts only in its own window. */
export function spendFields(row: SpendRow, state: ScopeState | null, nowMs: number) {
  if (state) return { spend: picoToUsd(state.spentPico), held: picoToUsd(state.heldPico) }
  const duration = row.budgetDuration === null ? null : parseDuration(row.budgetDuration)
  const { startMs } = windowAt(duration, row.budgetAnchorAt.getTime(), nowMs)
  const isOpen = duration === null || row.spendWindowAt.getTime() >= startMs
  return { spend: isOpen ? picoToUsd(parsePico(row.spend)) : 0, held: 0 }
}

function resetAt(text: string | null, anchorMs: number, nowMs: number): Date | null {
  const duration = text === null ? null : parseDuration(text)
  const { endMs } = windowAt(duration, anchorMs, nowMs)
  return endMs === null ? null : new Date(endMs)
}

function decimal(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : picoToDecimal(parsePico(value))
}

function usd(value: string | null): number | null {
  return value === null ? null : picoToUsd(parsePico(value))
}
