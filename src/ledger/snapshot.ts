import { type Duration, windowAt } from '../duration.ts'
import type { Pico } from '../money.ts'

/** An account's main budget as its ledger last told it. */
export interface AccountSnapshot {
  readonly accountId: string
  readonly alias: string | null
  readonly limitPico: Pico | null
  readonly duration: Duration | null
  readonly anchorMs: number
  readonly startMs: number
  readonly spentPico: Pico
  readonly heldPico: Pico
}

export interface SnapshotAnswer {
  readonly snapshot: AccountSnapshot | null
  readonly registration: number
  /** The ledger was idle and counts itself as unregistered from now on. */
  readonly dropped: boolean
}

/** What a sleeping ledger would say now: the same roll as the ledger's own. */
export function roll(snapshot: AccountSnapshot, nowMs: number): AccountSnapshot {
  const { startMs } = windowAt(snapshot.duration, snapshot.anchorMs, nowMs)
  return startMs > snapshot.startMs ? { ...snapshot, startMs, spentPico: 0n } : snapshot
}
