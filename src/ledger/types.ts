import type { Pico } from '../money.ts'
import type { CallPolicy, PolicyRow, ScopeId } from './policy.ts'

/** The deployment that made a response, and the name that it was asked for by. */
export interface FoundResponse {
  readonly modelId: string
  readonly modelGroup: string
}

/** What a request is and was, for the log row; the ledger stores it and never looks inside. */
export type EntryDetail = Readonly<Record<string, string | number | boolean | null>>

export interface ReserveRequest extends CallPolicy {
  /** Made by our Worker (ids.ts); the same id twice is one act. */
  readonly id: string
  readonly expectedPico: Pico
  readonly boundPico: Pico
  /** The part of the bound that a smaller output cap would lower; absent: none. */
  readonly output?: OutputBound
  readonly expectedTokens: number
  readonly detail: EntryDetail
}

export interface OutputBound {
  /** For all answers together, per token of the cap. */
  readonly picoPerToken: Pico
  /** The cap that the bound was computed with. */
  readonly tokens: number
  /** The cap is never lowered below this; null: it is not lowered at all. */
  readonly floorTokens: number | null
}

export type ReserveAnswer =
  Admitted | { readonly kind: 'refused'; readonly refusal: Refusal } | Stale | Unopened

export interface Admitted {
  readonly kind: 'admitted'
  /** Whether another call like this one might not fit. */
  readonly tight: boolean
  /** Every budget that the call counts in, as it stands with this call's hold. */
  readonly scopes: readonly ScopeState[]
  readonly rates: readonly RateState[]
  /** What was set aside. */
  readonly heldPico: Pico
  /** The output cap to send upstream; null: as the client asked. */
  readonly outputTokens: number | null
  /** What would have refused this call, had it not been observed only. */
  readonly wouldRefuse: Refusal | null
}

/** The ledger was told newer rows than the request carried: decide again with these. */
export interface Stale {
  readonly kind: 'stale'
  /** The first of them, for Workers that know of one only. */
  readonly row: PolicyRow
  readonly rows: readonly PolicyRow[]
}

/** What reserve would answer, and how every budget and rate stands without this call. */
export interface Decision {
  readonly kind: 'decided'
  readonly refusal: Refusal | null
  readonly wouldRefuse: Refusal | null
  readonly holdPico: Pico
  readonly outputTokens: number | null
  readonly scopes: readonly ScopeState[]
  readonly rates: readonly RateState[]
}

export type DecideAnswer = Decision | Stale | Unopened

/** A new ledger. One asker is sent to open it; the others wait that long and ask again. */
export interface Unopened {
  readonly kind: 'unopened'
  readonly waitMs: number
}

export type RefusalReason =
  | 'deleted'
  | 'blocked'
  | 'expired'
  /** The row's list of models does not name the one that was asked for. */
  | 'model'
  /** Spent up: spent ≥ limit. */
  | 'budget'
  /** Strict: this call at its worst is more than what is left, whatever is held. */
  | 'too_large'
  /** Full of other calls' holds: spent < limit ≤ spent + held. */
  | 'held'
  | 'parallel'
  | 'requests'
  | 'tokens'
  /** The reserve came too late: its id was released before, or is older than any that is awaited. */
  | 'released'

export interface Refusal {
  readonly reason: RefusalReason
  /** The row that the limit hangs on. */
  readonly scope: PolicyRow | null
  /** The model (or pattern) whose own limit it is; null: the limit is on all calls. */
  readonly model: string | null
  /** Which of the scope's budgets: `main`, or a window's duration. Null: it is no budget. */
  readonly budget: string | null
  readonly spentPico: Pico
  readonly heldPico: Pico
  readonly limitPico: Pico | null
  readonly resetAtMs: number | null
  /** For rates: the limit, and how long until one more may pass. */
  readonly limit: number | null
  readonly retryAfterMs: number | null
}

/** One budget of a scope at this instant. */
export interface ScopeState {
  readonly scope: ScopeId
  readonly budget: string
  readonly spentPico: Pico
  readonly heldPico: Pico
  readonly limitPico: Pico | null
  /** Since when its spend is counted. */
  readonly startMs: number
  readonly resetAtMs: number | null
}

/** A scope's requests and tokens in the last 60 seconds, where they are limited. */
export interface RateState {
  readonly kind: 'key' | 'member' | 'account'
  /** Of the row, as in PolicyRow. */
  readonly id: string
  readonly model: string | null
  readonly requests: RateLeft | null
  readonly tokens: RateLeft | null
}

export interface RateLeft {
  readonly limit: number
  readonly remaining: number
}

/** The policy is for an id that the ledger does not know: it says what to charge. */
export interface SettleRequest extends CallPolicy {
  readonly id: string
  readonly chargePico: Pico
  readonly tokens: number
  readonly detail: EntryDetail
}

export type SettleAnswer =
  | { readonly kind: 'settled'; readonly scopes: readonly ScopeState[] }
  | Unopened
  /** Unknown and too old to be one of ours in flight. */
  | { readonly kind: 'unknown' }

/** A sum over entries: a window's spend. */
export interface WindowSum {
  readonly budget: string
  readonly startMs: number
  /** When it was to end as its last charge saw it; null: never, or nobody noted it. */
  readonly endMs?: number | null
  /** Of the rule by which it ends then. */
  readonly version?: number
  readonly spentPico: Pico
}

/** What a scope's last minute looked like, for limits that memory forgot. */
export interface Traffic {
  readonly id: string
  readonly reservedMs: number
  readonly endedMs: number | null
  readonly tokens: number
}

/** One scope's last minute. */
export interface ScopeTraffic {
  readonly scope: ScopeId
  readonly traffic: readonly Traffic[]
}

/** What a new ledger takes over from Postgres. */
export interface Opening {
  readonly epoch: number
  readonly account: PolicyRow
  readonly spends: readonly OpeningSpend[]
  /** Rows that changed while there was no ledger to tell, and that caches may hold older. */
  readonly changed?: readonly PolicyRow[]
  /** Of keys that moved here within the last minute. */
  readonly traffic?: readonly ScopeTraffic[]
}

export interface OpeningSpend extends WindowSum {
  readonly scope: ScopeId
}

/** Sets the main budget's spend of one row's scope; the entry that does it says by whom. */
export interface AdjustRequest extends CallPolicy {
  readonly id: string
  /** Which of the rows. */
  readonly row: Pick<PolicyRow, 'kind' | 'id'>
  readonly toPico: Pico
  /** Instead, by how much; it may go below nothing. */
  readonly byPico?: Pico
  readonly detail: EntryDetail
}

export type AdjustAnswer =
  | { readonly kind: 'adjusted'; readonly beforePico: Pico; readonly afterPico: Pico }
  /** Spend is only ever lowered. */
  | { readonly kind: 'too_much'; readonly spentPico: Pico }
  | Unopened

/** What a key that moves takes along from one ledger to another. */
export interface Balance {
  /** Of the key's row when it left: a balance is handed over once. */
  readonly version: number
  readonly spends: readonly OpeningSpend[]
  readonly traffic: readonly ScopeTraffic[]
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
