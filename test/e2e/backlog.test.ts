import { afterAll, beforeAll, expect, it } from 'vitest'
import { pico, usd } from './amounts.ts'
import { eventually } from './eventually.ts'
import { startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { isLong } from './long.ts'
import { memoryMb } from './memory.ts'
import { ringAlarm, withLedger } from './object-file.ts'

/** What an hour without Postgres leaves at 80 calls a second; the short mode tries the way only. */
const ENTRIES = isLong ? 300_000 : 6_000
const GROWTH_MAX_MB = 128
const CHARGE_PICO = 1_237n
const TIMEOUT_MS = isLong ? 900_000 : 60_000

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

it(
  `delivers ${ENTRIES} entries that waited, within ${GROWTH_MAX_MB} MB of memory, and keeps answering`,
  { timeout: TIMEOUT_MS },
  async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    expect((await stack.chat(key, 'script/usage-1-0')).status).toBe(200)
    await stack.agreeOn(teamId, CHARGE_PICO)
    const idleMb = memoryMb(stack.worker.pid)

    await stack.worker.kill('SIGKILL')
    multiply(teamId, ENTRIES)
    ringAlarm(stack.stateDir, `team:${teamId}`)
    const before = stack.database.endpoint.queries
    await stack.worker.restart()
    const startedMs = Date.now()
    const spent = BigInt(ENTRIES + 1) * CHARGE_PICO
    expect(await stack.ledgerSpend(teamId)).toEqual({ spend: usd(spent), held: 0 })
    const wokeMs = Date.now() - startedMs

    let peakMb = 0
    let slowestMs = 0
    let beside = 0n
    await eventually(async () => {
      peakMb = Math.max(peakMb, memoryMb(stack.worker.pid))
      const askedMs = performance.now()
      expect((await stack.chat(key, 'script/usage-1-0')).status).toBe(200)
      slowestMs = Math.max(slowestMs, performance.now() - askedMs)
      beside += CHARGE_PICO
      expect(await undelivered(teamId, ENTRIES)).toBe(0)
    }, TIMEOUT_MS)
    const batches = stack.database.endpoint.queries - before
    const figures = {
      idleMb,
      peakMb,
      wokeMs,
      slowestMs,
      batches,
      drainedMs: Date.now() - startedMs,
    }
    if (isLong) console.log(JSON.stringify(figures))
    await stack.agreeOn(teamId, spent + beside)
    expect(peakMb - idleMb).toBeLessThan(GROWTH_MAX_MB)
    expect(batches).toBeGreaterThanOrEqual(ENTRIES / 500)
    expect(slowestMs).toBeLessThan(3_000)
  },
)

/** As many more rows like the one that is there, settled and not delivered; ids of our form. */
function multiply(teamId: string, count: number): void {
  withLedger(stack.stateDir, `team:${teamId}`, (db) => {
    const columns = db
      .prepare("SELECT name FROM pragma_table_info('entry')")
      .all()
      .map((row) => String(row['name']))
    const rest = columns.filter((name) => name !== 'id').join(', ')
    db.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO entry (id, ${rest})
        SELECT substr(id, 1, 24) || printf('%012x', i), ${rest} FROM n, (SELECT * FROM entry LIMIT 1)`,
    ).run(count)
  })
}

async function undelivered(teamId: string, count: number): Promise<number> {
  const [row] = await stack.database.rows(
    'SELECT count(*) AS rows, (SELECT spend FROM accounts WHERE account_id = $1) AS spend FROM spend_logs WHERE account_id = $1',
    [`team:${teamId}`],
  )
  expect(pico(row?.['spend'] ?? '-1')).toBeGreaterThan(0n)
  return Math.max(0, count + 1 - Number(row?.['rows']))
}

/** What workerd has in memory, all of it: its code, its isolates and SQLite's pages. */
