import type { z } from 'zod'
import type { LimitChanges } from '../db/limits.ts'
import type { TeamRow } from '../db/teams.ts'
import { scheduleOf } from '../db/policy.ts'
import { isoMicros } from '../duration.ts'
import { parsePico, picoToDecimal, picoToUsd } from '../money.ts'
import type { metadata } from './fields.ts'
import type { enforcement, limits } from './limit-fields.ts'
import { type Now, type Schedule, windowAt } from '../windows.ts'

type Input = z.infer<z.ZodObject<typeof limits>> & {
  readonly metadata?: z.infer<typeof metadata> | undefined
}

/** Limits as they were sent → what changes: undefined keeps, null clears. */
export function limitChanges(input: Input): LimitChanges {
  const inside = input.metadata ?? {}
  return {
    maxBudget: decimal(input.max_budget),
    softBudget: decimal(input.soft_budget),
    budgetDuration: input.budget_duration,
    budgetResetAlignment: input.budget_reset_alignment,
    budgetLimits: windowsOf(input.budget_limits),
    modelMaxBudget: modelsOf(input.model_max_budget),
    modelRpmLimit: filled(first(input.model_rpm_limit, inside.model_rpm_limit)),
    modelTpmLimit: filled(first(input.model_tpm_limit, inside.model_tpm_limit)),
    tpmLimit: input.tpm_limit,
    rpmLimit: input.rpm_limit,
    maxParallelRequests: input.max_parallel_requests,
  }
}

/** The field itself, else the one inside metadata. */
function first<T>(field: T | undefined, inside: T | undefined): T | undefined {
  return field === undefined ? inside : field
}

/** Models' limits have columns of their own; the rest is the caller's. */
export function plainMetadata(
  sent: z.infer<typeof metadata> | undefined,
): Record<string, unknown> | undefined {
  if (sent === undefined) return undefined
  const { model_rpm_limit: _rpm, model_tpm_limit: _tpm, ...rest } = sent ?? {}
  return rest
}

/** Nothing in it is nothing. */
export function filled<T extends object>(value: T | null | undefined): T | null | undefined {
  return value && Object.keys(value).length === 0 ? null : value
}

function windowsOf(sent: Input['budget_limits']): LimitChanges['budgetLimits'] {
  return (
    filled(sent)?.map(({ budget_duration, max_budget }) => ({
      budget_duration: budget_duration ?? '',
      max_budget: decimal(max_budget) ?? '0',
    })) ?? (sent === undefined ? undefined : null)
  )
}

function modelsOf(sent: Input['model_max_budget']): LimitChanges['modelMaxBudget'] {
  const models = filled(sent)
  if (!models) return models
  return Object.fromEntries(
    Object.entries(models).map(([model, budget]) => [
      model,
      {
        budget_limit: decimal(budget.budget_limit ?? budget.max_budget) ?? null,
        time_period: budget.time_period ?? budget.budget_duration ?? null,
      },
    ]),
  )
}

export function enforcementChanges(input: z.infer<z.ZodObject<typeof enforcement>>) {
  const { temp_budget_increase: increase, temp_budget_expiry: expiry } = input
  const isCleared = increase === null || expiry === null
  return {
    budgetEnforcement: input.budget_enforcement,
    tempBudgetIncrease: isCleared ? null : decimal(increase),
    tempBudgetExpiry: isCleared ? null : expiry,
  }
}

interface LimitRow {
  readonly maxBudget: string | null
  readonly softBudget: string | null
  readonly budgetDuration: string | null
  readonly budgetAnchorAt: Date
  readonly budgetResetAlignment: TeamRow['budgetResetAlignment']
  readonly budgetLimits: TeamRow['budgetLimits']
  readonly modelMaxBudget: TeamRow['modelMaxBudget']
  readonly modelRpmLimit: Readonly<Record<string, number>> | null
  readonly modelTpmLimit: Readonly<Record<string, number>> | null
  readonly tpmLimit: number | null
  readonly rpmLimit: number | null
  readonly maxParallelRequests: number | null
}

/** Columns → the fields that LiteLLM answers with, windows computed at this instant. */
export function limitFields(row: LimitRow, now: Now) {
  return {
    max_budget: decimalField(row.maxBudget),
    soft_budget: decimalField(row.softBudget),
    budget_duration: row.budgetDuration,
    budget_reset_at: resetAt(scheduleOf(row), now),
    budget_reset_alignment: row.budgetResetAlignment,
    budget_limits:
      row.budgetLimits?.map(({ budget_duration, max_budget, anchor_at }) => ({
        budget_duration,
        max_budget: decimalField(max_budget),
        reset_at: resetAt(scheduleOf(row, budget_duration, anchor_at), now),
      })) ?? null,
    model_max_budget: Object.fromEntries(
      Object.entries(row.modelMaxBudget ?? {}).map(([model, { budget_limit, time_period }]) => [
        model,
        { budget_limit: decimalField(budget_limit), time_period },
      ]),
    ),
    model_rpm_limit: row.modelRpmLimit,
    model_tpm_limit: row.modelTpmLimit,
    tpm_limit: row.tpmLimit,
    rpm_limit: row.rpmLimit,
    max_parallel_requests: row.maxParallelRequests,
  }
}

interface MetadataRow extends Pick<LimitRow, 'modelRpmLimit' | 'modelTpmLimit'> {
  readonly metadata: Readonly<Record<string, unknown>>
}

/** LiteLLM's clients read models' limits here. */
export function metadataField({ metadata: own, modelRpmLimit, modelTpmLimit }: MetadataRow) {
  return {
    ...own,
    ...(modelRpmLimit && { model_rpm_limit: modelRpmLimit }),
    ...(modelTpmLimit && { model_tpm_limit: modelTpmLimit }),
  }
}

interface EnforcementRow {
  readonly budgetEnforcement: string | null
  readonly tempBudgetIncrease: string | null
  readonly tempBudgetExpiry: Date | null
}

export function enforcementFields(row: EnforcementRow) {
  return {
    budget_enforcement: row.budgetEnforcement,
    temp_budget_increase: decimalField(row.tempBudgetIncrease),
    temp_budget_expiry: row.tempBudgetExpiry ? isoMicros(row.tempBudgetExpiry.getTime()) : null,
  }
}

/** When the window that is open ends, as LiteLLM prints it. */
export function resetAt(schedule: Schedule, now: Now): string | null {
  const { endMs } = windowAt(schedule, now)
  return endMs === null ? null : isoMicros(endMs)
}

/** USD as it was sent → decimal text; undefined and null stay what they are. */
export function decimal<T extends null | undefined>(value: number | T): string | T {
  return typeof value === 'number' ? picoToDecimal(parsePico(value)) : value
}

/** Decimal text → USD as JSON has it. */
export function decimalField(value: string | null): number | null {
  return value === null ? null : picoToUsd(parsePico(value))
}
