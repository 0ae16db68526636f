import type { AccountRow } from '../db/accounts.ts'
import type { Db } from '../db/connect.ts'
import { sumLogs } from '../db/logs.ts'
import { parsePico, type Pico } from '../money.ts'
import type { LedgerClient } from './client.ts'
import type { Audit } from './types.ts'

/** The same money as the ledger, Postgres and the log rows know it, in one window of an account. */
export interface Reconciliation {
  readonly startMs: number
  readonly ledgerPico: Pico
  readonly postgresPico: Pico
  readonly logsPico: Pico
  readonly heldPico: Pico
  readonly undeliveredPico: Pico
  readonly undelivered: number
  readonly holds: number
  /** Ledger − undelivered − logs: 0 if the books agree. */
  readonly differencePico: Pico
}

/** The ledger moves while the rows are summed; a few looks find it still, or nearly so. */
const LOOKS_MAX = 3

/** Throws if the ledger or Postgres can't be reached. Never makes a ledger. */
export async function reconcile(
  { db, ledger }: { readonly db: Db; readonly ledger: Pick<LedgerClient, 'audit'> },
  account: AccountRow,
): Promise<Reconciliation> {
  let before = account.ledgerEpoch > 0 ? await ledger.audit() : null
  if (!before) return unopened(db, account)
  for (let looks = 1; ; looks++) {
    const sums = await sumLogs(db, account, before.account.startMs)
    const after: Audit = (await ledger.audit()) ?? before
    if (isStill(before, after) || looks === LOOKS_MAX) return books(after, sums)
    before = after
  }
}

function isStill(before: Audit, after: Audit): boolean {
  return (
    before.account.startMs === after.account.startMs &&
    before.account.spentPico === after.account.spentPico &&
    before.undeliveredPico === after.undeliveredPico
  )
}

function books(
  { account, undeliveredPico, undelivered, holds }: Audit,
  sums: { readonly logsPico: Pico; readonly spend: string; readonly spendWindowMs: number },
): Reconciliation {
  const { startMs, spentPico: ledgerPico, heldPico } = account
  const postgresPico = sums.spendWindowMs >= startMs ? parsePico(sums.spend) : 0n
  const differencePico = ledgerPico - undeliveredPico - sums.logsPico
  const { logsPico } = sums
  return {
    startMs,
    ledgerPico,
    postgresPico,
    logsPico,
    heldPico,
    undeliveredPico,
    undelivered,
    holds,
    differencePico,
  }
}

/** Nothing was ever spent through a ledger: Postgres is all there is. */
async function unopened(db: Db, account: AccountRow): Promise<Reconciliation> {
  const startMs = account.spendWindowAt.getTime()
  const { logsPico, spend } = await sumLogs(db, account, startMs)
  const postgresPico = parsePico(spend)
  const none = { heldPico: 0n, undeliveredPico: 0n, undelivered: 0, holds: 0 }
  const differencePico = postgresPico - logsPico
  return { startMs, ledgerPico: postgresPico, postgresPico, logsPico, ...none, differencePico }
}
