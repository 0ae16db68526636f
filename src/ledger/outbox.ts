import { decode, encode, ENTRY_COLUMNS, type EntryRow, rowToEntry } from './codec.ts'
import type { LedgerCore } from './core.ts'
import { YOUNG_MS } from './entries.ts'
import type { Charged, Entry } from './types.ts'

export const BATCH_ROWS_MAX = 500
export const BATCH_BYTES_MAX = 512 * 1024
/** Ids in memory that wait for delivery; beyond it they are found on disk again. */
const PENDING_MAX = 5_000
/** Delivered entries stay this long: rate limits look at them. */
export const KEEP_MS = 60_000
/** The ids of folded ones stay longer than any call to this object can be under way. */
const KEYS_KEPT_MS = 30 * 60_000
const SWEEP_EVERY_MS = 3_600_000

type Key = `${string}/${number}`

/**
 * Which entries Postgres still has to learn of. Entries are read from disk a batch at a time;
 * delivered ones are folded into the checkpoint and deleted a minute later.
 */
export class Outbox {
  #sql: SqlStorage
  #pending = new Set<Key>()
  #more = true
  #delivered = new Set<Key>()
  #sweptMs = 0

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Called once the tables exist: what earlier lives delivered but did not fold yet. */
  load(): void {
    const query = 'SELECT keys FROM delivered WHERE folded = 0'
    for (const { keys } of this.#sql.exec<{ keys: string }>(query)) {
      for (const key of decode<Key[]>(keys)) this.#delivered.add(key)
    }
  }

  add(id: string, revision: number): void {
    if (this.#pending.size < PENDING_MAX) this.#pending.add(`${id}/${revision}`)
    else this.#more = true
  }

  /** The next entries to deliver, oldest first; empty when Postgres has all of them. */
  take(): Entry[] {
    if (this.#pending.size === 0 && this.#more) this.#refill()
    const batch: Entry[] = []
    let bytes = 0
    for (const row of this.#read([...this.#pending].slice(0, BATCH_ROWS_MAX))) {
      bytes += row.detail.length + row.charged.length + ENTRY_COLUMNS.length
      if (bytes > BATCH_BYTES_MAX && batch.length > 0) break
      batch.push(rowToEntry(row))
    }
    return batch
  }

  /** Postgres has these. Remembered on disk, in one row, so that folding can wait. */
  confirm(batch: readonly Entry[], nowMs: number): void {
    const keys = batch.map(keyOf)
    const query = 'INSERT INTO delivered (delivered_ms, keys) VALUES (?, ?)'
    this.#sql.exec(query, nowMs, encode(keys))
    for (const key of keys) {
      this.#pending.delete(key)
      this.#delivered.add(key)
    }
  }

  /** Moves what was delivered a minute ago into the checkpoint. The sums stay as they are. */
  fold(core: LedgerCore, nowMs: number): void {
    const query = 'SELECT batch, keys FROM delivered WHERE folded = 0 AND delivered_ms <= ?'
    const due = this.#sql.exec<{ batch: number; keys: string }>(query, nowMs - KEEP_MS).toArray()
    for (const { batch, keys } of due) {
      const entries = this.#read(decode<Key[]>(keys)).map(rowToEntry)
      core.load(entries.flatMap(({ charged }) => charged.map(([scope]) => scope)))
      for (const entry of entries) this.#foldOne(entry)
      // A late settle of a released call is charged, so only charged ones are remembered as done.
      const charged = entries.filter(({ state }) => state === 'settled').map(keyOf)
      const done = 'UPDATE delivered SET folded = 1, keys = ? WHERE batch = ?'
      this.#sql.exec(done, encode(charged), batch)
    }
    if (due.length === 0) return
    const old = 'DELETE FROM delivered WHERE folded = 1 AND delivered_ms < ?'
    this.#sql.exec(old, nowMs - KEYS_KEPT_MS)
    const meta = "INSERT OR REPLACE INTO meta (name, value) VALUES ('folded_ms', ?)"
    this.#sql.exec(meta, String(nowMs))
    this.#sweep(nowMs)
  }

  /** When the oldest delivered batch may be folded, or null. */
  foldDueMs(): number | null {
    const query = 'SELECT min(delivered_ms) AS ms FROM delivered WHERE folded = 0'
    const { ms } = this.#sql.exec<{ ms: number | null }>(query).one()
    return ms === null ? null : ms + KEEP_MS
  }

  isEmpty(): boolean {
    if (this.#pending.size === 0 && this.#more) this.#refill()
    return this.#pending.size === 0
  }

  /** How many entries Postgres does not have, and what they add to a window. */
  undelivered(window: Charged): { readonly count: number; readonly pico: bigint } {
    let [count, pico] = [0, 0n]
    const query = `SELECT id, revision, charge, charged FROM entry
      WHERE state IN ('settled', 'released', 'expired') AND folded = 0`
    type Row = Pick<EntryRow, 'id' | 'revision' | 'charge' | 'charged'>
    for (const row of this.#sql.exec<Row>(query)) {
      if (this.#delivered.has(`${row.id}/${row.revision}`)) continue
      count++
      const charged = decode<Charged[]>(row.charged)
      const counts = charged.some((one) => one.every((part, at) => part === window[at]))
      if (counts) pico += BigInt(row.charge)
    }
    return { count, pico }
  }

  #foldOne(entry: Entry): void {
    const { id, revision, state } = entry
    if (entry.chargePico !== 0n) {
      for (const [scope, budget, startMs] of entry.charged) {
        this.#addToCheckpoint({ scope, budget, startMs }, entry.chargePico)
      }
    }
    // A late settle may still correct an orphan, and must do so once: its rows stay for a day.
    const kept = state === 'expired' || revision > 0
    const query = kept
      ? 'UPDATE entry SET folded = 1 WHERE id = ? AND revision = ?'
      : 'DELETE FROM entry WHERE id = ? AND revision = ?'
    this.#sql.exec(query, id, revision)
    this.#delivered.delete(keyOf(entry))
  }

  #addToCheckpoint(
    window: { readonly scope: string; readonly budget: string; readonly startMs: number },
    pico: bigint,
  ): void {
    const { scope, budget, startMs } = window
    const query = 'SELECT start_ms, spent FROM checkpoint WHERE scope = ? AND budget = ?'
    const rows = this.#sql.exec<{ start_ms: number; spent: string }>(query, scope, budget)
    const [known] = rows.toArray()
    if (known && known.start_ms > startMs) return
    const spent = known?.start_ms === startMs ? BigInt(known.spent) + pico : pico
    this.#sql.exec(
      'INSERT OR REPLACE INTO checkpoint (scope, budget, start_ms, spent) VALUES (?, ?, ?, ?)',
      scope,
      budget,
      startMs,
      String(spent),
    )
  }

  #read(keys: readonly Key[]): EntryRow[] {
    const query = `SELECT ${ENTRY_COLUMNS.replaceAll(/\b(id|revision)\b/g, 'entry.$1')}
      FROM json_each(?) AS wanted
      JOIN entry ON entry.id = wanted.value ->> 0 AND entry.revision = wanted.value ->> 1
      WHERE entry.folded = 0`
    const wanted = keys.map((key) => [key.slice(0, key.lastIndexOf('/')), revisionOf(key)])
    return this.#sql.exec<EntryRow>(query, JSON.stringify(wanted)).toArray()
  }

  #refill(): void {
    const query = `SELECT id, revision FROM entry
      WHERE state IN ('settled', 'released', 'expired') AND folded = 0 ORDER BY id LIMIT ?`
    const limit = PENDING_MAX + this.#delivered.size + 1
    let found = 0
    for (const row of this.#sql.exec<{ id: string; revision: number }>(query, limit)) {
      found++
      const key: Key = `${row.id}/${row.revision}`
      if (!this.#delivered.has(key) && this.#pending.size < PENDING_MAX) this.#pending.add(key)
    }
    this.#more = found === limit
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < SWEEP_EVERY_MS) return
    this.#sweptMs = nowMs
    const query = `DELETE FROM entry
      WHERE (state = 'tombstone' OR folded = 1) AND reserved_ms < ?`
    this.#sql.exec(query, nowMs - YOUNG_MS)
  }
}

function keyOf({ id, revision }: Entry): Key {
  return `${id}/${revision}`
}

function revisionOf(key: Key): number {
  return Number(key.slice(key.lastIndexOf('/') + 1))
}
