import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { LedgerCore } from '../../src/ledger/core.ts'
import { HOLD_MS } from '../../src/ledger/entries.ts'
import { KEEP_MS, Outbox } from '../../src/ledger/object/outbox.ts'
import { SqlStore } from '../../src/ledger/object/sql-store.ts'
import type { Entry } from '../../src/ledger/types.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  opening,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'
import { type System, World } from './random-world.ts'

const OPERATIONS = 10_000
const SEEDS = [11, 12, 13, Math.floor(Math.random() * 2 ** 31)]

/** The core over real tables, with an outbox whose Postgres always says yes. */
class Disk implements System {
  core!: LedgerCore
  readonly delivered: Entry[] = []
  #sql: SqlStorage
  #outbox!: Outbox

  constructor(sql: SqlStorage) {
    this.#sql = sql
    this.evict()
  }

  evict(): void {
    this.#outbox = new Outbox(this.#sql)
    const store = new SqlStore(this.#sql, (id, revision) => {
      this.#outbox.add(id, revision)
    })
    this.#outbox.load()
    this.core = new LedgerCore(store)
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
}

describe('random operations over real tables, with evictions, deliveries and folding', () => {
  it.each(SEEDS)('are answered as the model answers them, seed %i', async (seed) => {
    const stub = env.LEDGER.getByName(`team:disk-${seed}:1`)
    await runInDurableObject(stub, (_ledger, { storage }) => {
      const system = new Disk(storage.sql)
      const options = { seed, operations: OPERATIONS, echoMs: KEEP_MS, strays: true }
      const world = new World(system, options)
      world.run()

      system.drain(world.model.nowMs)
      const keys = system.delivered.map(({ id, revision }) => `${id}/${revision}`)
      expect(new Set(keys).size, 'nothing is delivered twice').toBe(keys.length)
      const [opened, ...charges] = world.model.charges
      expect(opened?.pico).toBe(1_234n)
      const perWindow = new Map<string, bigint>()
      const add = (window: string, pico: bigint) =>
        perWindow.set(window, (perWindow.get(window) ?? 0n) + pico)
      for (const { window, pico } of charges) add(window, pico)
      for (const { charged, chargePico } of system.delivered) {
        for (const [scope, name, startMs] of charged) {
          add(`${scope}/${name}@${startMs}`, -chargePico)
        }
      }
      const off = [...perWindow].filter(([, pico]) => pico !== 0n)
      expect(off, 'what was delivered is what was charged').toEqual([])
    })
  })
})

describe('a correction of a window that has ended, folded after its successor', () => {
  it('leaves the successor’s sums as they are, also in the next life', async () => {
    const stub = env.LEDGER.getByName(`team:late-${crypto.randomUUID()}:1`)
    await runInDurableObject(stub, (_ledger, { storage }) => {
      const system = new Disk(storage.sql)
      const rows = [accountRow({ budgets: [budget(null, '4m')] })]
      const [orphan, next] = [idAt(T0, 1), idAt(T0, 2)]
      system.core.open(opening(), T0)
      admitted(system.core.reserve(reserveOf(orphan, rows, { expectedPico: 10n }), T0))
      system.core.expire(T0 + HOLD_MS)
      const secondMs = T0 + 240_000
      system.core.settle(settleOf(next, rows, { chargePico: 7n }), secondMs)
      system.drain(secondMs)
      system.tend(secondMs + KEEP_MS)
      system.core.settle(settleOf(orphan, rows, { chargePico: 4n }), secondMs + KEEP_MS)
      system.drain(secondMs + KEEP_MS)
      system.tend(secondMs + 2 * KEEP_MS)
      expect(seen(system.core, rows[0]!, secondMs + 2 * KEEP_MS)).toEqual([7n, 0n])
      system.evict()
      expect(seen(system.core, rows[0]!, secondMs + 2 * KEEP_MS)).toEqual([7n, 0n])
    })
  })
})
