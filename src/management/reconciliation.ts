import { isoMicros } from '../duration.ts'
import type { Books } from '../ledger/reconcile.ts'
import { picoToUsd } from '../money.ts'

/** The books side by side, in USD. */
export function reconciliation(books: Books) {
  return {
    window_start: isoMicros(books.startMs),
    ledger_spend: picoToUsd(books.ledgerPico),
    postgres_spend: picoToUsd(books.postgresPico),
    log_spend: picoToUsd(books.logsPico),
    held: picoToUsd(books.heldPico),
    holds: books.holds,
    undelivered: picoToUsd(books.undeliveredPico),
    undelivered_entries: books.undelivered,
    difference: picoToUsd(books.differencePico),
  }
}
