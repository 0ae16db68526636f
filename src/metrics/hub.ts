import { DurableObject } from 'cloudflare:workers'
import { decode, encode } from '../json.ts'
import { describe, log } from '../log.ts'
import { type AccountSnapshot, roll, type SnapshotAnswer } from '../ledger/snapshot.ts'
import { within } from '../within.ts'

/** A ledger that does not answer in this time is shown as it was at the last scrape. */
const LEDGER_TIMEOUT_MS = 2_000
const ASKED_AT_ONCE = 64

export interface HubScrape {
  readonly accounts: readonly AccountSnapshot[]
  /** Ledgers with news that did not answer. */
  readonly stale: number
}

type Row = { snapshot: string }

/**
 * Knows which ledgers have news since the last scrape, and what the others said last. A ledger
 * registers before its first settle is answered, so no acknowledged settle is missing here.
 */
export class MetricsHub extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    ctx.storage.sql.exec(`CREATE TABLE IF NOT EXISTS ledger (
      name TEXT PRIMARY KEY,
      registered INTEGER NOT NULL,
      registration INTEGER NOT NULL,
      snapshot TEXT
    ) WITHOUT ROWID, STRICT`)
  }

  register(name: string, registration: number): void {
    this.ctx.storage.sql.exec(
      `INSERT INTO ledger (name, registered, registration) VALUES (?, 1, ?)
       ON CONFLICT (name) DO UPDATE SET registered = 1, registration = excluded.registration`,
      name,
      registration,
    )
  }

  /** Asks the ledgers with news, lets the others sleep. */
  async scrape(): Promise<HubScrape> {
    const stale = await this.#askAll()
    const nowMs = Date.now()
    const rows = this.ctx.storage.sql.exec<Row>(
      'SELECT snapshot FROM ledger WHERE snapshot IS NOT NULL',
    )
    const accounts = rows.toArray().map(({ snapshot }) => {
      return roll(decode<AccountSnapshot>(snapshot), nowMs)
    })
    return { accounts, stale }
  }

  /** The same for its effect only: whoever is asked sets its alarm, should it have lost it. */
  async wake(): Promise<void> {
    await this.#askAll()
  }

  /** How many of those with news did not answer. */
  async #askAll(): Promise<number> {
    const query = 'SELECT name FROM ledger WHERE registered = 1'
    const registered = this.ctx.storage.sql.exec<{ name: string }>(query).toArray()
    let stale = 0
    for (let i = 0; i < registered.length; i += ASKED_AT_ONCE) {
      const asked = registered.slice(i, i + ASKED_AT_ONCE)
      const answers = await Promise.all(asked.map(({ name }) => this.#ask(name)))
      for (const [at, answer] of answers.entries()) {
        const { name } = asked[at]!
        if (answer) this.#keep(name, answer)
        else stale++
      }
    }
    return stale
  }

  async #ask(name: string): Promise<SnapshotAnswer | null> {
    try {
      return await within(LEDGER_TIMEOUT_MS, this.env.LEDGER.getByName(name).snapshot())
    } catch (error) {
      log('warn', 'scrape_ledger_failed', { ledger: name, error: describe(error) })
      return null
    }
  }

  /** A ledger that registered again while it was being dropped stays. */
  #keep(name: string, { snapshot, registration, dropped }: SnapshotAnswer): void {
    const { sql } = this.ctx.storage
    if (snapshot) sql.exec('UPDATE ledger SET snapshot = ? WHERE name = ?', encode(snapshot), name)
    if (!dropped) return
    const query = 'UPDATE ledger SET registered = 0 WHERE name = ? AND registration <= ?'
    sql.exec(query, name, registration)
  }
}
