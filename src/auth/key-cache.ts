import type { KeyRecord } from '../db/keys.ts'
import type { PolicyRow } from '../ledger/policy.ts'
import { rowsOf } from './caller.ts'

const ENTRIES_MAX = 10_000
/** Older records are still used, while a fresh one is fetched beside the request. */
const FRESH_MS = 60_000
export const STALE_MAX_MS = 24 * 3_600_000
/** An unknown key is asked for again after this long, and a stale one at most this often. */
const UNKNOWN_MS = 5_000
/** A request that looks a key up may end without a word; others then do it. */
export const LOOKUP_MAX_MS = 5_000

export interface Cached {
  readonly record: KeyRecord | null
  readonly isFresh: boolean
}

/**
 * What this isolate knows of keys: values, never promises. It may be stale, because the ledger
 * is not: a record that carries an old row is sent back with the newer one.
 */
export class KeyCache {
  #entries = new Map<string, { readonly record: KeyRecord; readonly atMs: number }>()
  /** Apart from the others: a flood of unknown keys must not push the good ones out. */
  #unknown = new Map<string, number>()
  #refreshed = new Map<string, number>()
  #lookedUp = new Map<string, number>()
  /** The account that the master key pays from, once its ledger answered with it. */
  adminAccount: PolicyRow | null = null

  get(hash: string, nowMs: number): Cached | null {
    const unknownMs = this.#unknown.get(hash)
    if (unknownMs !== undefined && nowMs - unknownMs <= UNKNOWN_MS) {
      return { record: null, isFresh: true }
    }
    const entry = this.#entries.get(hash)
    if (!entry || nowMs - entry.atMs > STALE_MAX_MS) return null
    put(this.#entries, hash, entry)
    return { record: entry.record, isFresh: nowMs - entry.atMs <= FRESH_MS }
  }

  /** A record never replaces one whose rows are newer than its own. */
  set(hash: string, record: KeyRecord | null, nowMs: number): void {
    if (!record) {
      this.#entries.delete(hash)
      put(this.#unknown, hash, nowMs)
      return
    }
    const known = this.#entries.get(hash)?.record
    if (known && isOlder(record, known)) return
    this.#unknown.delete(hash)
    put(this.#entries, hash, { record, atMs: nowMs })
  }

  /** A record that a ledger's answer made newer: good to use, the rest of it to be fetched anew. */
  amend(hash: string, record: KeyRecord, nowMs: number): void {
    this.set(hash, record, nowMs - FRESH_MS - 1)
  }

  /** Once per UNKNOWN_MS and key, however many requests carry a stale one. */
  mayRefresh(hash: string, nowMs: number): boolean {
    if (nowMs - (this.#refreshed.get(hash) ?? -Infinity) <= UNKNOWN_MS) return false
    put(this.#refreshed, hash, nowMs)
    return true
  }

  /** False while another request looks this key up: what it finds is for all of them. */
  beginLookup(hash: string, nowMs: number): boolean {
    if (nowMs - (this.#lookedUp.get(hash) ?? -Infinity) < LOOKUP_MAX_MS) return false
    put(this.#lookedUp, hash, nowMs)
    return true
  }

  endLookup(hash: string): void {
    this.#lookedUp.delete(hash)
  }

  /** A key that was asked for before it was made is unknown no more. */
  forget(hash: string): void {
    this.#entries.delete(hash)
    this.#unknown.delete(hash)
  }

  get size(): number {
    return this.#entries.size + this.#unknown.size
  }
}

/** As the last of the map; the first ones go when there are too many. */
function put<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= ENTRIES_MAX) break
    map.delete(oldest)
  }
}

/** Whether a newer row than the record's is known. Once a key has moved, only its own row tells. */
export function isOlder(record: KeyRecord, known: KeyRecord): boolean {
  if (record.accountId !== known.accountId) return record.key.version < known.key.version
  const rows = rowsOf(known)
  return rowsOf(record).some(({ kind, id, version }) =>
    rows.some((row) => row.kind === kind && row.id === id && version < row.version),
  )
}
