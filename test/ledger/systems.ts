import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { LedgerCore } from '../../src/ledger/core.ts'
import { Outbox } from '../../src/ledger/object/outbox.ts'
import { SqlStore } from '../../src/ledger/object/sql-store.ts'
import type { Entry } from '../../src/ledger/store.ts'
import { type Resets, ROLLING } from '../../src/windows.ts'
import { MemoryStore } from './memory-store.ts'

/** The ledger under test: `evict` throws its memory away. */
export interface System {
  readonly core: LedgerCore
  evict(nowMs: number): void
  /** What happens beside the requests: deliveries and folding. */
  tend?(nowMs: number): void
  /** Every entry that has ended; asked once, at the end. */
  ended(nowMs: number): Iterable<Entry>
}

export class Memory implements System {
  readonly store = new MemoryStore()
  core = new LedgerCore(this.store)

  evict(): void {
    this.core = new LedgerCore(this.store)
  }

  ended(): Iterable<Entry> {
    return this.store.entries.values()
  }
}

/** The tables of a new object; the object itself does nothing with them. */
export function inObject(act: (sql: SqlStorage) => void | Promise<void>): Promise<void> {
  const stub = env.LEDGER.getByName(`team:${crypto.randomUUID()}:1`)
  return runInDurableObject(stub, (_ledger, { storage }) => act(storage.sql))
}

/** The core over real tables, with an outbox whose Postgres always says yes. */
export class Disk implements System {
  core!: LedgerCore
  readonly delivered: Entry[] = []
  #sql: SqlStorage
  #resets: Resets
  #outbox!: Outbox

  constructor(sql: SqlStorage, resets = ROLLING) {
    this.#sql = sql
    this.#resets = resets
    this.evict()
  }

  evict(): void {
    this.#outbox = new Outbox(this.#sql)
    const store = new SqlStore(this.#sql, (id, revision) => {
      this.#outbox.add(id, revision)
    })
    this.#outbox.load()
    this.core = new LedgerCore(store, this.#resets)
  }

  tend(nowMs: number): void {
    this.#outbox.fold(this.core, nowMs)
    const batch = this.#outbox.take()
    if (batch.length === 0) return
    this.#outbox.confirm(this.core, batch, nowMs)
    this.delivered.push(...batch)
  }

  drain(nowMs: number): void {
    while (!this.#outbox.isEmpty()) this.tend(nowMs)
  }

  ended(nowMs: number): Iterable<Entry> {
    this.drain(nowMs)
    return this.delivered
  }
}
