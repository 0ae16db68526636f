import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { accounts, dailyRefusals } from '../../drizzle/schema.ts'
import { connect } from '../../src/db/connect.ts'
import { entryId } from '../../src/ids.ts'
import { db } from '../setup/database.ts'
import { accountRow, budget, keyRow, opening, refused, reserveOf } from './build.ts'

/** A ledger whose account may spend nothing. */
async function poor() {
  const name = crypto.randomUUID()
  const accountId = `team:${name}`
  await db.insert(accounts).values({ accountId, ledgerEpoch: 1 })
  const account = accountRow({ id: accountId, budgets: [budget(0n)] })
  const rows = [keyRow({ id: name }), account] as const
  const stub = () => env.LEDGER.getByName(`${accountId}:1`)
  await stub().open(opening({ account }))
  return {
    stub,
    refuse: async (times: number) => {
      for (let i = 0; i < times; i++) {
        refused(await stub().reserve(reserveOf(entryId(Date.now()), rows, { expectedPico: 1n })))
      }
    },
    told: async () => {
      const isOurs = eq(dailyRefusals.accountId, accountId)
      return (await db.select().from(dailyRefusals).where(isOurs)).map(({ calls }) => calls)
    },
  }
}

const writesOf = (stub: ReturnType<typeof env.LEDGER.getByName>) =>
  runInDurableObject(stub, (_ledger, { storage }) => {
    return storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM refused').one().n
  })

describe('refused calls', () => {
  it('are counted without a write, and told to Postgres with an alarm', async () => {
    const { stub, refuse, told } = await poor()
    await refuse(3)
    expect(await writesOf(stub())).toBe(0)
    expect(await runDurableObjectAlarm(stub())).toBe(true)
    expect(await told()).toEqual([3])
    await refuse(2)
    await runDurableObjectAlarm(stub())
    expect(await told()).toEqual([5])
    // Nothing is left to do.
    expect(await runDurableObjectAlarm(stub())).toBe(false)
  })

  it('go on where they were after an eviction', async () => {
    const { stub, refuse, told } = await poor()
    await refuse(2)
    await runDurableObjectAlarm(stub())
    await abortAllDurableObjects()
    await refuse(1)
    await runDurableObjectAlarm(stub())
    expect(await told()).toEqual([3])
  })

  it('are told once Postgres is back', async () => {
    const { stub, refuse, told } = await poor()
    await refuse(4)
    await runInDurableObject(stub(), (ledger) => {
      const away = { ...env, NEON_FETCH_ENDPOINT: 'http://127.0.0.1:9/sql' }
      Object.defineProperty(ledger, 'env', { value: away, configurable: true })
    })
    expect(await runDurableObjectAlarm(stub())).toBe(true)
    connect(env)
    expect(await told()).toEqual([])
    await abortAllDurableObjects()
    await refuse(1)
    expect(await runDurableObjectAlarm(stub())).toBe(true)
    expect(await told()).toEqual([5])
  })
})
