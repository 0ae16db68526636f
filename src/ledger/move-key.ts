import type { AccountRef } from '../db/accounts.ts'
import type { Db } from '../db/connect.ts'
import { finishMove, getMovingKey } from '../db/key-move.ts'
import { budgetPolicy, keyPolicy } from '../db/policy.ts'
import { confirmTellings } from '../db/tellings.ts'
import { unavailable } from '../errors.ts'
import { describe, log } from '../log.ts'
import type { LedgerClient } from './client.ts'
import type { PolicyRow } from './policy.ts'
import type { Balance } from './types.ts'

const ROUNDS_MAX = 5

export interface MoveDeps {
  readonly db: Db
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
}

/**
 * Brings a key to the account that it is moving to, with what it spent: its old ledger lets go of
 * it, the new one takes it over, and only then do rows say so. Every step may be repeated; a move
 * that broke off is completed by the same call or by cron. Throws if a ledger can't be reached.
 */
export async function moveKey({ db, ledgerOf }: MoveDeps, token: string): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const moving = await getMovingKey(db, token)
    if (!moving) return
    const { key, from, to, copy } = moving
    const leaving = { ...keyPolicy(key), accountId: to.accountId, version: copy.version }
    const left = from.ledgerEpoch > 0 ? await reached(leave(ledgerOf(from), leaving)) : null
    const balance = left ?? copy
    if (to.ledgerEpoch > 0) await reached(arrive(ledgerOf(to), leaving, balance))
    const arrived = await finishMove(db, moving, balance)
    if (!arrived) continue
    const row = keyPolicy(arrived.key)
    const rows = [row, ...(arrived.budget ? [budgetPolicy(arrived.budget)] : [])]
    // A ledger that is only about to open could not let go of it.
    if (from.ledgerEpoch > 0 && !left) await reached(ledgerOf(from).tell([row]))
    // Who comes to a ledger that is not there yet may know the key as its own: it opens with this.
    if (from.ledgerEpoch > 0) await confirmTellings(db, from, [row])
    if (to.ledgerEpoch === 0) return
    await reached(ledgerOf(to).tell(rows))
    await confirmTellings(db, to, rows)
    return
  }
  throw unavailable('This key is being moved. Please repeat the call.')
}

/** Null: there is no such ledger any more. */
async function leave(ledger: LedgerClient, key: PolicyRow): Promise<Balance | null> {
  const balance = await ledger.leave(key)
  if (balance) return balance
  await open(ledger)
  return ledger.leave(key)
}

async function arrive(ledger: LedgerClient, key: PolicyRow, balance: Balance): Promise<void> {
  if ((await ledger.read([])) === null) await open(ledger)
  await ledger.arrive(key, balance)
}

/** One that was only claimed would come up with what the key had spent, or without it. */
async function open(ledger: LedgerClient): Promise<void> {
  const nothing = { expectedPico: 0n, boundPico: 0n, expectedTokens: 0, detail: {} }
  await ledger.decide({ id: crypto.randomUUID(), rows: [], ...nothing })
}

async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    log('error', 'move_interrupted', { error: describe(error) })
    throw unavailable(
      'This key is being moved, and a ledger cannot be reached. Please repeat the call.',
    )
  }
}
