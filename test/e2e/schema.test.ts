import type { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { costOf } from './amounts.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { ageDeliveries, passDeadlines, ringAlarm, withLedger } from './object-file.ts'

/** The ledger's tables as its first step made them: copied once, because a step never changes. */
const FIRST_STEP: Record<string, string> = {
  entry: `CREATE TABLE entry (
    id TEXT NOT NULL, revision INTEGER NOT NULL, state TEXT NOT NULL,
    reserved_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL, ended_ms INTEGER,
    hold INTEGER NOT NULL, seen INTEGER NOT NULL, charge INTEGER NOT NULL,
    hold_tokens INTEGER NOT NULL, tokens INTEGER NOT NULL, scopes TEXT NOT NULL,
    rules TEXT NOT NULL, charged TEXT NOT NULL, detail TEXT NOT NULL,
    folded INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (id, revision)) WITHOUT ROWID, STRICT`,
  checkpoint: `CREATE TABLE checkpoint (
    scope TEXT NOT NULL, budget TEXT NOT NULL, start_ms INTEGER NOT NULL, spent TEXT NOT NULL,
    PRIMARY KEY (scope, budget)) WITHOUT ROWID, STRICT`,
  delivered: `CREATE TABLE delivered (
    batch INTEGER PRIMARY KEY, delivered_ms INTEGER NOT NULL,
    folded INTEGER NOT NULL DEFAULT 0, keys TEXT NOT NULL) STRICT`,
  told: `CREATE TABLE told (
    kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, told_ms INTEGER NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID, STRICT`,
  meta: `CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT`,
}

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

interface Tenant {
  teamId: string
  key: string
  word: string
}

async function call({ key, word }: Tenant): Promise<void> {
  expect((await stack.chat(key, `script/usage-20-30+${word}`)).status).toBe(200)
}

/** A ledger with something in every table: folded, delivered, undelivered and held. */
async function livedIn(): Promise<Tenant & { heldPico: bigint }> {
  const tenant = { ...(await stack.tenant({ max_budget: 1 })), word: mark() }
  const accountId = `team:${tenant.teamId}`
  await call(tenant)
  const change = { team_id: tenant.teamId, max_budget: 2 }
  expect((await stack.http('/team/update', { body: change })).status).toBe(200)
  const noted = (): bigint => sumOf(accountId, 'count(*)', 'delivered')
  await expect.poll(noted, { timeout: 10_000 }).toBe(1n)
  await stack.worker.kill('SIGKILL')
  ageDeliveries(stack.stateDir, accountId)
  ringAlarm(stack.stateDir, accountId)
  await stack.worker.restart()
  await call(tenant)
  await stack.delivered(tenant.teamId, 2)
  const orphan = stack.chat(tenant.key, 'script/usage-20-30+hang').catch(() => null)
  stack.database.endpoint.faults.refuse = true
  await call(tenant)
  await expect.poll(() => heldPico(accountId)).toBeGreaterThan(0n)
  await stack.worker.kill('SIGKILL')
  stack.database.endpoint.faults.refuse = false
  await orphan
  return { ...tenant, heldPico: heldPico(accountId) }
}

function heldPico(accountId: string): bigint {
  return sumOf(accountId, 'coalesce(sum(hold), 0)', "entry WHERE state = 'held'")
}

function sumOf(accountId: string, sum: string, rows: string): bigint {
  const query = `SELECT ${sum} AS sum FROM ${rows}`
  const row = withLedger(stack.stateDir, accountId, (db) => db.prepare(query).get())
  return BigInt(Number(row?.['sum']))
}

/** The books agree as it opens; it takes another call, ends the orphan, and agrees again. */
async function expectToWork(tenant: Tenant & { heldPico: bigint }): Promise<void> {
  const accountId = `team:${tenant.teamId}`
  expect((await stack.ledgerSpend(tenant.teamId)).held).toBe(Number(tenant.heldPico) / 1e12)
  await call(tenant)
  await stack.worker.kill('SIGKILL')
  expect(passDeadlines(stack.stateDir, accountId)).toBe(1)
  ageDeliveries(stack.stateDir, accountId)
  ringAlarm(stack.stateDir, accountId)
  await stack.worker.restart()
  await stack.agreeOn(tenant.teamId, costOf(stack.bills(tenant.word)) + tenant.heldPico)
  expect(stack.bills(tenant.word)).toHaveLength(4)
}

function schemaOf(db: DatabaseSync): { tables: unknown; steps: unknown } {
  const query = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"
  return { tables: db.prepare(query).all(), steps: db.prepare('SELECT * FROM step').all() }
}

const columnsOf = (db: DatabaseSync, table: string): string[] =>
  db
    .prepare(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map((row) => String(row['name']))

it('opens storage that the first step of the schema made', async () => {
  const tenant = await livedIn()
  const atFirst = withLedger(stack.stateDir, `team:${tenant.teamId}`, (db) => {
    const now = schemaOf(db)
    const names = db
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .all()
      .map((row) => String(row['name']))
    for (const name of names) {
      const create = FIRST_STEP[name]
      if (!create && name !== 'step') db.exec(`DROP TABLE ${name}`)
      if (!create) continue
      db.exec(`ALTER TABLE ${name} RENAME TO newer; ${create}`)
      const columns = columnsOf(db, name).join(', ')
      db.exec(`INSERT INTO ${name} (${columns}) SELECT ${columns} FROM newer; DROP TABLE newer`)
      expect(Number(db.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.['n'])).toBeGreaterThan(
        0,
      )
    }
    db.exec('DELETE FROM step WHERE number > 1')
    return now
  })
  await stack.worker.restart()
  await expectToWork(tenant)
  // It has the missing steps by now, and each of them once.
  await stack.worker.stop()
  const { steps } = withLedger(stack.stateDir, `team:${tenant.teamId}`, schemaOf)
  expect(steps).toEqual(atFirst.steps)
  await stack.worker.restart()
})

it('changes nothing by opening its storage again', async () => {
  const { teamId } = await livedIn()
  const read = () => withLedger(stack.stateDir, `team:${teamId}`, schemaOf)
  const before = read()
  for (let life = 0; life < 2; life++) {
    await stack.worker.restart()
    await stack.ledgerSpend(teamId)
    await stack.worker.kill('SIGKILL')
    expect(read()).toEqual(before)
  }
  await stack.worker.restart()
})

it('works with storage that a newer Worker has changed, as after a rollback', async () => {
  const tenant = await livedIn()
  withLedger(stack.stateDir, `team:${tenant.teamId}`, (db) => {
    const { last } = db.prepare('SELECT max(number) AS last FROM step').get() as { last: number }
    db.prepare('INSERT INTO step (number) VALUES (?), (?)').run(last + 1, last + 2)
    db.exec(`CREATE TABLE newer (id TEXT PRIMARY KEY, text TEXT) STRICT;
      INSERT INTO newer VALUES ('a', 'kept');
      CREATE INDEX newer_entry ON entry (state, deadline_ms)`)
    for (const table of Object.keys(FIRST_STEP)) {
      db.exec(`ALTER TABLE ${table} ADD COLUMN newer TEXT NOT NULL DEFAULT 'kept';
        ALTER TABLE ${table} ADD COLUMN newest INTEGER`)
    }
  })
  await stack.worker.restart()
  await expectToWork(tenant)
  await stack.worker.stop()
  withLedger(stack.stateDir, `team:${tenant.teamId}`, (db) => {
    expect(db.prepare('SELECT * FROM newer').all()).toEqual([{ id: 'a', text: 'kept' }])
    expect(db.prepare("SELECT * FROM entry WHERE newer <> 'kept'").all()).toEqual([])
  })
  await stack.worker.restart()
})
