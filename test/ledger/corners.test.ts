import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { entryId } from '../../src/ids.ts'
import { LedgerCore } from '../../src/ledger/core.ts'
import { HOLD_MS } from '../../src/ledger/entries.ts'
import { KEEP_MS, Outbox } from '../../src/ledger/object/outbox.ts'
import { allHubs } from '../../src/ledger/object/hubs.ts'
import { SqlStore } from '../../src/ledger/object/sql-store.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  openLedger,
  opening,
  rates,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'
import { MemoryStore } from './memory-store.ts'

const ID = idAt(T0, 1)

describe('a budget whose duration was changed while a call was in flight', () => {
  /** Until 12:00:00.500 the window was a second; from then on it is a day, worth 100. */
  const old = accountRow({ version: 1, budgets: [budget(1_000n, '1s')] })
  const CHANGED = T0 + 500
  const now = accountRow({ version: 2, budgets: [budget(100n, '1d', { anchorMs: CHANGED })] })

  const changed = () => {
    const { core } = openLedger({ account: old })
    admitted(core.reserve(reserveOf(ID, [old], { expectedPico: 5n }), T0))
    core.tell(now, CHANGED)
    const filling = idAt(CHANGED, 2)
    admitted(core.reserve(reserveOf(filling, [now], { expectedPico: 90n }), CHANGED))
    core.settle(settleOf(filling, [now], { chargePico: 90n }), CHANGED)
    return core
  }

  it('keeps its spend when that call settles by the old row', () => {
    const core = changed()
    core.settle(settleOf(ID, [old], { chargePico: 5n }), T0 + 10_000)
    expect(seen(core, now, T0 + 10_000)).toEqual([95n, 0n])
  })

  it('keeps its spend when that call is orphaned', () => {
    const core = changed()
    core.expire(T0 + HOLD_MS)
    expect(seen(core, now, T0 + HOLD_MS)).toEqual([95n, 0n])
  })

  it('keeps its spend when somebody reads by the old row', () => {
    const core = changed()
    core.read([old], T0 + 10_000)
    expect(seen(core, now, T0 + 10_000)).toEqual([90n, 5n])
  })
})

describe('a row told before the opening', () => {
  it('is the account’s row in this life as in the next', () => {
    const store = new MemoryStore()
    const core = new LedgerCore(store)
    const newer = accountRow({ version: 2, alias: 'renamed' })
    core.tell(newer, T0)
    core.open(opening(), T0)
    expect(new LedgerCore(store).account()).toEqual(newer)
    expect(core.account()).toEqual(newer)
  })
})

describe('a clock that goes back while the object sleeps', () => {
  it('does not delay a deadline behind a renewed one', () => {
    const { core, store } = openLedger()
    admitted(core.reserve(reserveOf(ID, [accountRow()], { expectedPico: 1n }), T0))
    core.renew(ID, 0n, T0 + 40_000)
    const again = new LedgerCore(store)
    const other = idAt(T0 + 10_000, 2)
    admitted(again.reserve(reserveOf(other, [accountRow()], { expectedPico: 2n }), T0 + 10_000))
    const { deadlineMs } = store.entry(other, 0)!
    expect(again.nextDeadlineMs).toBe(Math.min(deadlineMs, T0 + 40_000 + HOLD_MS))
  })
})

/** The core over real tables, with a clock of the test's own. */
class Disk {
  core!: LedgerCore
  outbox!: Outbox
  #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    this.wake()
    this.core.open(opening(), T0)
  }

  wake(): void {
    this.outbox = new Outbox(this.#sql)
    const store = new SqlStore(this.#sql, (id, revision) => {
      this.outbox.add(id, revision)
    })
    this.outbox.load()
    this.core = new LedgerCore(store)
  }

  deliverAndFold(nowMs: number): void {
    this.outbox.confirm(this.core, this.outbox.take(), nowMs)
    this.outbox.fold(this.core, nowMs + KEEP_MS)
  }
}

function onDisk(act: (disk: Disk) => void): Promise<void> {
  const stub = env.LEDGER.getByName(`team:found-${crypto.randomUUID()}:1`)
  return runInDurableObject(stub, (_ledger, { storage }) => act(new Disk(storage.sql)))
}

describe('the rates of a scope', () => {
  it.each([
    ['requests', rates({ requestsPerMinute: 2 })],
    ['tokens', rates({ tokensPerMinute: 10 })],
  ])('count a charge out of the blue before an eviction as after it: %s', async (_name, limits) => {
    const rows = [accountRow({ rates: limits })]
    const answers: string[] = []
    for (const evicted of [false, true]) {
      await onDisk((disk) => {
        admitted(disk.core.reserve(reserveOf(ID, rows), T0))
        disk.core.release(ID, {}, T0)
        disk.core.settle(settleOf(idAt(T0, 2), rows, { chargePico: 1n, tokens: 10 }), T0)
        if (evicted) disk.wake()
        const request = reserveOf(idAt(T0, 3), rows, { expectedTokens: 1 })
        answers.push(disk.core.reserve(request, T0).kind)
      })
    }
    expect(answers[1]).toBe(answers[0])
  })
})

describe('a call that was released and folded away', () => {
  it('is still charged by a late settle: money was spent', () =>
    onDisk((disk) => {
      const rows = [accountRow()]
      admitted(disk.core.reserve(reserveOf(ID, rows, { expectedPico: 5n }), T0))
      disk.core.release(ID, {}, T0)
      disk.deliverAndFold(T0)
      disk.core.settle(settleOf(ID, rows, { chargePico: 7n }), T0 + KEEP_MS)
      expect(seen(disk.core, rows[0]!, T0 + KEEP_MS)).toEqual([7n, 0n])
    }))
})

describe('a call that was charged and folded away', () => {
  it('is not charged again after a late release', () =>
    onDisk((disk) => {
      const rows = [accountRow()]
      admitted(disk.core.reserve(reserveOf(ID, rows, { expectedPico: 5n }), T0))
      disk.core.settle(settleOf(ID, rows, { chargePico: 7n }), T0)
      disk.deliverAndFold(T0)
      disk.core.release(ID, {}, T0 + KEEP_MS)
      disk.core.settle(settleOf(ID, rows, { chargePico: 7n }), T0 + KEEP_MS)
      expect(seen(disk.core, rows[0]!, T0 + KEEP_MS)).toEqual([7n, 0n])
    }))
})

describe('an orphan that the alarm charged', () => {
  it('is in the next scrape, also if nothing settles afterwards', async () => {
    const accountId = `team:${crypto.randomUUID()}`
    const stub = env.LEDGER.getByName(`${accountId}:1`)
    const account = accountRow({ id: accountId })
    await stub.open(opening({ account }))
    const id = entryId(Date.now())
    admitted(await stub.reserve(reserveOf(id, [account], { expectedPico: 7n })))
    await runInDurableObject(stub, (_ledger, { storage }) => {
      storage.sql.exec('UPDATE entry SET deadline_ms = 1')
    })
    await abortAllDurableObjects()
    await runDurableObjectAlarm(env.LEDGER.getByName(`${accountId}:1`))
    const scrapes = await Promise.all(allHubs(env.METRICS_HUB).map((hub) => hub.scrape()))
    const shown = scrapes.flatMap(({ accounts }) => accounts)
    expect(shown.find((one) => one.accountId === accountId)?.spentPico).toBe(7n)
  })
})
