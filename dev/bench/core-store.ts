import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { Entry, LedgerStore } from '../../src/ledger/store.ts'
import type { Opening } from '../../src/ledger/types.ts'

/**
 * A LedgerStore that costs next to nothing: what ended is forgotten, as if it were delivered and
 * folded at once. `test/ledger/memory-store.ts` keeps and scans everything for ever, so a long run
 * would measure the store.
 */
export class CoreStore implements LedgerStore {
  #held = new Map<string, Entry>()
  #told = new Map<string, PolicyRow>()
  #opening: Opening | null = null

  opening(): Opening | null {
    return this.#opening
  }

  saveOpening(opening: Opening): void {
    this.#opening = opening
  }

  lastMs(): number {
    return 0
  }

  entry(id: string, revision: number): Entry | null {
    return revision === 0 ? (this.#held.get(id) ?? null) : null
  }

  wasFolded(): boolean {
    return false
  }

  insert(entry: Entry): void {
    this.#held.set(entry.id, entry)
  }

  update(entry: Entry): void {
    if (entry.state === 'held') this.#held.set(entry.id, entry)
    else this.#held.delete(entry.id)
  }

  held(): Entry[] {
    return [...this.#held.values()]
  }

  checkpoint(): [] {
    return []
  }

  saveCheckpoint(): void {
    // Nothing is ever folded.
  }

  checkpointScopes(): [] {
    return []
  }

  unfolded(): [] {
    return []
  }

  traffic(): [] {
    return []
  }

  arrivals(): [] {
    return []
  }

  balance(): null {
    return null
  }

  saveBalance(): void {
    // No key moves.
  }

  told(kind: PolicyRow['kind'], id: string): PolicyRow | null {
    return this.#told.get(`${kind}:${id}`) ?? null
  }

  saveTold(row: PolicyRow): void {
    this.#told.set(`${row.kind}:${row.id}`, row)
  }
}
