import type { Pico } from '../money.ts'
import type { PolicyRow } from './policy.ts'
import type { ScopeState } from './types.ts'
import { type Resets, ROLLING, rollWindow, type Schedule } from '../windows.ts'

/** An account's main budget as its ledger last told it. What is optional came later. */
export interface AccountSnapshot extends Schedule {
  readonly accountId: string
  readonly alias: string | null
  readonly resets?: Resets
  readonly limitPico: Pico | null
  readonly increase?: PolicyRow['increase']
  readonly startMs: number
  readonly endMs?: number | null
  readonly spentPico: Pico
  readonly heldPico: Pico
}

export interface SnapshotAnswer {
  readonly snapshot: AccountSnapshot | null
  readonly registration: number
  /** The ledger was idle and counts itself as unregistered from now on. */
  readonly dropped: boolean
}

export function snapshotOf(account: PolicyRow, state: ScopeState, resets: Resets): AccountSnapshot {
  const [budget] = account.budgets
  return {
    accountId: account.id,
    alias: account.alias,
    resets,
    limitPico: budget?.limitPico ?? null,
    increase: account.increase ?? null,
    duration: budget?.duration ?? null,
    anchorMs: budget?.anchorMs ?? 0,
    alignment: budget?.alignment ?? null,
    startMs: state.startMs,
    endMs: state.resetAtMs,
    spentPico: state.spentPico,
    heldPico: state.heldPico,
  }
}

/** What a sleeping ledger would say now: the same roll as the ledger's own, and the limit of now. */
export function roll(snapshot: AccountSnapshot, nowMs: number): AccountSnapshot {
  const { endMs: known = null, increase, limitPico, resets = ROLLING } = snapshot
  const now = { nowMs, resets }
  const { startMs, endMs, spentPico } = rollWindow(snapshot, { ...snapshot, endMs: known }, now)
  const isLifted = limitPico !== null && increase && increase.untilMs > nowMs
  const limit = isLifted ? limitPico + increase.pico : limitPico
  return { ...snapshot, startMs, endMs, spentPico, limitPico: limit }
}
