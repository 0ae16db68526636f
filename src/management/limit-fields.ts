import { z } from 'zod'
import { count, duration, id, modelCounts, money } from './fields.ts'

const WINDOWS_MAX = 20

const BudgetWindow = z.object({
  budget_duration: duration,
  max_budget: money,
})

/** Several budgets, each over a duration of its own. */
const budgetLimits = z
  .array(BudgetWindow)
  .max(WINDOWS_MAX, { error: `expected at most ${WINDOWS_MAX} items` })
  .nullish()
  .superRefine((windows, context) => {
    const seen = new Set<string>()
    for (const [i, { budget_duration, max_budget }] of (windows ?? []).entries()) {
      const problem = (field: string, message: string): void =>
        context.addIssue({ code: 'custom', path: [i, field], message })
      if (!budget_duration) problem('budget_duration', 'expected a duration such as "24h"')
      else if (seen.has(budget_duration)) problem('budget_duration', 'expected each duration once')
      else seen.add(budget_duration)
      if (typeof max_budget !== 'number') problem('max_budget', 'expected a number')
    }
  })

/** LiteLLM takes either pair of names, and answers with the first. */
const ModelBudget = z
  .looseObject({
    budget_limit: money,
    time_period: duration,
    max_budget: money,
    budget_duration: duration,
  })
  .superRefine((budget, context) => {
    const unknown = ['tpm_limit', 'rpm_limit', 'models'].find((field) => Boolean(budget[field]))
    if (unknown === undefined) return
    const message = 'expected a budget only: model_rpm_limit and model_tpm_limit take the others'
    context.addIssue({ code: 'custom', path: [unknown], message })
  })

const modelMaxBudget = z.record(id, ModelBudget, { error: 'expected an object' }).nullish()

/** What limits teams, keys and shared budget rows alike. */
export const limits = {
  max_budget: money,
  soft_budget: money,
  budget_duration: duration,
  budget_reset_alignment: z
    .enum(['rolling', 'calendar'], { error: 'expected "rolling" or "calendar"' })
    .nullish(),
  budget_limits: budgetLimits,
  model_max_budget: modelMaxBudget,
  model_rpm_limit: modelCounts,
  model_tpm_limit: modelCounts,
  tpm_limit: count,
  rpm_limit: count,
  max_parallel_requests: count,
}

/** A date and time with or without a zone; without one it is UTC, as LiteLLM's clients mean it. */
const instant = z
  .string()
  .nullish()
  .refine((text) => !text || !Number.isNaN(readInstant(text).getTime()), {
    error: 'expected an ISO 8601 date and time such as "2030-01-31T00:00:00Z"',
  })
  .transform((text) => (text ? readInstant(text) : text === undefined ? undefined : null))

const INSTANT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i

function readInstant(text: string): Date {
  const match = INSTANT.exec(text)
  const year = Number(text.slice(0, 4))
  // Postgres and Date differ about what lies outside.
  if (!match || year < 1970 || year > 9998) return new Date(Number.NaN)
  const hasTime = text.length > 'YYYY-MM-DD'.length
  return new Date(match[1] || !hasTime ? text : `${text.replace(' ', 'T')}Z`)
}

/** How budgets of a team or key bind, and by how much they are lifted for a while. */
export const enforcement = {
  budget_enforcement: z
    .enum(['headroom', 'strict', 'observe'], {
      error: 'expected "headroom", "strict" or "observe"',
    })
    .nullish(),
  temp_budget_increase: money,
  temp_budget_expiry: instant,
}

interface Increase {
  readonly temp_budget_increase?: number | null | undefined
  readonly temp_budget_expiry?: Date | null | undefined
}

/** An increase without an end, or an end of nothing, is half of something. */
export function bothOrNeither(input: Increase, context: z.RefinementCtx): void {
  const { temp_budget_increase: increase, temp_budget_expiry: expiry } = input
  const hasIncrease = typeof increase === 'number'
  if (hasIncrease === Boolean(expiry)) return
  const missing = hasIncrease ? 'temp_budget_expiry' : 'temp_budget_increase'
  const given = hasIncrease ? 'temp_budget_increase' : 'temp_budget_expiry'
  context.addIssue({ code: 'custom', path: [missing], message: `expected together with ${given}` })
}
