import { migrateLedger } from './schema.ts'
import { decode, encode } from '../../json.ts'
import { ENTRY_COLUMNS, type EntryRow, entryToRow, rowToEntry } from './codec.ts'
import type {
  Charged,
  Entry,
  LedgerStore,
  Opening,
  PolicyRow,
  ScopeId,
  Traffic,
  WindowRule,
  WindowSum,
} from '../types.ts'

/** The ledger's rows in the object's SQLite. About three rows are written per request. */
export class SqlStore implements LedgerStore {
  #sql: SqlStorage
  /** Per scope: sums of the entries that were not folded yet when this object woke. */
  #unfolded = new Map<ScopeId, WindowSum[]>()
  #told = new Map<string, PolicyRow>()
  #onEnded: (id: string, revision: number) => void

  constructor(sql: SqlStorage, onEnded: (id: string, revision: number) => void) {
    this.#sql = sql
    this.#onEnded = onEnded
    migrateLedger(sql)
    this.#loadUnfolded()
    for (const { body } of sql.exec<{ body: string }>('SELECT body FROM told')) {
      const row = decode<PolicyRow>(body)
      this.#told.set(`${row.kind}:${row.id}`, row)
    }
  }

  opening(): Pick<Opening, 'epoch' | 'account'> | null {
    const text = this.meta('opening')
    return text === null ? null : decode<Pick<Opening, 'epoch' | 'account'>>(text)
  }

  saveOpening({ epoch, account, spends }: Opening): void {
    this.saveMeta('opening', encode({ epoch, account }))
    for (const { scope, budget, startMs, spentPico } of spends) {
      this.#sql.exec(
        'INSERT INTO checkpoint (scope, budget, start_ms, spent) VALUES (?, ?, ?, ?)',
        scope,
        budget,
        startMs,
        String(spentPico),
      )
    }
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
    const places = ENTRY_COLUMNS.split(',').map(() => '?')
    const query = `INSERT INTO entry (${ENTRY_COLUMNS}) VALUES (${places.join(', ')})`
    this.#sql.exec(query, ...entryToRow(entry))
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

  rules(): WindowRule[] {
    const query = 'SELECT DISTINCT rules FROM entry'
    const rows = this.#sql.exec<{ rules: string }>(query).toArray()
    return rows.flatMap(({ rules }) => decode<WindowRule[]>(rules))
  }

  sums(scope: ScopeId): WindowSum[] {
    const query = 'SELECT budget, start_ms, spent FROM checkpoint WHERE scope = ?'
    const rows = this.#sql.exec<{ budget: string; start_ms: number; spent: string }>(query, scope)
    const folded = rows.toArray().map((row) => ({
      budget: row.budget,
      startMs: row.start_ms,
      spentPico: BigInt(row.spent),
    }))
    return [...folded, ...(this.#unfolded.get(scope) ?? [])]
  }

  traffic(scope: ScopeId, sinceMs: number): Traffic[] {
    const query = `SELECT reserved_ms, ended_ms, tokens, scopes FROM entry
      WHERE (reserved_ms > ? OR ended_ms > ?) AND state <> 'tombstone' AND revision = 0`
    type Row = Pick<EntryRow, 'reserved_ms' | 'ended_ms' | 'tokens' | 'scopes'>
    return this.#sql
      .exec<Row>(query, sinceMs, sinceMs)
      .toArray()
      .filter((row) => decode<ScopeId[]>(row.scopes).includes(scope))
      .map((row) => ({ reservedMs: row.reserved_ms, endedMs: row.ended_ms, tokens: row.tokens }))
  }

  told(kind: PolicyRow['kind'], id: string): PolicyRow | null {
    return this.#told.get(`${kind}:${id}`) ?? null
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
    this.#told.set(`${row.kind}:${row.id}`, row)
  }

  /** Rows told so long ago that no cache can hold an older one; the account's own row stays. */
  forgetTold(beforeMs: number): void {
    const query = "DELETE FROM told WHERE told_ms < ? AND kind <> 'account' RETURNING kind, id"
    for (const { kind, id } of this.#sql.exec<{ kind: string; id: string }>(query, beforeMs)) {
      this.#told.delete(`${kind}:${id}`)
    }
  }

  meta(name: string): string | null {
    const rows = this.#sql.exec<{ value: string }>('SELECT value FROM meta WHERE name = ?', name)
    for (const { value } of rows) return value
    return null
  }

  saveMeta(name: string, value: string): void {
    this.#sql.exec('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', name, value)
  }

  /** Amounts are summed in two halves: SQLite's own sum would fail, or lose digits, past 2^53. */
  #loadUnfolded(): void {
    const query = `SELECT charged, SUM(charge >> 32) AS high, SUM(charge & 4294967295) AS low
      FROM entry WHERE folded = 0 AND charge <> 0 GROUP BY charged`
    for (const row of this.#sql.exec<{ charged: string; high: number; low: number }>(query)) {
      const spentPico = BigInt(row.high) * 4_294_967_296n + BigInt(row.low)
      for (const [scope, budget, startMs] of decode<Charged[]>(row.charged)) {
        const sums = this.#unfolded.get(scope) ?? []
        this.#unfolded.set(scope, [...sums, { budget, startMs, spentPico }])
      }
    }
  }
}

function isEnded({ state }: Entry): boolean {
  return state === 'settled' || state === 'released' || state === 'expired'
}
