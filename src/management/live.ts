import type { AccountRef } from '../db/accounts.ts'
import type { LedgerClient } from '../ledger/client.ts'
import type { PolicyRow, ScopeState } from '../ledger/types.ts'
import { describe, log } from '../log.ts'

interface Account extends AccountRef {
  readonly ledgerEpoch: number
}

/**
 * Where the rows' main budgets stand in the ledger at this instant. Null if there is no ledger,
 * which is then not made, or if it can't be reached: Postgres' copy has to do.
 */
export async function liveStates(
  ledgerOf: (ref: AccountRef) => LedgerClient,
  account: Account,
  rows: readonly PolicyRow[],
): Promise<readonly ScopeState[] | null> {
  if (account.ledgerEpoch === 0) return null
  try {
    return await ledgerOf(account).read(rows)
  } catch (error) {
    log('warn', 'live_read_failed', { account: account.accountId, error: describe(error) })
    return null
  }
}
