import type { Pico } from '../money.ts'
import type { Schedule } from '../windows.ts'

/**
 * What limits hang on inside an account: `account`, `key:<hash>` or `member:<user>`, each also for
 * one model: `key:<hash>/<name or pattern>`. Made and read by scopes.ts only.
 */
export type ScopeId = string

export interface BudgetPolicy extends Schedule {
  /** `main` is the scope's own budget; it exists without a limit too, so that spend has a window. */
  readonly id: string
  readonly limitPico: Pico | null
}

/** Limits over the last 60 seconds and on calls in flight; null is unlimited. */
export interface RatePolicy {
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  readonly parallelRequests: number | null
}

export interface Limits {
  readonly budgets: readonly BudgetPolicy[]
  readonly rates: RatePolicy
}

/**
 * What a budget means for a call: `headroom` admits while there is any left, `strict` only what
 * fits at its worst, `observe` everything, saying what it would have refused.
 */
export type Enforcement = 'headroom' | 'strict' | 'observe'

/**
 * One row of Postgres that limits requests, as it is there; scopes.ts composes them. The higher
 * version of a row is the newer one. What is optional came later: rows in caches may lack it.
 */
export interface PolicyRow extends Limits {
  readonly kind: 'account' | 'key' | 'member' | 'budget'
  /** `team:<id>`, `user:<id>` or `key:<hash>`; a key's hash; a member's user id; a budget's id. */
  readonly id: string
  readonly version: number
  readonly alias: string | null
  readonly blocked: boolean
  readonly deleted: boolean
  readonly expiresAtMs: number | null
  /** Model names and patterns that may be called; empty: all. */
  readonly models: readonly string[]
  /** Limits for the calls of one model, by its name or by a pattern such as `openai/*`. */
  readonly modelLimits?: Readonly<Record<string, Limits>>
  /** The row of kind `budget` whose limits hold where this one has none. */
  readonly budgetId?: string | null
  /** Of an account: what limits those of its members who have no value of their own. */
  readonly memberLimits?: Limits
  /** Null: the account's, and for an account config.yaml's. */
  readonly enforcement?: Enforcement | null
  /** Added to the main budget until then. */
  readonly increase?: { readonly pico: Pico; readonly untilMs: number } | null
  /** Other names for models, as callers of this key or team may write them. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Of a key: the account that pays for it. A ledger refers calls of a key that moved away. */
  readonly accountId?: string
  /** Of a key: whose it is. Of another user another member counts. */
  readonly userId?: string | null
  /** Of a key: the routes, groups and patterns that it may call; empty: all. */
  readonly routes?: readonly string[]
  /** Of a key that was regenerated: hashes of what it is called by, each until its end. */
  readonly secrets?: readonly { readonly hash: string; readonly untilMs: number | null }[]
}

/** What holds where rows say nothing. */
export interface PolicyDefaults {
  readonly enforcement: Enforcement
  /** Whether members' requests and tokens per minute are limited at all. */
  readonly memberRates: boolean
}

/** The rows a call is decided on, and the model it asks for. */
export interface CallPolicy {
  /** The key, the member if there is one, the account, and the budget rows that they name. */
  readonly rows: readonly PolicyRow[]
  readonly model?: string | null
  readonly defaults?: PolicyDefaults
}

export const UNLIMITED_RATES: RatePolicy = {
  requestsPerMinute: null,
  tokensPerMinute: null,
  parallelRequests: null,
}

/** A row that limits nothing: the master key, or the account of a key that stands alone. */
export function unlimitedRow(kind: PolicyRow['kind'], id: string): PolicyRow {
  return {
    kind,
    id,
    version: 0,
    alias: null,
    blocked: false,
    deleted: false,
    expiresAtMs: null,
    budgets: [],
    rates: UNLIMITED_RATES,
    models: [],
  }
}
