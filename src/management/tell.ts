import type { AccountRow } from '../db/accounts.ts'
import type { AccountRef } from '../db/accounts.ts'
import type { Db } from '../db/connect.ts'
import { confirmTelling } from '../db/tellings.ts'
import { unavailable } from '../errors.ts'
import type { LedgerClient } from '../ledger/client.ts'
import type { PolicyRow } from '../ledger/types.ts'
import { describe, log } from '../log.ts'

export interface TellDeps {
  readonly db: Db
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
}

/** A row that was changed, with the account whose ledger decides on it. */
export interface Change {
  readonly account: AccountRow
  readonly row: PolicyRow
}

/**
 * Tells ledgers of changes before the admin API answers, so that they bind the very next request.
 * Throws 503 if one can't be told: the change is saved, the call may be repeated, and cron drives it.
 */
export async function tellAll(deps: TellDeps, changes: readonly Change[]): Promise<void> {
  const told = changes.filter(({ account }) => account.ledgerEpoch > 0)
  const outcomes = await Promise.allSettled(told.map((change) => tellOne(deps, change)))
  const failure = outcomes.find(({ status }) => status === 'rejected')
  if (failure?.status !== 'rejected') return
  log('error', 'telling_failed', { error: describe(failure.reason) })
  throw unavailable('The change is saved, but not yet in force everywhere. Please repeat the call.')
}

async function tellOne({ db, ledgerOf }: TellDeps, { account, row }: Change): Promise<void> {
  await ledgerOf(account).tell([row])
  await confirmTelling(db, { ...account, row }).catch((error: unknown) => {
    log('warn', 'telling_not_confirmed', { error: describe(error) })
  })
}
