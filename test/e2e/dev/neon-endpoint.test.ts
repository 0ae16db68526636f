import { neon, neonConfig } from '@neondatabase/serverless'
import { sql as query } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/neon-http'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startNeonEndpoint } from '../../../dev/neon-endpoint.ts'
import type { NeonEndpoint } from '../../../dev/neon-endpoint.ts'
import { openPostgres } from '../../../dev/postgres.ts'
import type { Postgres } from '../../../dev/sql.ts'

const DATABASE_URL = 'postgres://tollgate:tollgate@localhost/tollgate'
const sql = neon(DATABASE_URL)
let postgres: Postgres
let endpoint: NeonEndpoint

beforeAll(async () => {
  postgres = await openPostgres({})
  endpoint = await startNeonEndpoint({ postgres, databaseUrl: DATABASE_URL })
  neonConfig.fetchEndpoint = endpoint.url
  await sql`CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL)`
})

beforeEach(async () => {
  Object.assign(endpoint.faults, { delayMs: 0, refuse: false, loseAnswer: false })
  await sql`DELETE FROM item`
})

afterAll(async () => {
  await endpoint.close()
  await postgres.close()
})

async function names(): Promise<unknown[]> {
  return (await sql`SELECT name FROM item ORDER BY id`).map((row) => row['name'])
}

it('answers every type as Neon does', async () => {
  const [row] = await sql`SELECT 9007199254740993::int8 AS big, 1.50::numeric AS exact,
    '{"a":[1]}'::jsonb AS doc, true AS yes, null::text AS nothing, array['a','b"c'] AS list,
    '2026-01-02T03:04:05.678Z'::timestamptz AS at, '\\x01ff'::bytea AS bytes, 'é😀'::text AS text`
  expect(row).toEqual({
    big: '9007199254740993',
    exact: '1.50',
    doc: { a: [1] },
    yes: true,
    nothing: null,
    list: ['a', 'b"c'],
    at: new Date('2026-01-02T03:04:05.678Z'),
    bytes: Buffer.from([1, 255]),
    text: 'é😀',
  })
})

it('takes parameters of every type', async () => {
  const [row] = await sql`SELECT ${true}::bool AS yes, ${{ a: 1 }}::jsonb AS doc,
    ${[1, 2]}::int[] AS list, ${12}::int AS number, ${null}::text AS nothing,
    ${Buffer.from([1, 255])}::bytea AS bytes`
  const bytes = Buffer.from([1, 255])
  expect(row).toEqual({ yes: true, doc: { a: 1 }, list: [1, 2], number: 12, nothing: null, bytes })
})

it('counts the rows of an update', async () => {
  const full = { fullResults: true } as const
  const added = await sql.query(`INSERT INTO item VALUES (1, 'a'), (2, 'b')`, [], full)
  expect(added).toMatchObject({ command: 'INSERT', rowCount: 2, rows: [] })
})

it('undoes a whole batch when one statement fails', async () => {
  const batch = sql.transaction([
    sql`INSERT INTO item VALUES (1, 'a')`,
    sql`INSERT INTO item VALUES (1, 'b')`,
  ])
  await expect(batch).rejects.toMatchObject({ code: '23505' })
  expect(await names()).toEqual([])
})

it('tells which constraint was violated', async () => {
  await sql`INSERT INTO item VALUES (1, 'a')`
  await expect(sql`INSERT INTO item VALUES (1, 'b')`).rejects.toMatchObject({
    name: 'NeonDbError',
    code: '23505',
    severity: 'ERROR',
    constraint: 'item_pkey',
    table: 'item',
    detail: 'Key (id)=(1) already exists.',
  })
  await expect(sql`SELEC 1`).rejects.toMatchObject({ code: '42601', position: '1' })
})

it('keeps the isolation level and the access mode of a batch', async () => {
  const options = { isolationLevel: 'RepeatableRead', readOnly: true } as const
  const shown = await sql.transaction([sql`SHOW transaction_isolation`], options)
  expect(shown).toEqual([[{ transaction_isolation: 'repeatable read' }]])
  const written = sql.transaction([sql`INSERT INTO item VALUES (1, 'a')`], options)
  await expect(written).rejects.toMatchObject({ code: '25006' })
})

it('keeps the batches of two callers apart', async () => {
  const batches = [1, 3, 5].map((id) =>
    sql.transaction([
      sql`INSERT INTO item SELECT ${id}, count(*)::text FROM item`,
      sql`INSERT INTO item SELECT ${id + 1}, count(*)::text FROM item`,
    ]),
  )
  await Promise.all(batches)
  const steps = await sql`SELECT b.name::int - a.name::int AS step
    FROM item a JOIN item b ON b.id = a.id + 1 WHERE a.id % 2 = 1`
  expect(steps).toEqual([{ step: 1 }, { step: 1 }, { step: 1 }])
})

it('serves drizzle, batches too', async () => {
  const db = drizzle(sql)
  await db.batch([
    db.execute(query`INSERT INTO item VALUES (1, 'a')`),
    db.execute(query`INSERT INTO item VALUES (2, 'b')`),
  ])
  expect((await db.execute(query`SELECT count(*) AS n FROM item`)).rows).toEqual([{ n: '2' }])
})

it('refuses another password, and requests that a web page could send', async () => {
  const stranger = neon('postgres://tollgate:guess@localhost/tollgate')
  await expect(stranger`SELECT 1`).rejects.toMatchObject({ code: '28P01' })
  const plain = await fetch(endpoint.url, { method: 'POST', body: '{"query":"SELECT 1"}' })
  expect(plain.status).toBe(403)
})

it('fails on demand', async () => {
  endpoint.faults.refuse = true
  await expect(sql`INSERT INTO item VALUES (1, 'a')`).rejects.toThrow('Error connecting')
  endpoint.faults.refuse = false
  endpoint.faults.loseAnswer = true
  await expect(sql`INSERT INTO item VALUES (2, 'b')`).rejects.toThrow('Error connecting')
  endpoint.faults.loseAnswer = false
  endpoint.faults.delayMs = 500
  const fetchOptions = { signal: AbortSignal.timeout(100) }
  const late = sql.query(`INSERT INTO item VALUES (3, 'c')`, [], { fetchOptions })
  await expect(late).rejects.toThrow('Error connecting')
  endpoint.faults.delayMs = 0
  expect(await names()).toEqual(['b', 'c'])
})
