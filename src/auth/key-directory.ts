import { DurableObject } from 'cloudflare:workers'
import type { KeyRecord } from '../db/keys.ts'
import { decode, encode } from '../json.ts'
import { isOlder, STALE_MAX_MS } from './key-cache.ts'

const RECORDS_MAX = 50_000
const PRUNE_EVERY_MS = 3_600_000

export interface SharedRecord {
  readonly record: KeyRecord
  /** When Postgres last confirmed it. */
  readonly confirmedMs: number
}

/**
 * What all isolates share of keys that Postgres confirmed in the last day, so that a new isolate
 * can serve them while Postgres is away. Stale, like every cache: the ledger knows better.
 */
export class KeyDirectory extends DurableObject<Env> {
  #sql: SqlStorage

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS record (
      hash TEXT PRIMARY KEY,
      confirmed_ms INTEGER NOT NULL,
      body TEXT NOT NULL
    ) WITHOUT ROWID, STRICT`)
  }

  get(hash: string): SharedRecord | null {
    const query = 'SELECT confirmed_ms, body FROM record WHERE hash = ? AND confirmed_ms > ?'
    const rows = this.#sql.exec<{ confirmed_ms: number; body: string }>(
      query,
      hash,
      Date.now() - STALE_MAX_MS,
    )
    const [row] = rows.toArray()
    return row ? { record: decode<KeyRecord>(row.body), confirmedMs: row.confirmed_ms } : null
  }

  /** An older record never replaces a newer one, whichever isolate is slower. */
  async put(record: KeyRecord): Promise<void> {
    const known = this.get(record.hash)
    if (known && isOlder(record, known.record)) return
    const query = 'INSERT OR REPLACE INTO record (hash, confirmed_ms, body) VALUES (?, ?, ?)'
    this.#sql.exec(query, record.hash, Date.now(), encode(record))
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(Date.now() + PRUNE_EVERY_MS)
    }
  }

  remove(hash: string): void {
    this.#sql.exec('DELETE FROM record WHERE hash = ?', hash)
  }

  /** Forgets what is too old to be used, and the oldest ones beyond the most that is kept. */
  override async alarm(): Promise<void> {
    this.#sql.exec('DELETE FROM record WHERE confirmed_ms <= ?', Date.now() - STALE_MAX_MS)
    this.#sql.exec(
      `DELETE FROM record WHERE hash IN
        (SELECT hash FROM record ORDER BY confirmed_ms DESC LIMIT -1 OFFSET ?)`,
      RECORDS_MAX,
    )
    const { count } = this.#sql
      .exec<{ count: number }>('SELECT count(*) AS count FROM record')
      .one()
    if (count > 0) await this.ctx.storage.setAlarm(Date.now() + PRUNE_EVERY_MS)
  }
}

/** Hashes spread over sixteen directories by their first digit. */
export function directoryOf(namespace: Env['KEY_DIRECTORY'], hash: string) {
  return namespace.getByName(`keys:${hash.slice(0, 1)}`)
}
