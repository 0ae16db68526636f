import type { Pico } from '../money.ts'
import type { PolicyRow, ScopeId } from './policy.ts'
import type { Balance, EntryDetail, Opening, ScopeTraffic, Traffic, WindowSum } from './types.ts'
import type { Schedule } from '../windows.ts'

export type EntryState = 'held' | 'settled' | 'released' | 'expired' | 'tombstone' | 'adjusted'

/** How a budget's windows lie; a hold keeps these, so that it can end without its policy rows. */
export interface WindowRule extends Schedule {
  readonly scope: ScopeId
  /** Of the scope's row: the newest rule says how the windows lie. */
  readonly version: number
  /** Of the row that lends limits to it, if one does. */
  readonly lent?: number
  readonly budget: string
  /** For what is carried into the next window; absent where it was written before. */
  readonly limitPico?: Pico | null
}

/** Where a charge counts. The window's end, and the rule's version that says so, came later. */
export type Charged = readonly [
  scope: ScopeId,
  budget: string,
  startMs: number,
  endMs?: number | null,
  version?: number,
]

/**
 * One attempt at a provider. Revision 0 goes from held to its end once; a correction after that
 * is a row of its own (revision 1) with the signed difference, so ended rows never change. An
 * adjustment of a spend is an entry too, in as many revisions as its amount needs.
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

/** What entries that are not folded yet were charged, by where they count. */
export interface Unfolded {
  readonly charged: readonly Charged[]
  readonly count: number
  readonly pico: Pico
}

/** What limits look at of a call in the last minute. */
export interface RecentCall extends Traffic {
  readonly scopes: readonly ScopeId[]
}

export interface KeyBalance {
  readonly key: string
  readonly balance: Balance
}

/** Where the core keeps what must survive. Every call is synchronous; a throw undoes the operation. */
export interface LedgerStore {
  opening(): Pick<Opening, 'epoch' | 'account'> | null
  saveOpening(opening: Opening, nowMs: number): void
  /** The latest instant that the ledger has seen. */
  lastMs(): number
  entry(id: string, revision: number): Entry | null
  /** Whether an entry of this id was settled, delivered and folded away not long ago. */
  wasFolded(id: string): boolean
  insert(entry: Entry): void
  update(entry: Entry): void
  held(): Entry[]
  /** Where the entries that were folded away have brought a scope's windows. */
  checkpoint(scope: ScopeId): WindowSum[]
  saveCheckpoint(scope: ScopeId, sum: WindowSum): void
  /** Scopes of a key in the checkpoint: its own, and those for single models. */
  checkpointScopes(scope: ScopeId): ScopeId[]
  /** Asked once, when the ledger wakes. */
  unfolded(): Unfolded[]
  /** Calls that were reserved or ended after `sinceMs`. */
  traffic(sinceMs: number): RecentCall[]
  told(kind: PolicyRow['kind'], id: string): PolicyRow | null
  saveTold(row: PolicyRow, nowMs: number): void
  /** What a key took along when it left, and what it brought when it came. */
  balance(direction: 'out' | 'in', key: string): Balance | null
  saveBalance(direction: 'out' | 'in', kept: KeyBalance, nowMs: number): void
  /** Traffic of keys that came here after `sinceMs`. */
  arrivals(sinceMs: number): ScopeTraffic[]
}
