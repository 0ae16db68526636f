import type {
  Entry,
  LedgerStore,
  Opening,
  PolicyRow,
  ScopeId,
  Traffic,
  WindowRule,
  WindowSum,
} from '../../src/ledger/types.ts'

/** A LedgerStore that keeps everything for ever and counts by scanning. */
export class MemoryStore implements LedgerStore {
  readonly entries = new Map<string, Entry>()
  #opening: Opening | null = null
  #told = new Map<string, PolicyRow>()
  #lastMs = 0

  opening(): Pick<Opening, 'epoch' | 'account'> | null {
    return this.#opening
  }

  saveOpening(opening: Opening): void {
    this.#opening = opening
  }

  lastMs(): number {
    return this.#lastMs
  }

  entry(id: string, revision: number): Entry | null {
    return this.entries.get(`${id}/${revision}`) ?? null
  }

  wasFolded(): boolean {
    return false
  }

  insert(entry: Entry): void {
    if (this.entry(entry.id, entry.revision)) throw new Error(`inserted twice: ${entry.id}`)
    this.#put(entry)
  }

  update(entry: Entry): void {
    const known = this.entry(entry.id, entry.revision)
    if (!known) throw new Error(`updated before it was inserted: ${entry.id}`)
    if (known.state !== 'held') throw new Error(`changed after its end: ${entry.id}`)
    this.#put(entry)
  }

  held(): Entry[] {
    return [...this.entries.values()].filter(({ state }) => state === 'held')
  }

  rules(): WindowRule[] {
    return [...this.entries.values()].flatMap(({ rules }) => rules)
  }

  sums(scope: ScopeId): WindowSum[] {
    const sums: WindowSum[] = (this.#opening?.spends ?? []).filter((sum) => sum.scope === scope)
    for (const { charged, chargePico } of this.entries.values()) {
      for (const [at, budget, startMs] of charged) {
        if (at === scope) sums.push({ budget, startMs, spentPico: chargePico })
      }
    }
    return sums
  }

  traffic(scope: ScopeId, sinceMs: number): Traffic[] {
    return [...this.entries.values()].filter(
      ({ revision, state, scopes, reservedMs, endedMs }) =>
        revision === 0 &&
        state !== 'tombstone' &&
        scopes.includes(scope) &&
        (reservedMs > sinceMs || (endedMs !== null && endedMs > sinceMs)),
    )
  }

  told(kind: PolicyRow['kind'], id: string): PolicyRow | null {
    return this.#told.get(`${kind}:${id}`) ?? null
  }

  saveTold(row: PolicyRow, nowMs: number): void {
    this.#told.set(`${row.kind}:${row.id}`, row)
    this.#lastMs = Math.max(this.#lastMs, nowMs)
  }

  #put(entry: Entry): void {
    this.entries.set(`${entry.id}/${entry.revision}`, entry)
    this.#lastMs = Math.max(this.#lastMs, entry.reservedMs, entry.endedMs ?? 0)
  }
}
