import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { accounts, dailySpend } from '../../drizzle/schema.ts'
import { connect } from '../../src/db/connect.ts'
import { LedgerCore } from '../../src/ledger/core.ts'
import { Ledger } from '../../src/ledger/object/ledger.ts'
import { KEEP_MS } from '../../src/ledger/object/outbox.ts'
import { reconcile } from '../../src/ledger/reconcile.ts'
import type { Entry } from '../../src/ledger/store.ts'
import { CHARGE_MAX_PICO } from '../../src/money.ts'
import { type Resets, ROLLING } from '../../src/windows.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  keyRow,
  opening,
  rates,
  reserveOf,
  settleOf,
  state,
  T0,
} from './build.ts'
import { MemoryStore } from './memory-store.ts'
import { Disk, inObject } from './systems.ts'

const DAY = 86_400_000
const ONE: Resets = { ...ROLLING, rolloverMax: 1 }
const HUGE = 3n * CHARGE_MAX_PICO + 17n

/** An account with so much to spend a day, of which so much was spent when its ledger opened. */
const daily = (limitPico: bigint) => accountRow({ budgets: [budget(limitPico, '1d')] })
const opened = (limitPico: bigint, spentPico: bigint) => {
  const window = { startMs: T0, endMs: T0 + DAY, spentPico }
  return opening({
    account: daily(limitPico),
    spends: [{ scope: 'account', budget: 'main', ...window }],
  })
}

/** What entries say that was spent in a window of the account's. */
function sum(entries: Iterable<Entry>, startMs: number): bigint {
  let pico = 0n
  for (const { charged, chargePico } of entries) {
    if (charged.some((one) => one[0] === 'account' && one[2] === startMs)) pico += chargePico
  }
  return pico
}

const CARRIED = [
  ['what was left', 100n, 40n, -60n],
  ['what was spent too much', 100n, 130n, 30n],
  ['all of it', 100n, 0n, -100n],
  ['as much as one entry can say', CHARGE_MAX_PICO, 0n, -CHARGE_MAX_PICO],
  ['far more than one entry can say', HUGE, 0n, -HUGE],
  ['a debt that is far more', 1n, HUGE + 1n, HUGE],
] as const

describe('what is carried into a window', () => {
  it.each(CARRIED)('is what its entries add up to: %s', (_name, limitPico, spentPico, expected) => {
    const store = new MemoryStore()
    const account = daily(limitPico)
    new LedgerCore(store, ONE).open(opened(limitPico, spentPico), T0)
    for (let life = 0; life < 3; life++) {
      const core = new LedgerCore(store, ONE)
      for (const ms of [0, 1, DAY - 1]) {
        expect(state(core, account, T0 + DAY + ms).spentPico).toBe(expected)
      }
      expect(sum(store.entries.values(), T0 + DAY)).toBe(expected)
    }
    for (const { state: kind, chargePico, detail } of store.entries.values()) {
      expect([kind, detail['callType']]).toEqual(['adjusted', 'rollover'])
      expect(chargePico <= CHARGE_MAX_PICO && -chargePico <= CHARGE_MAX_PICO).toBe(true)
    }
  })

  it.each(CARRIED)(
    'is delivered once, and stays when folded: %s',
    (_name, limitPico, spentPico, expected) =>
      inObject((sql) => {
        const system = new Disk(sql, ONE)
        const account = daily(limitPico)
        system.core.open(opened(limitPico, spentPico), T0)
        const nextMs = T0 + DAY
        for (const step of ['roll', 'evict', 'deliver', 'evict', 'fold', 'evict'] as const) {
          if (step === 'evict') system.evict()
          if (step === 'deliver') system.drain(nextMs)
          if (step === 'fold') system.tend(nextMs + KEEP_MS)
          expect(state(system.core, account, nextMs + KEEP_MS).spentPico).toBe(expected)
        }
        expect(sum(system.delivered, nextMs)).toBe(expected)
      }),
  )

  it('is added to by calls, and to what is carried from there', () => {
    const store = new MemoryStore()
    const core = new LedgerCore(store, ONE)
    const account = daily(100n)
    core.open(opened(100n, 40n), T0)
    core.settle(settleOf(idAt(T0 + DAY, 1), [account], { chargePico: 150n }), T0 + DAY)
    for (const life of [core, new LedgerCore(store, ONE)]) {
      expect(state(life, account, T0 + DAY).spentPico).toBe(90n)
      expect(sum(store.entries.values(), T0 + DAY)).toBe(90n)
    }
    expect(state(core, account, T0 + 2 * DAY).spentPico).toBe(-10n)
    expect(sum(store.entries.values(), T0 + 2 * DAY)).toBe(-10n)
  })

  it('is written down also when the row is told anew at that instant', () => {
    const store = new MemoryStore()
    const core = new LedgerCore(store, ONE)
    core.open(opened(100n, 40n), T0)
    const row = { ...daily(200n), version: 2 }
    core.tell(row, T0 + DAY)
    for (const life of [core, new LedgerCore(store, ONE)]) {
      expect(state(life, row, T0 + DAY).spentPico).toBe(sum(store.entries.values(), T0 + DAY))
    }
  })

  it('is written down nowhere if it is nothing', () => {
    const store = new MemoryStore()
    const core = new LedgerCore(store, ONE)
    core.open(opened(100n, 100n), T0)
    expect(state(core, daily(100n), T0 + DAY).spentPico).toBe(0n)
    expect(store.entries.size).toBe(0)
  })

  it('is no request of anybody’s', () => {
    const core = new LedgerCore(new MemoryStore(), ONE)
    const limits = { budgets: [budget(100n, '1d')], rates: rates({ requestsPerMinute: 1 }) }
    const rows = [keyRow(limits), accountRow(limits)]
    core.open(opening({ account: rows[1]! }), T0)
    core.read(rows, T0)
    core.read(rows, T0 + DAY)
    admitted(core.reserve(reserveOf(idAt(T0 + DAY, 1), rows), T0 + DAY))
  })
})

/** The ledger of a deployment that carries budgets over. */
class CarryingLedger extends Ledger {
  protected override get resets(): Resets {
    return ONE
  }
}

describe('the books of an account whose budgets are carried over', () => {
  const db = connect(env)

  it.each(CARRIED)('agree: %s', async (_name, limitPico, spentPico, expected) => {
    const accountId = `team:${crypto.randomUUID()}`
    const [row] = await db.insert(accounts).values({ accountId, ledgerEpoch: 1 }).returning()
    // Yesterday's: it is over when the ledger first looks.
    const startMs = Date.now() - 1.5 * DAY
    const at = { anchorMs: startMs }
    const windows = ['1d', '12h'].map((id) => budget(limitPico, id, { ...at, id }))
    const account = accountRow({
      id: accountId,
      budgets: [budget(limitPico, '1d', at), ...windows],
    })
    const spend = { scope: 'account', startMs, spentPico }
    const spends = [
      { ...spend, budget: 'main', endMs: startMs + DAY },
      { ...spend, budget: '1d', endMs: startMs + DAY },
    ]
    const stub = env.LEDGER.getByName(`${accountId}:1`)
    await runInDurableObject(stub, async (_ledger, ctx) => {
      const ledger = new CarryingLedger(ctx, env)
      ledger.open(opening({ account, spends }))
      const audit = async () => ledger.audit()
      const look = () => reconcile({ db, ledger: { audit } }, row!)
      const agreed = { ledgerPico: expected, differencePico: 0n }
      expect(await look()).toMatchObject({ ...agreed, undeliveredPico: expected, logsPico: 0n })
      await ledger.flush()
      const known = { undeliveredPico: 0n, logsPico: expected, postgresPico: expected }
      expect(await look()).toMatchObject({ ...agreed, ...known })
    })
    const days = await db.select().from(dailySpend).where(eq(dailySpend.accountId, accountId))
    expect(days).toEqual([])
  })
})
