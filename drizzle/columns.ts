import { sql } from 'drizzle-orm'
import { bigint, jsonb, numeric, pgSequence, text, timestamp } from 'drizzle-orm/pg-core'

/** One sequence numbers every change of every policy row, so that any two can be ordered. */
export const policyVersion = pgSequence('policy_version')

export const version = () =>
  bigint({ mode: 'number' })
    .notNull()
    .default(sql`nextval('policy_version')`)
export const usd = () => numeric({ precision: 38, scale: 12 })
export const instant = () => timestamp({ withTimezone: true, mode: 'date' })
export const count = () => bigint({ mode: 'number' })
export const names = () =>
  text()
    .array()
    .notNull()
    .default(sql`'{}'`)
export const json = () =>
  jsonb()
    .$type<Record<string, unknown>>()
    .notNull()
    .default(sql`'{}'`)

export const created = {
  createdAt: instant().notNull().defaultNow(),
  updatedAt: instant().notNull().defaultNow(),
  createdBy: text(),
  updatedBy: text(),
}

/** One of several budgets of a row, each with a duration of its own. USD as decimal text. */
export interface BudgetWindow {
  readonly budget_duration: string
  readonly max_budget: string
  /** Its windows count from here. */
  readonly anchor_at: string
}

/** What limits the calls of one model. USD as decimal text. */
export interface ModelBudget {
  readonly budget_limit: string | null
  readonly time_period: string | null
  readonly anchor_at: string
}

/** Where a key is moving to. */
export interface KeyMove {
  readonly account_id: string
  readonly team_id: string | null
  readonly user_id: string | null
  /** What it leaves with, if its row was deleted meanwhile: what left with it is kept under this. */
  readonly version?: number
}

/** One way to call a key by. */
export interface KeySecret {
  /** SHA-256 hex. */
  readonly hash: string
  /** What a holder may show of it. */
  readonly name: string
  /** How many were made before it; absent: none. */
  readonly nth?: number
  /** Good until then; null: until the next one is made. */
  readonly until: string | null
}

/** What limits a team, key, member, user or shared budget row. */
export const limits = {
  maxBudget: usd(),
  softBudget: usd(),
  budgetDuration: text(),
  /** Windows count from here; a new duration starts them anew. */
  budgetAnchorAt: instant().notNull().defaultNow(),
  budgetResetAt: instant(),
  /** How its windows lie; null: as config.yaml has it. */
  budgetResetAlignment: text().$type<'rolling' | 'calendar'>(),
  budgetLimits: jsonb().$type<BudgetWindow[]>(),
  modelMaxBudget: jsonb().$type<Record<string, ModelBudget>>(),
  modelRpmLimit: jsonb().$type<Record<string, number>>(),
  modelTpmLimit: jsonb().$type<Record<string, number>>(),
  maxParallelRequests: count(),
  tpmLimit: count(),
  rpmLimit: count(),
}

/** How budgets of a team or key bind, and by how much they are lifted for a while. */
export const enforcement = {
  budgetEnforcement: text().$type<'headroom' | 'strict' | 'observe'>(),
  tempBudgetIncrease: usd(),
  tempBudgetExpiry: instant(),
}

/** The ledger's last word on a scope's window, written only under its (window, epoch, seq) guard. */
export const spent = {
  spend: usd().notNull().default('0'),
  spendWindowAt: instant()
    .notNull()
    .default(sql`'epoch'`),
  /** When that window was to end as its last charge saw it; null: never. */
  spendWindowEndAt: instant(),
  spendEpoch: count().notNull().default(0),
  spendSeq: count().notNull().default(0),
}
