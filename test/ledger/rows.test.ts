import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { accounts, keys } from '../../drizzle/schema.ts'
import { connect } from '../../src/db/connect.ts'
import { entryId } from '../../src/ids.ts'
import { KEEP_MS } from '../../src/ledger/object/outbox.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import { accountRow, admitted, budget, keyRow, opening, reserveOf, settleOf } from './build.ts'

interface RowsWritten {
  readonly requests: number
  readonly rows: number
  readonly alarms: number
}

declare module 'vitest' {
  interface TaskMeta {
    /** Read by `npm run bench`. */
    rowsWritten?: { readonly many: RowsWritten; readonly alone: RowsWritten }
  }
}

const ROWS_MAX = 4

const db = connect(env)

type Stub = ReturnType<typeof env.LEDGER.getByName>

/** An opened ledger whose account and key have a budget each. */
async function openLedger(): Promise<{ stub: Stub; rows: readonly PolicyRow[] }> {
  const name = crypto.randomUUID()
  const accountId = `team:${name}`
  await db.insert(accounts).values({ accountId, ledgerEpoch: 1 })
  await db.insert(keys).values({ token: name, keyName: 'sk-...test', accountId })
  const key = keyRow({ id: name, budgets: [budget(10n ** 15n)] })
  const account = accountRow({ id: accountId, budgets: [budget(10n ** 15n, '1d')] })
  const stub = env.LEDGER.getByName(`${accountId}:1`)
  await stub.open(opening({ account }))
  return { stub, rows: [key, account] }
}

/** From now until the object's end, every row that it writes, and every alarm that it sets. */
async function meter(stub: Stub): Promise<() => { rows: number; alarms: number }> {
  const cursors: { readonly rowsWritten: number }[] = []
  let alarms = 0
  await runInDurableObject(stub, (_ledger, { storage }) => {
    const { sql } = storage
    const exec = sql.exec.bind(sql)
    const setAlarm = storage.setAlarm.bind(storage)
    const metered = (query: string, ...bindings: unknown[]) => {
      const cursor = exec(query, ...bindings)
      cursors.push(cursor)
      return cursor
    }
    Object.defineProperty(sql, 'exec', { value: metered })
    Object.defineProperty(storage, 'setAlarm', {
      value: (ms: number) => {
        alarms++
        return setAlarm(ms)
      },
    })
  })
  return () => ({ rows: cursors.reduce((sum, one) => sum + one.rowsWritten, 0), alarms })
}

/** As the minute passes that delivered entries are kept. Returns how many rows that wrote. */
function age(stub: Stub): Promise<number> {
  return runInDurableObject(stub, (_ledger, { storage }) => {
    const query = 'UPDATE delivered SET delivered_ms = delivered_ms - ?'
    return storage.sql.exec(query, KEEP_MS + 1_000).rowsWritten
  })
}

/** Requests one after another, then their delivery, then their folding. */
async function written(requests: number): Promise<RowsWritten> {
  const { stub, rows } = await openLedger()
  const read = await meter(stub)
  for (let request = 0; request < requests; request++) {
    const id = entryId(Date.now())
    admitted(await stub.reserve(reserveOf(id, rows, { expectedPico: 7n, expectedTokens: 9 })))
    await stub.settle(settleOf(id, rows, { chargePico: 5n, tokens: 9 }))
  }
  await runDurableObjectAlarm(stub)
  expect(await stub.flush()).toEqual({ holds: 0, undelivered: 0 })
  const byTest = await age(stub)
  await runDurableObjectAlarm(stub)

  const left = await runInDurableObject(stub, (_ledger, { storage }) => {
    return storage.sql.exec('SELECT count(*) AS entries FROM entry').one()['entries']
  })
  expect(left).toBe(0)
  const [, account] = (await stub.read(rows)) ?? []
  expect(account?.spentPico).toBe(BigInt(requests) * 5n)
  const counted = read()
  return { requests, rows: counted.rows - byTest, alarms: counted.alarms }
}

it('writes no more than 4 rows for a request, from its hold until it is folded', async ({
  task,
}) => {
  const many = await written(100)
  const alone = await written(1)
  task.meta.rowsWritten = { many, alone }
  // An alarm is billed as a row.
  expect((many.rows + many.alarms) / many.requests).toBeLessThanOrEqual(ROWS_MAX)
  // An entry is written, changed and deleted: fewer than three, and nobody was counting.
  expect(many.rows / many.requests).toBeGreaterThanOrEqual(3)
  expect(alone.rows).toBeGreaterThanOrEqual(3)
})
