import { decode, encode } from '../../json.ts'
import { ENTRY_COLUMNS, type EntryRow, HALVES, type Halves, picoOf, rowToEntry } from './codec.ts'
import { addToCheckpoint } from './checkpoint.ts'
import type { LedgerCore } from '../core.ts'
import { YOUNG_MS } from '../entries.ts'
import type { ScopeId } from '../policy.ts'
import type { Charged, Entry } from '../store.ts'

export const BATCH_ROWS_MAX = 500
export const BATCH_BYTES_MAX = 512 * 1024
/** Ids in memory that wait for delivery; beyond it they are found on disk again. */
const PENDING_MAX = 5_000
/** Delivered entries stay this long: rate limits look at them. */
export const KEEP_MS = 60_000
/** The ids of folded ones stay longer than any call to this object can be under way. */
const KEYS_KEPT_MS = 30 * 60_000
/** Bounds how long one operation may fold; the next alarm goes on. */
const FOLD_BATCHES_MAX = 4
const START = { id: '', revision: 0 }
const SWEEP_EVERY_MS = 3_600_000

const IS_ENDED = "state IN ('settled', 'released', 'expired', 'adjusted')"
const READ = `SELECT ${ENTRY_COLUMNS.replaceAll(/\b(id|revision)\b/g, 'entry.$1')}
  FROM json_each(?) AS wanted
  JOIN entry ON entry.id = wanted.value ->> 0 AND entry.revision = wanted.value ->> 1
  WHERE entry.folded = 0`

type Key = `${string}/${number}`

/**
 * Which entries Postgres still has to learn of. Entries are read from disk a batch at a time;
 * delivered ones are folded into the checkpoint and deleted a minute later.
 */
export class Outbox {
  #sql: SqlStorage
  #pending = new Set<Key>()
  #more = true
  /** How far the disk was looked through, and whether some came meanwhile that memory did not take. */
  #scanned: { readonly id: string; readonly revision: number } = START
  #overflowed = false
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
    else {
      this.#more = true
      this.#overflowed = true
    }
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

  /**
   * Postgres has these. Remembered on disk, in one row, so that the young ones can be folded later;
   * what ended long ago, as after an outage, is folded at once and piles up nowhere.
   */
  confirm(core: LedgerCore, batch: readonly Entry[], nowMs: number): void {
    const isOld = ({ endedMs }: Entry): boolean => endedMs !== null && endedMs <= nowMs - KEEP_MS
    const [old, young] = [batch.filter(isOld), batch.filter((entry) => !isOld(entry))]
    for (const entry of batch) this.#pending.delete(keyOf(entry))
    for (const entry of young) this.#delivered.add(keyOf(entry))
    const query = 'INSERT INTO delivered (delivered_ms, folded, keys) VALUES (?, ?, ?)'
    if (young.length > 0) this.#sql.exec(query, nowMs, 0, encode(young.map(keyOf)))
    if (old.length === 0) return
    this.#sql.exec(query, nowMs, 1, encode(this.#foldAll(core, old.map(keyOf), nowMs)))
    this.#markFolded(nowMs)
  }

  /** Moves what was delivered a minute ago into the checkpoint, some batches at a time. */
  fold(core: LedgerCore, nowMs: number): void {
    const query = `SELECT batch, keys FROM delivered
      WHERE folded = 0 AND delivered_ms <= ? ORDER BY batch LIMIT ?`
    const due = this.#sql
      .exec<{ batch: number; keys: string }>(query, nowMs - KEEP_MS, FOLD_BATCHES_MAX)
      .toArray()
    for (const { batch, keys } of due) {
      const charged = this.#foldAll(core, decode<Key[]>(keys), nowMs)
      const done = 'UPDATE delivered SET folded = 1, keys = ? WHERE batch = ?'
      this.#sql.exec(done, encode(charged), batch)
    }
    if (due.length === 0) return
    const old = 'DELETE FROM delivered WHERE folded = 1 AND delivered_ms < ?'
    this.#sql.exec(old, nowMs - KEYS_KEPT_MS)
    this.#markFolded(nowMs)
    this.#sweep(nowMs)
  }

  /**
   * The sums stay as they are. Returns what was charged: a late settle of a released call is
   * charged, so only these are remembered as done.
   */
  #foldAll({ books }: LedgerCore, keys: readonly Key[], nowMs: number): Key[] {
    const entries = this.#read(keys).map(rowToEntry)
    books.load(scopesOf(entries), nowMs)
    addToCheckpoint(this.#sql, entries)
    for (const entry of entries) {
      this.#remove(entry)
      if (entry.chargePico !== 0n) books.folded(entry.charged)
    }
    return entries.filter(({ state }) => state === 'settled').map(keyOf)
  }

  /** Ledger time never goes back, also when the entries that show it are gone. */
  #markFolded(nowMs: number): void {
    const meta = "INSERT OR REPLACE INTO meta (name, value) VALUES ('folded_ms', ?)"
    this.#sql.exec(meta, String(nowMs))
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
    const query = `SELECT charged, count(*) AS count, ${HALVES}
      FROM entry WHERE ${IS_ENDED} AND folded = 0 GROUP BY charged`
    type Row = Halves & { charged: string; count: number }
    let [count, pico] = [0, 0n]
    for (const row of this.#sql.exec<Row>(query)) {
      count += row.count
      if (counts(decode<Charged[]>(row.charged), window)) {
        pico += picoOf(row)
      }
    }
    for (const row of this.#read([...this.#delivered])) {
      count--
      if (counts(decode<Charged[]>(row.charged), window)) pico -= BigInt(row.charge)
    }
    return { count, pico }
  }

  #remove(entry: Entry): void {
    const { id, revision, state } = entry
    // What may come again, to correct an orphan or to adjust, acts once: its rows stay for a day.
    const kept = state === 'expired' || state === 'adjusted' || revision > 0
    const query = kept
      ? 'UPDATE entry SET folded = 1 WHERE id = ? AND revision = ?'
      : 'DELETE FROM entry WHERE id = ? AND revision = ?'
    this.#sql.exec(query, id, revision)
    this.#delivered.delete(keyOf(entry))
  }

  #read(keys: readonly Key[]): EntryRow[] {
    const wanted = keys.map((key) => [key.slice(0, key.lastIndexOf('/')), revisionOf(key)])
    return this.#sql.exec<EntryRow>(READ, JSON.stringify(wanted)).toArray()
  }

  /** Looks through the disk once, a page at a time, and again if more came than memory took. */
  #refill(): void {
    const query = `SELECT id, revision FROM entry
      WHERE (id, revision) > (?, ?) AND ${IS_ENDED} AND folded = 0
      ORDER BY id, revision LIMIT ?`
    type Row = { id: string; revision: number }
    while (this.#pending.size === 0 && this.#more) {
      const { id, revision } = this.#scanned
      const rows = this.#sql.exec<Row>(query, id, revision, PENDING_MAX).toArray()
      for (const row of rows) {
        const key: Key = `${row.id}/${row.revision}`
        if (!this.#delivered.has(key)) this.#pending.add(key)
      }
      const last = rows.length === PENDING_MAX ? rows.at(-1) : undefined
      this.#scanned = last ?? START
      this.#more = last !== undefined || this.#overflowed
      if (!last) this.#overflowed = false
    }
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

function counts(charged: readonly Charged[], [scope, budget, startMs]: Charged): boolean {
  return charged.some((one) => one[0] === scope && one[1] === budget && one[2] === startMs)
}

function scopesOf(entries: readonly Entry[]): ScopeId[] {
  return entries.flatMap(({ charged }) => charged.map(([scope]) => scope))
}

function revisionOf(key: Key): number {
  return Number(key.slice(key.lastIndexOf('/') + 1))
}
