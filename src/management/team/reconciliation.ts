import { isoMicros } from '../../duration.ts'
import type { Reconciliation } from '../../ledger/reconcile.ts'
import { picoToUsd } from '../../money.ts'

/** The sums side by side, in USD. */
export function reconciliation(sums: Reconciliation) {
  return {
    window_start: isoMicros(sums.startMs),
    ledger_spend: picoToUsd(sums.ledgerPico),
    postgres_spend: picoToUsd(sums.postgresPico),
    log_spend: picoToUsd(sums.logsPico),
    held: picoToUsd(sums.heldPico),
    holds: sums.holds,
    undelivered: picoToUsd(sums.undeliveredPico),
    undelivered_entries: sums.undelivered,
    difference: picoToUsd(sums.differencePico),
  }
}
