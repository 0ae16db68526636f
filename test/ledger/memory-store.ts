import { decode, encode } from '../../src/json.ts'
import type { PolicyRow, ScopeId } from '../../src/ledger/policy.ts'
import type {
  Entry,
  KeyBalance,
  LedgerStore,
  RecentCall,
  Unfolded,
} from '../../src/ledger/store.ts'
import type { Balance, Opening, ScopeTraffic, WindowSum } from '../../src/ledger/types.ts'

/** A LedgerStore that keeps every entry for ever, folds none, and counts by scanning. */
export class MemoryStore implements LedgerStore {
  readonly entries = new Map<string, Entry>()
  #opening: Opening | null = null
  #checkpoint = new Map<ScopeId, Map<string, WindowSum>>()
  #told = new Map<string, PolicyRow>()
  #balances = new Map<string, { readonly body: string; readonly atMs: number }>()
  #lastMs = 0

  opening(): Pick<Opening, 'epoch' | 'account'> | null {
    return this.#opening
  }

  saveOpening(opening: Opening, nowMs: number): void {
    this.#opening = opening
    for (const { scope, ...sum } of opening.spends) this.saveCheckpoint(scope, sum)
    const balance = { version: 0, spends: [], traffic: opening.traffic ?? [] }
    if (balance.traffic.length > 0) this.saveBalance('in', { key: '', balance }, nowMs)
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

  checkpoint(scope: ScopeId): WindowSum[] {
    return [...(this.#checkpoint.get(scope)?.values() ?? [])]
  }

  saveCheckpoint(scope: ScopeId, sum: WindowSum): void {
    const sums = this.#checkpoint.get(scope) ?? new Map<string, WindowSum>()
    this.#checkpoint.set(scope, sums.set(sum.budget, sum))
  }

  checkpointScopes(owner: ScopeId): ScopeId[] {
    const scopes = [...this.#checkpoint.keys()]
    return scopes.filter((scope) => scope === owner || scope.startsWith(`${owner}/`))
  }

  unfolded(): Unfolded[] {
    const charges = [...this.entries.values()].filter(({ chargePico }) => chargePico !== 0n)
    return charges.map(({ charged, chargePico }) => ({ charged, count: 1, pico: chargePico }))
  }

  traffic(sinceMs: number): RecentCall[] {
    return [...this.entries.values()].filter(
      ({ revision, state, reservedMs, endedMs }) =>
        revision === 0 &&
        state !== 'tombstone' &&
        state !== 'adjusted' &&
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

  balance(direction: 'out' | 'in', key: string): Balance | null {
    const kept = this.#balances.get(`${direction}/${key}`)
    return kept ? decode<Balance>(kept.body) : null
  }

  saveBalance(direction: 'out' | 'in', { key, balance }: KeyBalance, nowMs: number): void {
    this.#balances.set(`${direction}/${key}`, { body: encode(balance), atMs: nowMs })
  }

  arrivals(sinceMs: number): ScopeTraffic[] {
    const kept = [...this.#balances].filter(
      ([name, { atMs }]) => name.startsWith('in/') && atMs > sinceMs,
    )
    return kept.flatMap(([, { body }]) => [...decode<Balance>(body).traffic])
  }

  #put(entry: Entry): void {
    this.entries.set(`${entry.id}/${entry.revision}`, entry)
    this.#lastMs = Math.max(this.#lastMs, entry.reservedMs, entry.endedMs ?? 0)
  }
}
