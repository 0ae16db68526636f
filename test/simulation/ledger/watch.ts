import type { PolicyRow } from '../../../src/ledger/policy.ts'
import type { Noted } from '../database/linked.ts'

interface Place {
  readonly version: number
  readonly isGone: boolean
}

/** What those who watch the ledgers share. */
export class Watch {
  readonly violations: string[] = []
  readonly counts = new Map<string, number>()
  /** Ids that a ledger was told to release while nothing was charged to them. */
  readonly released = new Set<string>()
  /** Ledger and key → the version that it left with, or came with. */
  readonly places = new Map<string, Place>()
  /** Account and key: the ledger that knew that it had left is lost, and the new one was not told. */
  readonly unnoticed = new Set<string>()
  /** Row → its lowest version that may still be decided on: the admin was told it is in force. */
  readonly #inForce = new Map<string, number>()

  /** A key left an account, or came there. */
  place(accountId: string, key: string, place: Place): void {
    const name = `${accountId} ${key}`
    const known = this.places.get(name)
    if (!known || known.version < place.version) this.places.set(name, place)
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  }

  /** The admin was told that this row is in force. */
  note({ row, accountId = '' }: Noted): void {
    const name = nameOf(row, accountId)
    this.#inForce.set(name, Math.max(this.#inForce.get(name) ?? 0, row.version))
  }

  inForce(row: Pick<PolicyRow, 'kind' | 'id'>, accountId: string): number {
    return this.#inForce.get(nameOf(row, accountId)) ?? 0
  }

  /** Ledgers are lost: who knew that keys had left is gone. */
  forgetMoves(): void {
    this.places.clear()
  }
}

function nameOf({ kind, id }: Pick<PolicyRow, 'kind' | 'id'>, accountId: string): string {
  // Members are one account's, and of shared rows each ledger is told by itself.
  return kind === 'member' || kind === 'budget' ? `${kind} ${accountId} ${id}` : `${kind} ${id}`
}
