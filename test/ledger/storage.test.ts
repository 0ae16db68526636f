import { describe, expect, it } from 'vitest'
import { encode } from '../../src/json.ts'
import { KEEP_MS } from '../../src/ledger/object/outbox.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  KEY_SCOPE,
  keyRow,
  opening,
  rates,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'
import { Disk, inObject } from './systems.ts'

/**
 * Objects sleep for years and wake under newer code; during a deploy older code may find newer
 * tables. These are the tables and statements of the first version that shipped.
 */
const FIRST_TABLES = `
  CREATE TABLE step (number INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE entry (id TEXT NOT NULL, revision INTEGER NOT NULL, state TEXT NOT NULL,
    reserved_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL, ended_ms INTEGER,
    hold INTEGER NOT NULL, seen INTEGER NOT NULL, charge INTEGER NOT NULL,
    hold_tokens INTEGER NOT NULL, tokens INTEGER NOT NULL, scopes TEXT NOT NULL,
    rules TEXT NOT NULL, charged TEXT NOT NULL, detail TEXT NOT NULL,
    folded INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (id, revision)) WITHOUT ROWID, STRICT;
  CREATE TABLE checkpoint (scope TEXT NOT NULL, budget TEXT NOT NULL, start_ms INTEGER NOT NULL,
    spent TEXT NOT NULL, PRIMARY KEY (scope, budget)) WITHOUT ROWID, STRICT;
  CREATE TABLE delivered (batch INTEGER PRIMARY KEY, delivered_ms INTEGER NOT NULL,
    folded INTEGER NOT NULL DEFAULT 0, keys TEXT NOT NULL) STRICT;
  CREATE TABLE told (kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    told_ms INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID, STRICT;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
  INSERT INTO step (number) VALUES (1)`

const FIRST_CHECKPOINT =
  'INSERT OR REPLACE INTO checkpoint (scope, budget, start_ms, spent) VALUES (?, ?, ?, ?)'

const hour = (version = 1, duration = '1h', anchorMs = T0) =>
  accountRow({ version, budgets: [budget(1_000n, duration, { anchorMs })] })

/** What the first version wrote of a call of the account and the key. */
interface Written {
  readonly id: string
  readonly state: 'held' | 'settled'
  readonly atMs: number
  readonly pico: bigint
}

function write(sql: SqlStorage, { id, state, atMs, pico }: Written): void {
  const isHeld = state === 'held'
  const scopes = [KEY_SCOPE, 'account']
  const rule = { version: 1, budget: 'main', duration: { count: 1, unit: 'h' }, anchorMs: T0 }
  const rules = scopes.map((scope) => ({ scope, ...rule }))
  const charged = scopes.map((scope) => [scope, 'main', T0])
  sql.exec(
    `INSERT INTO entry (id, revision, state, reserved_ms, deadline_ms, ended_ms, hold, seen, charge,
       hold_tokens, tokens, scopes, rules, charged, detail)
     VALUES (?, 0, ?, ?, ?, ?, ?, 0, ?, 3, ?, ?, ?, ?, '{}')`,
    id,
    state,
    atMs,
    atMs + 180_000,
    isHeld ? null : atMs,
    Number(pico),
    isHeld ? 0 : Number(pico),
    isHeld ? 0 : 3,
    JSON.stringify(scopes),
    JSON.stringify(rules),
    JSON.stringify(isHeld ? [] : charged),
  )
}

/** A ledger that the first version opened and used: 500 folded, 40 charged, 7 held. */
function old(sql: SqlStorage): Disk {
  // The object under this test made the newest tables; it sleeps while they are exchanged.
  const tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%cf%'"
  for (const { name } of sql.exec<{ name: string }>(tables).toArray()) {
    sql.exec(`DROP TABLE ${name}`)
  }
  sql.exec(FIRST_TABLES)
  const body = encode({ epoch: 3, account: hour() })
  sql.exec("INSERT INTO meta (name, value) VALUES ('opening', ?)", body)
  sql.exec("INSERT INTO meta (name, value) VALUES ('folded_ms', ?)", String(T0))
  sql.exec(FIRST_CHECKPOINT, 'account', 'main', T0, '500')
  sql.exec(FIRST_CHECKPOINT, KEY_SCOPE, 'main', T0, '500')
  write(sql, { id: idAt(T0, 1), state: 'settled', atMs: T0 + 1_000, pico: 40n })
  write(sql, { id: idAt(T0, 2), state: 'held', atMs: T0 + 2_000, pico: 7n })
  return new Disk(sql)
}

describe('what the first version left', () => {
  it('is all there', () =>
    inObject((sql) => {
      const { core } = old(sql)
      expect(core.epoch).toBe(3)
      expect(seen(core, hour(), T0 + 3_000)).toEqual([540n, 7n])
      const limited = accountRow({ ...hour(), rates: rates({ requestsPerMinute: 2 }) })
      expect(core.reserve(reserveOf(idAt(T0 + 3_000), [limited]), T0 + 3_000)).toMatchObject({
        kind: 'refused',
        refusal: { reason: 'requests' },
      })
    }))

  it('goes on: its calls settle, are delivered and folded, and its windows end', () =>
    inObject((sql) => {
      const system = old(sql)
      system.core.settle(settleOf(idAt(T0, 2), [hour()], { chargePico: 9n }), T0 + 4_000)
      for (const nowMs of [T0 + 4_000, T0 + 4_000 + KEEP_MS]) {
        expect(seen(system.core, hour(), nowMs)).toEqual([549n, 0n])
        system.drain(nowMs)
        system.evict()
      }
      system.tend(T0 + 4_000 + KEEP_MS)
      system.evict()
      expect(seen(system.core, hour(), T0 + 3_599_999)).toEqual([549n, 0n])
      expect(seen(system.core, hour(), T0 + 3_600_000)).toEqual([0n, 0n])
    }))

  it('keeps its spend when a duration changes, though nobody noted when windows end', () =>
    inObject((sql) => {
      const system = old(sql)
      const day = hour(2, '1d', T0 + 60_000)
      system.core.tell(day, T0 + 60_000)
      expect(seen(system.core, day, T0 + 61_000)).toEqual([540n, 7n])
      expect(seen(system.core, day, T0 + 7_200_000)).toEqual([547n, 0n])
      system.evict()
      expect(seen(system.core, day, T0 + 7_200_000)).toEqual([547n, 0n])
    }))

  it('may move: a key takes it along', () =>
    inObject((sql) => {
      const { core } = old(sql)
      const key = keyRow({ version: 2, budgets: hour().budgets })
      const balance = core.leave(key, T0 + 3_000)
      const spent = balance?.spends.map(({ scope, spentPico }) => [scope, spentPico])
      expect(spent).toEqual([[KEY_SCOPE, 540n]])
      expect(seen(core, key, T0 + 3_000)).toEqual([0n, 7n])
      expect(seen(core, hour(), T0 + 3_000)).toEqual([540n, 7n])
    }))
})

describe('code of the first version, before it is replaced everywhere,', () => {
  it('reads and writes the tables of now, and loses nothing of either’s', () =>
    inObject((sql) => {
      const system = new Disk(sql)
      system.core.open(opening({ account: hour() }), T0)
      const rows = [keyRow({ budgets: hour().budgets }), hour()]
      admitted(system.core.reserve(reserveOf(idAt(T0, 1), rows, { expectedPico: 5n }), T0))
      system.core.settle(settleOf(idAt(T0, 1), rows, { chargePico: 11n }), T0)
      system.drain(T0)
      system.tend(T0 + KEEP_MS)

      // The older code wakes, folds one of its own entries, and leaves another.
      const [known] = sql.exec("SELECT start_ms, spent FROM checkpoint WHERE scope = 'account'")
      expect(known).toEqual({ start_ms: T0, spent: '11' })
      for (const scope of ['account', KEY_SCOPE]) {
        sql.exec(FIRST_CHECKPOINT, scope, 'main', T0, '31')
      }
      write(sql, { id: idAt(T0, 2), state: 'settled', atMs: T0 + KEEP_MS, pico: 40n })

      system.evict()
      for (const row of rows) expect(seen(system.core, row, T0 + KEEP_MS)).toEqual([71n, 0n])
      const week = hour(2, '1w', T0 + KEEP_MS)
      system.core.tell(week, T0 + KEEP_MS)
      expect(seen(system.core, week, T0 + 7_200_000)).toEqual([71n, 0n])
    }))
})
