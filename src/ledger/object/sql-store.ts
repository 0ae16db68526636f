import { decode, encode } from '../../json.ts'
import type { PolicyRow, ScopeId } from '../policy.ts'
import type { Charged, Entry, KeyBalance, LedgerStore, RecentCall, Unfolded } from '../store.ts'
import type { Balance, Opening, ScopeTraffic, WindowSum } from '../types.ts'
import { checkpointOf, saveCheckpoint } from './checkpoint.ts'
import {
  ENTRY_COLUMNS,
  type EntryRow,
  entryToRow,
  HALVES,
  type Halves,
  picoOf,
  rowToEntry,
} from './codec.ts'
import { migrateLedger } from './schema.ts'

const PLACES = ENTRY_COLUMNS.split(',').map(() => '?')
const INSERT_ENTRY = `INSERT INTO entry (${ENTRY_COLUMNS}) VALUES (${PLACES.join(', ')})`

/** The ledger's rows in the object's SQLite. About three rows are written per request. */
export class SqlStore implements LedgerStore {
  #sql: SqlStorage
  /** Whether any row was told at all, which is seldom. */
  #hasTold: boolean
  #onEnded: (id: string, revision: number) => void

  constructor(sql: SqlStorage, onEnded: (id: string, revision: number) => void) {
    this.#sql = sql
    this.#onEnded = onEnded
    migrateLedger(sql)
    this.#hasTold = sql.exec('SELECT 1 FROM told LIMIT 1').toArray().length > 0
  }

  opening(): Pick<Opening, 'epoch' | 'account'> | null {
    const text = this.meta('opening')
    return text === null ? null : decode<Pick<Opening, 'epoch' | 'account'>>(text)
  }

  saveOpening({ epoch, account, spends, traffic }: Opening, nowMs: number): void {
    this.saveMeta('opening', encode({ epoch, account }))
    for (const { scope, ...sum } of spends) this.saveCheckpoint(scope, sum)
    const balance = { version: 0, spends: [], traffic: traffic ?? [] }
    if (balance.traffic.length > 0) this.saveBalance('in', { key: '', balance }, nowMs)
  }

  lastMs(): number {
    const query = 'SELECT max(max(reserved_ms), max(coalesce(ended_ms, 0))) AS ms FROM entry'
    const { ms } = this.#sql.exec<{ ms: number | null }>(query).one()
    return Math.max(ms ?? 0, Number(this.meta('folded_ms') ?? 0))
  }

  entry(id: string, revision: number): Entry | null {
    const query = `SELECT ${ENTRY_COLUMNS} FROM entry WHERE id = ? AND revision = ?`
    for (const row of this.#sql.exec<EntryRow>(query, id, revision)) return rowToEntry(row)
    return null
  }

  wasFolded(id: string): boolean {
    const query = `SELECT count(*) AS found FROM delivered, json_each(delivered.keys) AS key
      WHERE key.value = ?`
    return this.#sql.exec<{ found: number }>(query, `${id}/0`).one().found > 0
  }

  insert(entry: Entry): void {
    this.#sql.exec(INSERT_ENTRY, ...entryToRow(entry))
    if (isEnded(entry)) this.#onEnded(entry.id, entry.revision)
  }

  update(entry: Entry): void {
    this.#sql.exec(
      `UPDATE entry SET state = ?, deadline_ms = ?, ended_ms = ?, seen = ?, charge = ?,
         tokens = ?, charged = ?, detail = ? WHERE id = ? AND revision = ?`,
      entry.state,
      entry.deadlineMs,
      entry.endedMs,
      Number(entry.seenPico),
      Number(entry.chargePico),
      entry.tokens,
      encode(entry.charged),
      encode(entry.detail),
      entry.id,
      entry.revision,
    )
    if (isEnded(entry)) this.#onEnded(entry.id, entry.revision)
  }

  held(): Entry[] {
    const query = `SELECT ${ENTRY_COLUMNS} FROM entry WHERE state = 'held'`
    return this.#sql.exec<EntryRow>(query).toArray().map(rowToEntry)
  }

  checkpoint(scope: ScopeId): WindowSum[] {
    return checkpointOf(this.#sql, scope)
  }

  saveCheckpoint(scope: ScopeId, sum: WindowSum): void {
    saveCheckpoint(this.#sql, scope, sum)
  }

  checkpointScopes(owner: ScopeId): ScopeId[] {
    // What follows a slash is a model; '0' is the character after it.
    const query = `SELECT DISTINCT scope FROM checkpoint
      WHERE scope = ?1 OR (scope > ?1 || '/' AND scope < ?1 || '0')`
    const rows = this.#sql.exec<{ scope: string }>(query, owner).toArray()
    return rows.map(({ scope }) => scope)
  }

  /** Amounts are summed in two halves: SQLite's own sum would fail, or lose digits, past 2^53. */
  unfolded(): Unfolded[] {
    const query = `SELECT charged, count(*) AS count, ${HALVES}
      FROM entry WHERE folded = 0 AND charge <> 0 GROUP BY charged`
    type Row = Halves & { charged: string; count: number }
    return this.#sql
      .exec<Row>(query)
      .toArray()
      .map((row) => ({
        charged: decode<Charged[]>(row.charged),
        count: row.count,
        pico: picoOf(row),
      }))
  }

  traffic(sinceMs: number): RecentCall[] {
    const query = `SELECT id, reserved_ms, ended_ms, tokens, scopes FROM entry
      WHERE (reserved_ms > ? OR ended_ms > ?) AND revision = 0
        AND state NOT IN ('tombstone', 'adjusted')`
    type Row = Pick<EntryRow, 'id' | 'reserved_ms' | 'ended_ms' | 'tokens' | 'scopes'>
    return this.#sql
      .exec<Row>(query, sinceMs, sinceMs)
      .toArray()
      .map((row) => ({
        id: row.id,
        reservedMs: row.reserved_ms,
        endedMs: row.ended_ms,
        tokens: row.tokens,
        scopes: decode<ScopeId[]>(row.scopes),
      }))
  }

  balance(direction: 'out' | 'in', key: string): Balance | null {
    const query = 'SELECT body FROM balance WHERE direction = ? AND id = ?'
    for (const { body } of this.#sql.exec<{ body: string }>(query, direction, key)) {
      return decode<Balance>(body)
    }
    return null
  }

  saveBalance(direction: 'out' | 'in', { key, balance }: KeyBalance, nowMs: number): void {
    const query = 'INSERT OR REPLACE INTO balance (direction, id, at_ms, body) VALUES (?, ?, ?, ?)'
    this.#sql.exec(query, direction, key, nowMs, encode(balance))
  }

  arrivals(sinceMs: number): ScopeTraffic[] {
    const query = "SELECT body FROM balance WHERE direction = 'in' AND at_ms > ?"
    const rows = this.#sql.exec<{ body: string }>(query, sinceMs).toArray()
    return rows.flatMap(({ body }) => [...decode<Balance>(body).traffic])
  }

  told(kind: PolicyRow['kind'], id: string): PolicyRow | null {
    if (!this.#hasTold) return null
    const query = 'SELECT body FROM told WHERE kind = ? AND id = ?'
    for (const { body } of this.#sql.exec<{ body: string }>(query, kind, id)) {
      return decode<PolicyRow>(body)
    }
    return null
  }

  saveTold(row: PolicyRow, nowMs: number): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO told (kind, id, version, told_ms, body) VALUES (?, ?, ?, ?, ?)',
      row.kind,
      row.id,
      row.version,
      nowMs,
      encode(row),
    )
    this.#hasTold = true
  }

  /** What was told so long ago that no cache can hold an older row; the account's own row stays. */
  forgetTold(beforeMs: number): void {
    this.#sql.exec("DELETE FROM told WHERE told_ms < ? AND kind <> 'account'", beforeMs)
    this.#sql.exec('DELETE FROM balance WHERE at_ms < ?', beforeMs)
  }

  meta(name: string): string | null {
    const rows = this.#sql.exec<{ value: string }>('SELECT value FROM meta WHERE name = ?', name)
    for (const { value } of rows) return value
    return null
  }

  saveMeta(name: string, value: string): void {
    this.#sql.exec('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', name, value)
  }
}

function isEnded({ state }: Entry): boolean {
  return state !== 'held' && state !== 'tombstone'
}
