import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { accounts, dailySpend, keys, spendLogs } from '../../drizzle/schema.ts'
import { connect } from '../../src/db/connect.ts'
import { entryId } from '../../src/ids.ts'
import { LedgerCore } from '../../src/ledger/core.ts'
import { YOUNG_MS } from '../../src/ledger/entries.ts'
import { KEEP_MS, Outbox } from '../../src/ledger/object/outbox.ts'
import { migrateLedger } from '../../src/ledger/object/schema.ts'
import { SqlStore } from '../../src/ledger/object/sql-store.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { EntryDetail, OpeningSpend } from '../../src/ledger/types.ts'
import { CHARGE_MAX_PICO, picoToDecimal } from '../../src/money.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  keyRow,
  opening,
  rates,
  refused,
  reserveOf,
  settleOf,
  T0,
} from './build.ts'

const db = connect(env)

interface Tenant {
  readonly accountId: string
  readonly rows: readonly [PolicyRow, PolicyRow]
  readonly stub: ReturnType<typeof env.LEDGER.getByName>
}

/** An account and a key in Postgres, and their opened ledger. */
async function tenant(spends: readonly OpeningSpend[] = []): Promise<Tenant> {
  const name = crypto.randomUUID()
  const accountId = `team:${name}`
  await db.insert(accounts).values({ accountId, ledgerEpoch: 1 })
  await db.insert(keys).values({ token: name, keyName: 'sk-...test', accountId })
  const rows = [keyRow({ id: name }), accountRow({ id: accountId })] as const
  const one = ledgerOf(accountId, rows, 1)
  await one.stub.open(opening({ account: rows[1], spends }))
  return one
}

/** A fresh stub each time: after a crash an old one keeps failing. */
function ledgerOf(accountId: string, rows: Tenant['rows'], generation: number): Tenant {
  return {
    accountId,
    rows,
    get stub() {
      return env.LEDGER.getByName(`${accountId}:${generation}`)
    },
  }
}

/** Until the object's end: its statements go where nobody listens. */
async function takePostgresAway({ stub }: Tenant): Promise<void> {
  await runInDurableObject(stub, (ledger) => {
    const away = { ...env, NEON_FETCH_ENDPOINT: 'http://127.0.0.1:9/sql' }
    Object.defineProperty(ledger, 'env', { value: away, configurable: true })
  })
}

/** The object ends at once, as if its machine had; `evictDurableObject` waits for open timers. */
async function crash(): Promise<void> {
  await abortAllDurableObjects()
}

const newId = () => entryId(Date.now())

async function spend(
  { stub, rows }: Tenant,
  chargePico: bigint,
  detail: EntryDetail = {},
): Promise<string> {
  const id = newId()
  admitted(await stub.reserve(reserveOf(id, rows, { expectedPico: 5n })))
  await stub.settle(settleOf(id, rows, { chargePico, tokens: 3, detail }))
  return id
}

/** [spent, held] of the account; the key must say the same. */
async function standing({ stub, rows }: Tenant): Promise<readonly bigint[]> {
  const [key, account] = (await stub.read(rows)) ?? []
  expect([key?.spentPico, key?.heldPico]).toEqual([account?.spentPico, account?.heldPico])
  return [account!.spentPico, account!.heldPico]
}

function inside<T>({ stub }: Tenant, act: (sql: SqlStorage) => T): Promise<T> {
  return runInDurableObject(stub, (_ledger, { storage }) => act(storage.sql))
}

/** As if what was delivered so far had been delivered more than a minute ago. */
async function age(one: Tenant): Promise<void> {
  await inside(one, (store) => {
    store.exec('UPDATE delivered SET delivered_ms = delivered_ms - ?', KEEP_MS + 1_000)
  })
}

function count(one: Tenant, table: string): Promise<number> {
  return inside(one, (store) => {
    return store.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n
  })
}

async function alarm({ stub }: Tenant): Promise<void> {
  expect(await runDurableObjectAlarm(stub)).toBe(true)
}

function logsOf({ accountId }: Tenant) {
  return db
    .select()
    .from(spendLogs)
    .where(eq(spendLogs.accountId, accountId))
    .orderBy(spendLogs.entryId, spendLogs.revision)
}

async function daily({ accountId }: Tenant) {
  const [row] = await db
    .select({
      pico: sql<string>`coalesce(sum(spend_pico), 0)`,
      requests: sql<string>`sum(requests)`,
      successful: sql<string>`sum(successful_requests)`,
      failed: sql<string>`sum(failed_requests)`,
    })
    .from(dailySpend)
    .where(eq(dailySpend.accountId, accountId))
  return {
    pico: BigInt(row!.pico),
    requests: Number(row!.requests),
    successful: Number(row!.successful),
    failed: Number(row!.failed),
  }
}

async function copies({ accountId, rows }: Tenant): Promise<readonly string[]> {
  const [account] = await db.select().from(accounts).where(eq(accounts.accountId, accountId))
  const [key] = await db.select().from(keys).where(eq(keys.token, rows[0].id))
  return [account!.spend, key!.spend]
}

describe('after an eviction', () => {
  it('remembers a hold', async () => {
    const one = await tenant()
    const id = newId()
    const request = reserveOf(id, one.rows, { expectedPico: 7n })
    admitted(await one.stub.reserve(request))
    await evictDurableObject(one.stub)
    expect(await standing(one)).toEqual([0n, 7n])
    admitted(await one.stub.reserve(request))
    expect(await standing(one)).toEqual([0n, 7n])
    await evictDurableObject(one.stub)
    expect(await one.stub.renew(id, 1n)).toBe(true)
    await evictDurableObject(one.stub)
    await one.stub.settle(settleOf(id, one.rows, { chargePico: 3n }))
    await evictDurableObject(one.stub)
    await one.stub.settle(settleOf(id, one.rows, { chargePico: 3n }))
    expect(await standing(one)).toEqual([3n, 0n])
  })

  it('between any two operations, the sums agree', async () => {
    const one = await tenant([{ scope: 'account', budget: 'main', startMs: T0, spentPico: 0n }])
    let spent = 0n
    let held = 0n
    for (let i = 0; i < 24; i++) {
      const id = newId()
      const pico = BigInt(10 ** (i % 12))
      const steps = [
        async () => {
          await one.stub.reserve(reserveOf(id, one.rows, { expectedPico: pico }))
          held += pico
        },
        async () => {
          if (i % 4 === 3) return
          if (i % 4 === 2) await one.stub.release(id, {})
          else await one.stub.settle(settleOf(id, one.rows, { chargePico: pico * 2n }))
          if (i % 4 !== 2) spent += pico * 2n
          held -= pico
        },
        async () => {
          if (i % 5 === 0) await runDurableObjectAlarm(one.stub)
          if (i % 7 === 0) await age(one)
        },
      ]
      for (const step of steps) {
        await step()
        expect(await standing(one)).toEqual([spent, held])
        await crash()
        expect(await standing(one)).toEqual([spent, held])
      }
    }
    expect(await count(one, 'checkpoint')).toBe(2)
  })

  it('knows its opening, its epoch and what it was told', async () => {
    const one = await tenant()
    const newer = keyRow({ id: one.rows[0].id, version: 9, blocked: true })
    await one.stub.tell([newer])
    await evictDurableObject(one.stub)
    const answer = await one.stub.reserve(reserveOf(newId(), one.rows))
    expect(answer).toEqual({ kind: 'stale', row: newer, rows: [newer] })
    expect(await one.stub.open(opening({ epoch: 9 }))).toEqual({ epoch: 1 })
  })

  it('counts the last minute’s requests, tokens and calls in flight', async () => {
    const one = await tenant()
    const limits = (limit: object) => [{ ...one.rows[0], rates: rates(limit) }]
    await spend(one, 1n)
    admitted(await one.stub.reserve(reserveOf(newId(), one.rows, { expectedTokens: 4 })))
    const ask = async (limit: object) => {
      await evictDurableObject(one.stub)
      const request = reserveOf(newId(), limits(limit), { expectedTokens: 1 })
      return refused(await one.stub.reserve(request)).reason
    }
    expect(await ask({ requestsPerMinute: 2 })).toBe('requests')
    expect(await ask({ tokensPerMinute: 7 })).toBe('tokens')
    expect(await ask({ parallelRequests: 1 })).toBe('parallel')
    const fits = { requestsPerMinute: 3, tokensPerMinute: 8, parallelRequests: 2 }
    await evictDurableObject(one.stub)
    admitted(await one.stub.reserve(reserveOf(newId(), limits(fits), { expectedTokens: 1 })))
  })

  it('is exact past 2^53, in entries, in the checkpoint and in the opening', async () => {
    const spentPico = 12_345_678_901_234_567_890_123n
    const { accountId, rows } = await tenant()
    await db.update(accounts).set({ generation: 2 }).where(eq(accounts.accountId, accountId))
    const one = ledgerOf(accountId, rows, 2)
    const opened = { budget: 'main', startMs: T0, spentPico }
    const spends = [`key:${rows[0].id}`, 'account'].map((scope) => ({ ...opened, scope }))
    await one.stub.open(opening({ account: rows[1], spends }))
    for (let i = 0; i < 5; i++) await spend(one, CHARGE_MAX_PICO)
    const sum = spentPico + 5n * CHARGE_MAX_PICO
    expect(await standing(one)).toEqual([sum, 0n])
    await crash()
    expect(await standing(one)).toEqual([sum, 0n])
    await alarm(one)
    await age(one)
    await alarm(one)
    expect(await count(one, 'entry')).toBe(0)
    await crash()
    expect(await standing(one)).toEqual([sum, 0n])
    expect(await copies(one)).toEqual([picoToDecimal(sum), picoToDecimal(sum)])
  })
})

describe('an operation that throws', () => {
  it('leaves memory as the disk is: nothing happened', async () => {
    const one = await tenant()
    const id = newId()
    admitted(await one.stub.reserve(reserveOf(id, one.rows, { expectedPico: 7n })))
    await runInDurableObject(one.stub, async (ledger) => {
      const broken = settleOf(id, one.rows, { chargePico: 3n, tokens: 0.5 })
      await expect(ledger.settle(broken)).rejects.toThrow(/INTEGER/)
      const other = reserveOf(newId(), one.rows, { expectedPico: 1n, expectedTokens: 0.5 })
      expect(() => ledger.reserve(other)).toThrow(/INTEGER/)
    })
    expect(await standing(one)).toEqual([0n, 7n])
    await one.stub.settle(settleOf(id, one.rows, { chargePico: 3n }))
    expect(await standing(one)).toEqual([3n, 0n])
    await alarm(one)
    expect((await logsOf(one)).map(({ spendPico }) => spendPico)).toEqual([3n])
  })

  it('halfway takes back what it had done in memory, too', async () => {
    const one = await tenant()
    const newer = { ...one.rows[0], version: 2, blocked: true }
    await runInDurableObject(one.stub, (ledger) => {
      const broken = { ...one.rows[1], version: 2.5 }
      expect(() => ledger.tell([newer, broken])).toThrow(/INTEGER/)
    })
    admitted(await one.stub.reserve(reserveOf(newId(), one.rows)))
    await crash()
    admitted(await one.stub.reserve(reserveOf(newId(), one.rows)))
  })
})

describe('the alarm', () => {
  it('brings entries, daily sums and spend to Postgres', async () => {
    const one = await tenant()
    const detail = { status: 'success', model: 'm', promptTokens: 2, completionTokens: 1 }
    const first = await spend(one, 7n, { ...detail, keyHash: one.rows[0].id, callId: 'mine' })
    await spend(one, CHARGE_MAX_PICO, detail)
    const failed = newId()
    await one.stub.reserve(reserveOf(failed, one.rows, { detail: { model: 'm' } }))
    await one.stub.release(failed, { status: 'failure' })
    await alarm(one)

    const logs = await logsOf(one)
    expect(new Set(logs.map(({ spendPico }) => spendPico))).toEqual(
      new Set([0n, 7n, CHARGE_MAX_PICO]),
    )
    expect(logs.find(({ entryId: id }) => id === first)).toMatchObject({
      revision: 0,
      state: 'settled',
      promptTokens: 2,
      completionTokens: 1,
      totalTokens: 3,
      keyHash: one.rows[0].id,
      callId: 'mine',
      model: 'm',
      status: 'success',
    })
    const sum = CHARGE_MAX_PICO + 7n
    expect(await daily(one)).toEqual({ pico: sum, requests: 3, successful: 2, failed: 1 })
    expect(await copies(one)).toEqual([picoToDecimal(sum), picoToDecimal(sum)])
  })

  it('sends nothing twice, whether it runs again or wakes in a new life', async () => {
    const one = await tenant()
    await spend(one, 7n)
    await alarm(one)
    const before = [await logsOf(one), await daily(one), await copies(one)]
    await runDurableObjectAlarm(one.stub)
    await crash()
    await runDurableObjectAlarm(one.stub)
    expect([await logsOf(one), await daily(one), await copies(one)]).toEqual(before)
    expect(await count(one, 'delivered')).toBe(1)
  })

  it('that died after Postgres had the batch changes nothing by sending it again', async () => {
    const one = await tenant()
    await spend(one, 7n)
    await alarm(one)
    await inside(one, (store) => void store.exec('DELETE FROM delivered'))
    await crash()
    await spend(one, 20n)
    await alarm(one)
    expect(await logsOf(one)).toHaveLength(2)
    expect(await daily(one)).toMatchObject({ pico: 27n, requests: 2 })
    expect(await copies(one)).toEqual([picoToDecimal(27n), picoToDecimal(27n)])
    expect(await standing(one)).toEqual([27n, 0n])
  })

  it('sends 1,203 entries in three batches, each once', async () => {
    const one = await tenant()
    await runInDurableObject(one.stub, async (ledger) => {
      for (let i = 0; i < 1_203; i++) {
        const id = newId()
        ledger.reserve(reserveOf(id, one.rows, { expectedPico: 1n }))
        await ledger.settle(settleOf(id, one.rows, { chargePico: BigInt(i) }))
      }
    })
    await alarm(one)
    const sum = (1_202n * 1_203n) / 2n
    const logs = await logsOf(one)
    expect(logs).toHaveLength(1_203)
    expect(logs.reduce((total, { spendPico }) => total + spendPico, 0n)).toBe(sum)
    expect(await daily(one)).toMatchObject({ pico: sum, requests: 1_203 })
    expect(await copies(one)).toEqual([picoToDecimal(sum), picoToDecimal(sum)])
    const sizes = await inside(one, (store) =>
      store
        .exec<{ n: number }>('SELECT json_array_length(keys) AS n FROM delivered ORDER BY batch')
        .toArray(),
    )
    expect(sizes.map(({ n }) => n)).toEqual([500, 500, 203])
  })

  it('cuts a batch by its size, so that long details do not make one too large', async () => {
    const one = await tenant()
    const note = 'n'.repeat(200_000)
    for (let i = 0; i < 6; i++) await spend(one, 1n, { note })
    await alarm(one)
    expect(await logsOf(one)).toHaveLength(6)
    expect(await count(one, 'delivered')).toBeGreaterThanOrEqual(3)
  })

  it('keeps everything while Postgres is away, tries later, and loses nothing', async () => {
    const one = await tenant()
    await spend(one, 7n)
    await takePostgresAway(one)
    await alarm(one)
    // The driver keeps its endpoint for the whole isolate; this gives the test its own back.
    connect(env)
    const retry = await runInDurableObject(one.stub, (_l, { storage }) => storage.getAlarm())
    expect(retry).toBeGreaterThan(Date.now())
    expect(await standing(one)).toEqual([7n, 0n])
    await crash()
    expect(await logsOf(one)).toEqual([])
    await alarm(one)
    expect((await logsOf(one)).map(({ spendPico }) => spendPico)).toEqual([7n])
  })

  it('is not needed: a flush says what is left, also while Postgres is away', async () => {
    const one = await tenant()
    await spend(one, 7n)
    await takePostgresAway(one)
    expect(await one.stub.flush()).toEqual({ holds: 0, undelivered: 1 })
    connect(env)
    await crash()
    expect(await one.stub.flush()).toEqual({ holds: 0, undelivered: 0 })
    expect((await logsOf(one)).map(({ spendPico }) => spendPico)).toEqual([7n])
  })

  it('writes over no newer word of Postgres', async () => {
    const one = await tenant()
    const seq = Date.now() + 3_600_000
    const ahead = { spend: '5', spendWindowAt: new Date(T0), spendEpoch: 1, spendSeq: seq }
    await db.update(accounts).set(ahead).where(eq(accounts.accountId, one.accountId))
    await spend(one, 7n)
    await alarm(one)
    expect(await copies(one)).toEqual(['5.000000000000', picoToDecimal(7n)])
  })

  it('ends a hold past its deadline', async () => {
    const one = await tenant()
    admitted(await one.stub.reserve(reserveOf(newId(), one.rows, { expectedPico: 7n })))
    await inside(one, (store) => void store.exec('UPDATE entry SET deadline_ms = 1'))
    await crash()
    await alarm(one)
    expect(await logsOf(one)).toMatchObject([{ state: 'expired', spendPico: 7n }])
    expect(await standing(one)).toEqual([7n, 0n])
  })
})

describe('what Postgres would refuse', () => {
  it('of a client’s or a provider’s text is left out', async () => {
    const one = await tenant()
    const endUser = 'a\u0000b\ud800'
    await spend(one, 7n, { status: 'success', endUser, responseId: '\u0000', odd: '\udfff' })
    await spend(one, 20n, { callId: 'c'.repeat(100_000) })
    await alarm(one)
    const logs = await logsOf(one)
    expect(logs).toHaveLength(2)
    expect(logs.find(({ spendPico }) => spendPico === 7n)?.endUser).toMatch(/^ab.?$/u)
  })

  it('does not hold up the rows beside it', async () => {
    const one = await tenant()
    for (const promptTokens of [1, 1.5, 2, 'many', 3]) await spend(one, 7n, { promptTokens })
    await alarm(one)
    expect(await logsOf(one)).toHaveLength(5)
    expect(await daily(one)).toMatchObject({ pico: 35n, requests: 5 })
    expect(await copies(one)).toEqual([picoToDecimal(35n), picoToDecimal(35n)])
  })
})

describe('a settle of a call that was folded away', () => {
  it('charges nothing again, in this life or the next', async () => {
    const one = await tenant()
    const id = await spend(one, 7n)
    await alarm(one)
    await age(one)
    await alarm(one)
    expect(await count(one, 'entry')).toBe(0)
    const again = settleOf(id, one.rows, { chargePico: 7n })
    expect((await one.stub.settle(again)).kind).toBe('settled')
    await crash()
    expect((await one.stub.settle(again)).kind).toBe('settled')
    expect(await standing(one)).toEqual([7n, 0n])
  })
})

describe('folding', () => {
  it('deletes what was delivered a minute ago, and not earlier', async () => {
    const one = await tenant()
    await spend(one, 7n)
    await alarm(one)
    await runDurableObjectAlarm(one.stub)
    expect(await count(one, 'entry')).toBe(1)
    await age(one)
    await spend(one, 20n)
    await alarm(one)
    expect([await count(one, 'entry'), await count(one, 'delivered')]).toEqual([1, 2])
    expect(await standing(one)).toEqual([27n, 0n])
    await crash()
    expect(await standing(one)).toEqual([27n, 0n])
    expect(await copies(one)).toEqual([picoToDecimal(27n), picoToDecimal(27n)])
  })

  it('of a scope that nobody looked at in this life counts it once', async () => {
    const one = await tenant()
    await spend(one, 7n)
    await alarm(one)
    await age(one)
    await crash()
    await alarm(one)
    expect(await standing(one)).toEqual([7n, 0n])
    await crash()
    expect(await standing(one)).toEqual([7n, 0n])
  })

  it('keeps an orphan, so that a late settle corrects it, once', async () => {
    const one = await tenant()
    const id = newId()
    admitted(await one.stub.reserve(reserveOf(id, one.rows, { expectedPico: 10n })))
    await inside(one, (store) => void store.exec('UPDATE entry SET deadline_ms = 1'))
    await crash()
    await alarm(one)
    await age(one)
    await alarm(one)
    expect(await count(one, 'entry WHERE folded = 1')).toBe(1)
    expect(await standing(one)).toEqual([10n, 0n])

    const late = settleOf(id, one.rows, { chargePico: 4n, detail: { status: 'success' } })
    await one.stub.settle(late)
    expect(await standing(one)).toEqual([4n, 0n])
    await crash()
    await one.stub.settle(late)
    expect(await standing(one)).toEqual([4n, 0n])
    await alarm(one)
    await age(one)
    await alarm(one)
    await crash()
    await one.stub.settle(late)
    expect(await standing(one)).toEqual([4n, 0n])
    const logs = await logsOf(one)
    expect(logs.map(({ revision, spendPico }) => [revision, spendPico])).toEqual([
      [0, 10n],
      [1, -6n],
    ])
    expect(await daily(one)).toMatchObject({ pico: 4n, requests: 1 })
    expect(await copies(one)).toEqual([picoToDecimal(4n), picoToDecimal(4n)])
  })

  it('forgets orphans and tombstones after a day', async () => {
    const one = await tenant()
    await one.stub.release(newId(), {})
    admitted(await one.stub.reserve(reserveOf(newId(), one.rows, { expectedPico: 10n })))
    await inside(one, (store) => void store.exec('UPDATE entry SET deadline_ms = 1'))
    await crash()
    await alarm(one)
    await age(one)
    await alarm(one)
    expect(await count(one, 'entry')).toBe(2)
    await inside(one, (store) => {
      store.exec('UPDATE entry SET reserved_ms = reserved_ms - ?', YOUNG_MS)
    })
    await crash()
    await spend(one, 1n)
    await alarm(one)
    await age(one)
    await alarm(one)
    expect(await count(one, 'entry')).toBe(0)
    expect(await standing(one)).toEqual([11n, 0n])
  })
})

describe('the tables', () => {
  it('cost three rows a request, and a few per batch', async () => {
    const REQUESTS = 100
    const stub = env.LEDGER.getByName(`team:rows-${crypto.randomUUID()}:1`)
    await runInDurableObject(stub, (_ledger, { storage }) => {
      const cursors: { readonly rowsWritten: number }[] = []
      const counting = new Proxy(storage.sql, {
        get: (target, name) =>
          name === 'exec'
            ? (query: string, ...values: SqlStorageValue[]) => {
                const cursor = target.exec(query, ...values)
                cursors.push(cursor)
                return cursor
              }
            : Reflect.get(target, name, target),
      })
      const outbox = new Outbox(counting)
      const core = new LedgerCore(
        new SqlStore(counting, (id, revision) => {
          outbox.add(id, revision)
        }),
      )
      core.open(opening(), T0)
      const rows = [keyRow(), accountRow({ budgets: [budget(10n ** 15n, '1m')] })]
      cursors.length = 0
      for (let i = 0; i < REQUESTS; i++) {
        admitted(core.reserve(reserveOf(idAt(T0, i), rows, { expectedPico: 5n }), T0 + i))
        core.settle(settleOf(idAt(T0, i), rows, { chargePico: 3n }), T0 + i)
      }
      outbox.confirm(core, outbox.take(), T0 + 1_000)
      outbox.fold(core, T0 + 1_000 + KEEP_MS)
      const written = cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0)
      expect(core.books.windows.standing('account')[0]?.spentPico).toBe(300n)
      // Each folded entry also adds to its scopes' checkpoints: one row per scope.
      expect(written).toBeLessThanOrEqual(REQUESTS * (3 + rows.length) + 10)
    })
  })

  it('are made once, however often they are migrated', async () => {
    const one = await tenant()
    await spend(one, 7n)
    await inside(one, (store) => {
      for (let i = 0; i < 3; i++) migrateLedger(store)
    })
    expect(await count(one, 'step')).toBe(3)
    expect(await standing(one)).toEqual([7n, 0n])
  })

  it('of newer code still serve this one', async () => {
    const one = await tenant()
    await spend(one, 7n)
    await inside(one, (store) => {
      store.exec('ALTER TABLE entry ADD COLUMN later TEXT')
      store.exec('ALTER TABLE told ADD COLUMN later TEXT')
      store.exec('INSERT INTO step (number) VALUES (99)')
    })
    await crash()
    await spend(one, 20n)
    await one.stub.tell([{ ...one.rows[1], version: 2 }])
    await alarm(one)
    expect(await standing(one)).toEqual([27n, 0n])
    expect(await daily(one)).toMatchObject({ pico: 27n, requests: 2 })
  })
})
