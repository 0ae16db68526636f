import type { KeyRecord } from '../db/keys.ts'

const ENTRIES_MAX = 10_000
/** Older records are still used, while a fresh one is fetched beside the request. */
const FRESH_MS = 60_000
const STALE_MAX_MS = 24 * 3_600_000
/** An unknown key is asked for again after this long. */
const UNKNOWN_MS = 5_000

export interface Cached {
  readonly record: KeyRecord | null
  readonly isFresh: boolean
}

/**
 * What this isolate knows of keys: values, never promises. It may be stale, because the ledger
 * is not: a record that carries an old row is sent back with the newer one.
 */
export class KeyCache {
  #entries = new Map<string, { record: KeyRecord | null; readonly atMs: number }>()

  get(hash: string, nowMs: number): Cached | null {
    const entry = this.#entries.get(hash)
    if (!entry) return null
    const ageMs = nowMs - entry.atMs
    if (ageMs > (entry.record ? STALE_MAX_MS : UNKNOWN_MS)) {
      this.#entries.delete(hash)
      return null
    }
    this.#entries.delete(hash)
    this.#entries.set(hash, entry)
    return { record: entry.record, isFresh: !entry.record || ageMs <= FRESH_MS }
  }

  /** Keeps the least recently used ones out. A record never replaces rows newer than its own. */
  set(hash: string, record: KeyRecord | null, nowMs: number): void {
    const known = this.#entries.get(hash)?.record
    if (known && record && isOlder(record, known)) return
    this.#entries.delete(hash)
    this.#entries.set(hash, { record, atMs: nowMs })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= ENTRIES_MAX) break
      this.#entries.delete(oldest)
    }
  }

  /** A key that was asked for before it was made is unknown no more. */
  forget(hash: string): void {
    this.#entries.delete(hash)
  }

  get size(): number {
    return this.#entries.size
  }
}

function isOlder(record: KeyRecord, known: KeyRecord): boolean {
  return (
    record.key.version < known.key.version ||
    (record.account.id === known.account.id && record.account.version < known.account.version)
  )
}
