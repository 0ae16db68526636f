import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { costOf, pico, usd } from './amounts.ts'
import { eventually } from './eventually.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { passDeadlines } from './object-file.ts'

const EACH = costOf([{ promptTokens: 20, completionTokens: 30 }])

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

/** Stops workerd, changes what it has on disk, and starts it again before the same Postgres. */
async function whileStopped(change: (objectsDir: string) => Promise<void>): Promise<void> {
  await stack.worker.stop()
  await change(join(stack.stateDir, 'objects'))
  await stack.worker.restart()
}

async function emptied(objectsDir: string): Promise<void> {
  await rm(objectsDir, { recursive: true })
  await mkdir(objectsDir)
}

const call = (key: string, word: string) => stack.chat(key, `script/usage-20-30+${word}`)

async function accountRow(teamId: string) {
  const [row] = await stack.database.rows(
    'SELECT ledger_epoch, spend_epoch, spend FROM accounts WHERE account_id = $1',
    [`team:${teamId}`],
  )
  return {
    ledgerEpoch: Number(row?.['ledger_epoch']),
    spendEpoch: Number(row?.['spend_epoch']),
    spend: pico(row?.['spend'] ?? '-1'),
  }
}

it('takes over from Postgres when the namespace is new, as after a rename', async () => {
  const word = mark()
  const spentUp = await stack.tenant({ max_budget: usd(EACH) })
  const open = await stack.tenant({ max_budget: 1 })
  const limited = await stack.newKey({ team_id: open.teamId, max_budget: usd(EACH) })
  expect((await call(spentUp.key, 'other')).status).toBe(200)
  for (const key of [open.key, open.key, limited]) {
    expect((await call(key, word)).status).toBe(200)
  }
  await stack.agreeOn(spentUp.teamId, EACH)
  await stack.agreeOn(open.teamId, 3n * EACH)
  expect(await accountRow(open.teamId)).toMatchObject({ ledgerEpoch: 1, spendEpoch: 1 })

  for (let era = 2; era <= 3; era++) {
    await whileStopped(emptied)
    // Team and key are refused by what they spent in the era before.
    for (const key of [spentUp.key, limited]) expect((await call(key, word)).status).toBe(400)
    expect((await call(open.key, word)).status).toBe(200)
    const spent = BigInt(era + 2) * EACH
    expect(await stack.ledgerSpend(open.teamId)).toEqual({ spend: usd(spent), held: 0 })
    // Postgres takes the new ledger's word, so its writes are not frozen.
    await stack.agreeOn(open.teamId, spent)
    expect(await accountRow(open.teamId)).toMatchObject({ ledgerEpoch: era, spendEpoch: era })
    await stack.agreeOn(spentUp.teamId, EACH)
  }
  expect(costOf(stack.bills(word))).toBe(5n * EACH)
})

it('takes over what Postgres knows: spend that it had not heard of is lost with the namespace', async () => {
  const { teamId, key } = await stack.tenant({ max_budget: 1 })
  expect((await call(key, mark())).status).toBe(200)
  await stack.agreeOn(teamId, EACH)
  stack.database.endpoint.faults.refuse = true
  expect((await call(key, mark())).status).toBe(200)
  await whileStopped(async (objectsDir) => {
    await emptied(objectsDir)
    stack.database.endpoint.faults.refuse = false
  })
  expect((await call(key, mark())).status).toBe(200)
  await stack.agreeOn(teamId, 2n * EACH)
})

/**
 * An object restored from an old copy knows its own past and no more. What was spent after the copy
 * stays in Postgres' history (log rows and daily sums, keyed by entry), but the restored ledger
 * decides without it, and its copy in Postgres follows the ledger: an operator who restores lowers
 * what is left by the difference, which is what the log rows of the window say beyond `spend`.
 */
it('goes on from an old copy: writes are not frozen, history keeps what the copy does not know', async () => {
  const { teamId, key } = await stack.tenant({ max_budget: usd(4n * EACH) })
  expect((await call(key, mark())).status).toBe(200)
  await stack.agreeOn(teamId, EACH)
  const copyDir = join(stack.stateDir, 'copy')
  await whileStopped((objectsDir) => cp(objectsDir, copyDir, { recursive: true }))
  for (let i = 0; i < 2; i++) expect((await call(key, mark())).status).toBe(200)
  await stack.agreeOn(teamId, 3n * EACH)

  await whileStopped(async (objectsDir) => {
    await rm(objectsDir, { recursive: true })
    await cp(copyDir, objectsDir, { recursive: true })
  })
  expect(await stack.ledgerSpend(teamId)).toEqual({ spend: usd(EACH), held: 0 })
  expect((await call(key, mark())).status).toBe(200)
  await stack.delivered(teamId, 4)
  expect(await accountRow(teamId)).toEqual({ ledgerEpoch: 1, spendEpoch: 1, spend: 2n * EACH })
  const rows = await stack.logRows(teamId)
  expect(rows.map((row) => row['spend_pico'])).toEqual(Array(4).fill(String(EACH)))
  // Two more fit into what the ledger thinks is left, and no third.
  for (let i = 0; i < 2; i++) expect((await call(key, mark())).status).toBe(200)
  expect((await call(key, mark())).status).toBe(400)
})

it('charges an orphan once in history, though a restored copy ends it a second time', async () => {
  const { teamId, key } = await stack.tenant({ max_budget: 1 })
  const accountId = `team:${teamId}`
  expect((await call(key, mark())).status).toBe(200)
  await stack.agreeOn(teamId, EACH)
  const flying = stack.chat(key, 'script/usage-20-30+delay-5000ms').catch(() => null)
  const held = await eventually(async () => {
    const now = await stack.ledgerSpend(teamId)
    expect(now.held).toBeGreaterThan(0)
    return BigInt(Math.round(now.held * 1e12))
  })
  await stack.worker.kill('SIGKILL')
  expect(await flying).toBeNull()
  const copyDir = join(stack.stateDir, 'copy-in-flight')
  await cp(join(stack.stateDir, 'objects'), copyDir, { recursive: true })
  for (let life = 0; life < 2; life++) {
    await whileStopped(async (objectsDir) => {
      await rm(objectsDir, { recursive: true })
      await cp(copyDir, objectsDir, { recursive: true })
      expect(passDeadlines(stack.stateDir, accountId)).toBe(1)
    })
    await stack.agreeOn(teamId, EACH + held)
  }
  expect((await call(key, mark())).status).toBe(200)
  await stack.delivered(teamId, 3)
  await stack.agreeOn(teamId, 2n * EACH + held)
})
