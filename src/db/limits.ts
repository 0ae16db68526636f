import { type AnyColumn, type SQL, sql } from 'drizzle-orm'
import type { BudgetWindow, ModelBudget } from '../../drizzle/columns.ts'
import type { keys } from '../../drizzle/schema.ts'
import { parseDuration } from '../duration.ts'
import { type Alignment, type Now, windowAt } from '../windows.ts'

type KeyRow = typeof keys.$inferSelect
type Sent<T> = T | null | undefined

/** Limits as they were sent: what is undefined stays, null clears. USD as decimal text. */
export interface LimitChanges {
  readonly maxBudget?: Sent<string>
  readonly softBudget?: Sent<string>
  readonly budgetDuration?: Sent<string>
  readonly budgetResetAlignment?: Sent<Alignment>
  readonly budgetLimits?: Sent<readonly Omit<BudgetWindow, 'anchor_at'>[]>
  readonly modelMaxBudget?: Sent<Readonly<Record<string, Omit<ModelBudget, 'anchor_at'>>>>
  readonly modelRpmLimit?: Sent<Record<string, number>>
  readonly modelTpmLimit?: Sent<Record<string, number>>
  readonly maxParallelRequests?: Sent<number>
  readonly tpmLimit?: Sent<number>
  readonly rpmLimit?: Sent<number>
}

/** Every column, for a row that is made now. */
export function newLimits(sent: LimitChanges, now: Now) {
  const { nowMs } = now
  const anchor_at = new Date(nowMs).toISOString()
  const budgetDuration = sent.budgetDuration ?? null
  const budgetResetAlignment = sent.budgetResetAlignment ?? null
  const models = Object.entries(sent.modelMaxBudget ?? {})
  return {
    maxBudget: sent.maxBudget ?? null,
    softBudget: sent.softBudget ?? null,
    budgetDuration,
    budgetAnchorAt: new Date(nowMs),
    budgetResetAt: firstReset(budgetDuration, budgetResetAlignment, now),
    budgetResetAlignment,
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

/** How budgets bind, as it was sent. */
export type EnforcementChanges = {
  readonly [Name in 'budgetEnforcement' | 'tempBudgetIncrease' | 'tempBudgetExpiry']?:
    KeyRow[Name] | undefined
}

/** The same for a row that is made now. */
export function newEnforcement(sent: EnforcementChanges) {
  return {
    budgetEnforcement: sent.budgetEnforcement ?? null,
    tempBudgetIncrease: sent.tempBudgetIncrease ?? null,
    tempBudgetExpiry: sent.tempBudgetExpiry ?? null,
  }
}

interface LimitColumns {
  readonly budgetDuration: AnyColumn
  readonly budgetAnchorAt: AnyColumn
  readonly budgetResetAt: AnyColumn
  readonly budgetResetAlignment: AnyColumn
  readonly budgetLimits: AnyColumn
  readonly modelMaxBudget: AnyColumn
}

/**
 * The columns that an update sets. An entry of a list keeps its anchor while its duration is the same, so that sending the list again moves nothing.
 */
export function limitSet<C extends LimitChanges>(table: LimitColumns, sent: C, now: Now) {
  const { budgetLimits, modelMaxBudget, ...plain } = sent
  const anchorAt = new Date(now.nowMs)
  return {
    ...plain,
    ...scheduleSet(table, sent, now),
    ...(budgetLimits !== undefined && {
      budgetLimits: budgetLimits && anchoredWindows(table.budgetLimits, budgetLimits, anchorAt),
    }),
    ...(modelMaxBudget !== undefined && {
      modelMaxBudget:
        modelMaxBudget && anchoredModels(table.modelMaxBudget, modelMaxBudget, anchorAt),
    }),
  }
}

/** A duration that is sent starts its windows anew, and so does an alignment that is another. */
function scheduleSet(table: LimitColumns, sent: LimitChanges, now: Now) {
  const { budgetDuration: duration, budgetResetAlignment: alignment } = sent
  const at = instantSql(new Date(now.nowMs))
  if (duration !== undefined) {
    const [rolling, calendar] = (['rolling', 'calendar'] as const).map((each) =>
      instantSql(firstReset(duration, each, now)),
    )
    const sentOrKept = alignment === undefined ? table.budgetResetAlignment : alignment
    return {
      budgetAnchorAt: new Date(now.nowMs),
      budgetResetAt: sql`case coalesce(${sentOrKept}::text, ${now.resets.alignment})
        when 'calendar' then ${calendar} else ${rolling} end`,
    }
  }
  if (alignment === undefined) return {}
  const { budgetDuration, budgetAnchorAt, budgetResetAt, budgetResetAlignment } = table
  const isOther = sql`${budgetResetAlignment} is distinct from ${alignment}::text`
  return {
    budgetAnchorAt: sql`case when ${isOther} then ${at} else ${budgetAnchorAt} end`,
    // Only the row knows its duration: the next sweep sets the end.
    budgetResetAt: sql`case when ${isOther} and ${budgetDuration} is not null
      then ${at} else ${budgetResetAt} end`,
  }
}

function instantSql(at: Date | null): SQL {
  return sql`${at?.toISOString() ?? null}::timestamptz`
}

function firstReset(text: string | null, alignment: Alignment | null, now: Now): Date | null {
  const duration = text === null ? null : parseDuration(text)
  const { endMs } = windowAt({ duration, anchorMs: now.nowMs, alignment }, now)
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
