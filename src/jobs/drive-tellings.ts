import type { AccountRef } from '../db/accounts.ts'
import type { Db } from '../db/connect.ts'
import { confirmTelling, pendingTellings } from '../db/tellings.ts'
import type { LedgerClient } from '../ledger/client.ts'
import { describe, log } from '../log.ts'

const TELLINGS_MAX = 200

interface DriveDeps {
  readonly db: Db
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
}

/** Tells ledgers what the admin API could not. Repeating a telling changes nothing. */
export async function driveTellings({ db, ledgerOf }: DriveDeps): Promise<void> {
  for (const telling of await pendingTellings(db, TELLINGS_MAX)) {
    try {
      await ledgerOf(telling).tell([telling.row])
      await confirmTelling(db, telling)
    } catch (error) {
      log('warn', 'telling_failed', { account: telling.accountId, error: describe(error) })
    }
  }
}
