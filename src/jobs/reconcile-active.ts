import type { AccountRef } from '../db/accounts.ts'
import type { Db } from '../db/connect.ts'
import { readCursor, saveCursor } from '../db/jobs.ts'
import { activeAccounts } from '../db/logs.ts'
import type { LedgerClient } from '../ledger/client.ts'
import { reconcile } from '../ledger/reconcile.ts'
import { describe, log } from '../log.ts'

const JOB = 'reconcile'
const PAGE = 50
const RUN_MAX_MS = 60_000
const DAY_MS = 86_400_000

interface ReconcileDeps {
  readonly db: Db
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
}

/**
 * Compares the books of accounts that spent since yesterday, and logs those that differ. What one
 * run has no time for, the next one goes on with.
 */
export async function reconcileActive(deps: ReconcileDeps, nowMs: number): Promise<void> {
  const { db, ledgerOf } = deps
  const day = new Date(nowMs - DAY_MS).toISOString().slice(0, 10)
  const startedMs = Date.now()
  let cursor = await readCursor(db, JOB)
  while (Date.now() - startedMs < RUN_MAX_MS) {
    const accounts = await activeAccounts(db, { day, cursor, limit: PAGE })
    for (const account of accounts) {
      const { accountId } = account
      try {
        const { differencePico } = await reconcile({ db, ledger: ledgerOf(account) }, account)
        if (differencePico !== 0n) log('error', 'books_differ', { accountId, differencePico })
      } catch (error) {
        log('warn', 'reconcile_failed', { accountId, error: describe(error) })
      }
    }
    cursor = accounts.length < PAGE ? '' : (accounts.at(-1)?.accountId ?? '')
    await saveCursor(db, JOB, cursor)
    if (cursor === '') return
  }
}
