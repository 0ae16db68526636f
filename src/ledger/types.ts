import type { Duration } from '../duration.ts'
import type { Pico } from '../money.ts'

/** What limits hang on inside an account: `account`, or `key:<hash>`. */
export type ScopeId = string

export interface BudgetPolicy {
  /** `main` is the scope's own budget; it exists without a limit too, so that spend has a window. */
  readonly id: string
  readonly limitPico: Pico | null
  readonly duration: Duration | null
  readonly anchorMs: number
}

/** Limits over the last 60 seconds and on calls in flight; null is unlimited. */
export interface RatePolicy {
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  readonly parallelRequests: number | null
}

/** One row of Postgres that limits requests. The higher version of a row is the newer one. */
export interface PolicyRow {
  readonly kind: 'account' | 'key'
  readonly id: string
  readonly version: number
  readonly alias: string | null
  readonly blocked: boolean
  readonly deleted: boolean
  readonly expiresAtMs: number | null
  readonly budgets: readonly BudgetPolicy[]
  readonly rates: RatePolicy
  /** Model names and patterns that may be called; empty: all. Decided before the ledger is asked. */
  readonly models: readonly string[]
}

/** What a request is and was, for the log row; the ledger stores it and never looks inside. */
export type EntryDetail = Readonly<Record<string, string | number | boolean | null>>

export interface ReserveRequest {
  /** Made by our Worker (ids.ts); the same id twice is one act. */
  readonly id: string
  /** In order of refusal: key before account. */
  readonly rows: readonly PolicyRow[]
  readonly expectedPico: Pico
  readonly boundPico: Pico
  readonly expectedTokens: number
  readonly detail: EntryDetail
}

export type ReserveAnswer =
  | { readonly kind: 'admitted'; readonly tight: boolean; readonly scopes: readonly ScopeState[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The ledger was told a newer row than the request carried: decide again with this one. */
  | { readonly kind: 'stale'; readonly row: PolicyRow }
  | Unopened

/** A new ledger. One asker is sent to open it; the others wait that long and ask again. */
export interface Unopened {
  readonly kind: 'unopened'
  readonly waitMs: number
}

export type RefusalReason =
  | 'deleted'
  | 'blocked'
  | 'expired'
  /** Spent up: spent ≥ limit. */
  | 'budget'
  /** Full of other calls' holds: spent < limit ≤ spent + held. */
  | 'held'
  | 'parallel'
  | 'requests'
  | 'tokens'
  /** The reserve came too late: its id was released before, or is older than any that is awaited. */
  | 'released'

export interface Refusal {
  readonly reason: RefusalReason
  readonly scope: PolicyRow | null
  readonly spentPico: Pico
  readonly heldPico: Pico
  readonly limitPico: Pico | null
  readonly resetAtMs: number | null
  /** For rates: the limit, and how long until one more may pass. */
  readonly limit: number | null
  readonly retryAfterMs: number | null
}

/** A scope's main budget at this instant. */
export interface ScopeState {
  readonly scope: ScopeId
  readonly spentPico: Pico
  readonly heldPico: Pico
  readonly limitPico: Pico | null
  readonly startMs: number
  readonly resetAtMs: number | null
}

export interface SettleRequest {
  readonly id: string
  /** For an id that the ledger does not know: what to charge it to. */
  readonly rows: readonly PolicyRow[]
  readonly chargePico: Pico
  readonly tokens: number
  readonly detail: EntryDetail
}

export type SettleAnswer =
  | { readonly kind: 'settled'; readonly scopes: readonly ScopeState[] }
  | Unopened
  /** Unknown and too old to be one of ours in flight. */
  | { readonly kind: 'unknown' }

export type EntryState = 'held' | 'settled' | 'released' | 'expired' | 'tombstone'

/** How a budget's windows lie; a hold keeps these, so that it can end without its policy rows. */
export interface WindowRule {
  readonly scope: ScopeId
  /** Of the row that it comes from: the newest one says how the windows lie. */
  readonly version: number
  readonly budget: string
  readonly duration: Duration | null
  readonly anchorMs: number
}

/** [scope, budget id, window start]: where a charge counts. */
export type Charged = readonly [ScopeId, string, number]

/**
 * One attempt at a provider. Revision 0 goes from held to its end once; a correction after that
 * is a row of its own (revision 1) with the signed difference, so ended rows never change.
 */
export interface Entry {
  readonly id: string
  readonly revision: number
  readonly state: EntryState
  readonly reservedMs: number
  readonly deadlineMs: number
  readonly endedMs: number | null
  readonly holdPico: Pico
  /** What the call has cost so far, as its last renewal said. */
  readonly seenPico: Pico
  readonly chargePico: Pico
  readonly holdTokens: number
  readonly tokens: number
  readonly scopes: readonly ScopeId[]
  readonly rules: readonly WindowRule[]
  readonly charged: readonly Charged[]
  readonly detail: EntryDetail
}

/** A sum over entries: a window's spend. */
export interface WindowSum {
  readonly budget: string
  readonly startMs: number
  readonly spentPico: Pico
}

/** What a scope's last minute looked like, for limits that memory forgot. */
export interface Traffic {
  readonly reservedMs: number
  readonly endedMs: number | null
  readonly tokens: number
}

/** What a new ledger takes over from Postgres. */
export interface Opening {
  readonly epoch: number
  readonly account: PolicyRow
  readonly spends: readonly OpeningSpend[]
  /** Rows that changed while there was no ledger to tell, and that caches may hold older. */
  readonly changed?: readonly PolicyRow[]
}

export interface OpeningSpend extends WindowSum {
  readonly scope: ScopeId
}

/** What a ledger has not finished: calls in flight, and entries that Postgres does not have. */
export interface Unfinished {
  readonly holds: number
  readonly undelivered: number
}

/** A ledger's own account of its main window, for comparing it with Postgres. */
export interface Audit extends Unfinished {
  readonly epoch: number
  readonly account: ScopeState
  /** The part of the window's spend that Postgres does not have yet. */
  readonly undeliveredPico: Pico
}

/** Where the core keeps what must survive. Every call is synchronous; a throw undoes the operation. */
export interface LedgerStore {
  opening(): Pick<Opening, 'epoch' | 'account'> | null
  saveOpening(opening: Opening): void
  /** The latest instant that the ledger has seen. */
  lastMs(): number
  entry(id: string, revision: number): Entry | null
  /** Whether an entry of this id was settled, delivered and folded away not long ago. */
  wasFolded(id: string): boolean
  insert(entry: Entry): void
  update(entry: Entry): void
  held(): Entry[]
  /** The window rules that entries on disk were charged by. */
  rules(): WindowRule[]
  /** Checkpoint + entries not yet folded, per window. */
  sums(scope: ScopeId): WindowSum[]
  traffic(scope: ScopeId, sinceMs: number): Traffic[]
  told(kind: PolicyRow['kind'], id: string): PolicyRow | null
  saveTold(row: PolicyRow, nowMs: number): void
}
