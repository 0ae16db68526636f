import type { SharedKeys } from '../auth/find-key.ts'
import type { KeyCache } from '../auth/key-cache.ts'
import type { AccountRef, AccountRow } from '../db/accounts.ts'
import type { Author } from '../db/audit.ts'
import type { Db } from '../db/connect.ts'
import { confirmTellings } from '../db/tellings.ts'
import { unavailable } from '../errors.ts'
import type { LedgerClient } from '../ledger/client.ts'
import type { PolicyRow } from '../ledger/policy.ts'
import { describe, log } from '../log.ts'

/** A change that touches more ledgers is driven on by cron. */
const LEDGERS_MAX = 100

export interface TellDeps {
  readonly db: Db
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
}

/** Whose doing a change is. */
export interface Signed {
  /** For `created_by` and `updated_by`. */
  readonly by: string
  readonly author: Author
}

/** A row that was changed, with the account whose ledger decides on it. */
export interface Change {
  readonly account: AccountRow
  readonly row: PolicyRow
}

/**
 * Tells ledgers of changes before the admin API answers, so that they bind the very next request.
 * Throws 503 if one can't be told: the change is saved, the call may be repeated, and cron drives it.
 * Of a change that touches very many, it returns how many were not told yet.
 */
export async function tellAll(deps: TellDeps, changes: readonly Change[]): Promise<number> {
  const open = changes.filter(({ account }) => account.ledgerEpoch > 0)
  const ledgers = [...Map.groupBy(open, ({ account }) => account.accountId).values()]
  const outcomes = await Promise.allSettled(
    ledgers.slice(0, LEDGERS_MAX).map((told) => tellOne(deps, told)),
  )
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected')
  const [failure] = failures
  if (failure) log('error', 'telling_failed', { error: describe(failure.reason) })
  if (ledgers.length > LEDGERS_MAX) return ledgers.length - LEDGERS_MAX + failures.length
  if (!failure) return 0
  throw unavailable('The change is saved, but not yet in force everywhere. Please repeat the call.')
}

async function tellOne({ db, ledgerOf }: TellDeps, changes: readonly Change[]): Promise<void> {
  const [first] = changes
  if (!first) return
  const rows = changes.map(({ row }) => row)
  await ledgerOf(first.account).tell(rows)
  await confirmTellings(db, first.account, rows).catch((error: unknown) => {
    log('warn', 'telling_not_confirmed', { error: describe(error) })
  })
}

export interface KeyCaches {
  readonly keyCache: KeyCache
  readonly sharedKeys: SharedKeys
}

/** By every hash of theirs: what isolates remember of changed keys would only be sent back by their ledgers. */
export async function forgetKeys(
  { keyCache, sharedKeys }: KeyCaches,
  hashes: readonly string[],
): Promise<void> {
  for (const hash of hashes) keyCache.forget(hash)
  await Promise.allSettled(hashes.map((hash) => sharedKeys.remove(hash)))
}
