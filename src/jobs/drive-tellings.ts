import type { AccountRef } from '../db/accounts.ts'
import type { Db } from '../db/connect.ts'
import { confirmTellings, forgetNotes, pendingTellings, type Telling } from '../db/tellings.ts'
import type { LedgerClient } from '../ledger/client.ts'
import { moveKey } from '../ledger/move-key.ts'
import { describe, log } from '../log.ts'

const TELLINGS_MAX = 500
/** One ledger that can't be reached keeps few others waiting. */
const AT_ONCE = 10

interface DriveDeps {
  readonly db: Db
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
}

/** Tells ledgers what the admin API could not. Repeating a telling changes nothing. */
export async function driveTellings(deps: DriveDeps): Promise<void> {
  await forgetNotes(deps.db)
  const pending = await pendingTellings(deps.db, TELLINGS_MAX)
  for (let i = 0; i < pending.length; i += AT_ONCE) {
    await Promise.all(pending.slice(i, i + AT_ONCE).map((telling) => attempt(deps, telling)))
  }
}

async function attempt(deps: DriveDeps, telling: Telling): Promise<void> {
  try {
    await drive(deps, telling)
  } catch (error) {
    log('warn', 'telling_failed', { account: telling.accountId, error: describe(error) })
  }
}

async function drive(deps: DriveDeps, telling: Telling): Promise<void> {
  const { db, ledgerOf } = deps
  // A ledger hears of a key that leaves it when it leaves.
  if (telling.isMoving) return moveKey(deps, telling.row.id)
  await ledgerOf(telling).tell([telling.row])
  await confirmTellings(db, telling, [telling.row])
}
