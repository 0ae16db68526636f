import { type AnyColumn, type SQL, sql } from 'drizzle-orm'
import type { BudgetWindow, ModelBudget } from '../../drizzle/columns.ts'
import { parseDuration, windowAt } from '../duration.ts'

type Sent<T> = T | null | undefined

/** Limits as they were sent: what is undefined stays, null clears. USD as decimal text. */
export interface LimitChanges {
  readonly maxBudget?: Sent<string>
  readonly softBudget?: Sent<string>
  readonly budgetDuration?: Sent<string>
  readonly budgetLimits?: Sent<readonly Omit<BudgetWindow, 'anchor_at'>[]>
  readonly modelMaxBudget?: Sent<Readonly<Record<string, Omit<ModelBudget, 'anchor_at'>>>>
  readonly modelRpmLimit?: Sent<Record<string, number>>
  readonly modelTpmLimit?: Sent<Record<string, number>>
  readonly maxParallelRequests?: Sent<number>
  readonly tpmLimit?: Sent<number>
  readonly rpmLimit?: Sent<number>
}

/** Every column, for a row that is made now. */
export function newLimits(sent: LimitChanges, nowMs: number) {
  const anchor_at = new Date(nowMs).toISOString()
  const budgetDuration = sent.budgetDuration ?? null
  const models = Object.entries(sent.modelMaxBudget ?? {})
  return {
    maxBudget: sent.maxBudget ?? null,
    softBudget: sent.softBudget ?? null,
    budgetDuration,
    budgetAnchorAt: new Date(nowMs),
    budgetResetAt: firstReset(budgetDuration, nowMs),
    budgetLimits: sent.budgetLimits?.map((window) => ({ ...window, anchor_at })) ?? null,
    modelMaxBudget: sent.modelMaxBudget
      ? Object.fromEntries(models.map(([model, budget]) => [model, { ...budget, anchor_at }]))
      : null,
    modelRpmLimit: sent.modelRpmLimit ?? null,
    modelTpmLimit: sent.modelTpmLimit ?? null,
    maxParallelRequests: sent.maxParallelRequests ?? null,
    tpmLimit: sent.tpmLimit ?? null,
    rpmLimit: sent.rpmLimit ?? null,
  }
}

interface LimitColumns {
  readonly budgetLimits: AnyColumn
  readonly modelMaxBudget: AnyColumn
}

/**
 * The columns that an update sets. A duration that is sent starts its windows anew; an entry of a
 * list keeps its anchor while its duration is the same, so that sending the list again moves nothing.
 */
export function limitSet<C extends LimitChanges>(table: LimitColumns, sent: C, nowMs: number) {
  const { budgetDuration, budgetLimits, modelMaxBudget, ...plain } = sent
  const anchorAt = new Date(nowMs)
  return {
    ...plain,
    ...(budgetDuration !== undefined && {
      budgetDuration,
      budgetAnchorAt: anchorAt,
      budgetResetAt: firstReset(budgetDuration, nowMs),
    }),
    ...(budgetLimits !== undefined && {
      budgetLimits: budgetLimits && anchoredWindows(table.budgetLimits, budgetLimits, anchorAt),
    }),
    ...(modelMaxBudget !== undefined && {
      modelMaxBudget:
        modelMaxBudget && anchoredModels(table.modelMaxBudget, modelMaxBudget, anchorAt),
    }),
  }
}

function firstReset(text: string | null, nowMs: number): Date | null {
  const { endMs } = windowAt(text === null ? null : parseDuration(text), nowMs, nowMs)
  return endMs === null ? null : new Date(endMs)
}

function anchoredWindows(column: AnyColumn, windows: readonly object[], now: Date): SQL {
  return sql`(
    select jsonb_agg(sent.entry || jsonb_build_object('anchor_at', coalesce((
      select kept.entry ->> 'anchor_at' from jsonb_array_elements(${column}) as kept(entry)
      where kept.entry ->> 'budget_duration' = sent.entry ->> 'budget_duration' limit 1
    ), ${now.toISOString()}::text)) order by sent.place)
    from jsonb_array_elements(${JSON.stringify(windows)}::jsonb) with ordinality as sent(entry, place)
  )`
}

function anchoredModels(column: AnyColumn, models: object, now: Date): SQL {
  return sql`(
    select jsonb_object_agg(sent.model, sent.entry || jsonb_build_object('anchor_at', coalesce(
      case when kept.entry ->> 'time_period' is not distinct from sent.entry ->> 'time_period'
        then kept.entry ->> 'anchor_at' end, ${now.toISOString()}::text)))
    from jsonb_each(${JSON.stringify(models)}::jsonb) as sent(model, entry)
    left join jsonb_each(${column}) as kept(model, entry) on kept.model = sent.model
  )`
}
