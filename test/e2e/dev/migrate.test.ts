import { neon } from '@neondatabase/serverless'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrate } from '../../../dev/migrate.ts'
import { startNeonEndpoint } from '../../../dev/neon-endpoint.ts'
import type { NeonEndpoint } from '../../../dev/neon-endpoint.ts'
import { openPostgres } from '../../../dev/postgres.ts'
import type { Postgres } from '../../../dev/sql.ts'

const databaseUrl = 'postgres://tollgate:tollgate@localhost/tollgate'
const sql = neon(databaseUrl)
let postgres: Postgres
let endpoint: NeonEndpoint
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tollgate-migrate-'))
  postgres = await openPostgres({})
  endpoint = await startNeonEndpoint({ postgres })
})

afterAll(async () => {
  await endpoint.close()
  await postgres.close()
  await rm(dir, { recursive: true })
})

const run = (): Promise<string[]> => migrate({ databaseUrl, sqlEndpoint: endpoint.url, dir })

it('applies each file once, in order, also when two run at a time', async () => {
  const create = 'CREATE TABLE a (id int);\n--> statement-breakpoint\nCREATE TABLE b (id int);\n'
  await writeFile(join(dir, '0000_first.sql'), create)
  await writeFile(join(dir, '0001_second.sql'), 'ALTER TABLE b ADD COLUMN name text;')
  const [one, two] = await Promise.all([run(), run()])
  expect([...one, ...two].toSorted()).toEqual(['0000_first.sql', '0001_second.sql'])
  expect(await run()).toEqual([])
  expect(await sql`SELECT id, name FROM b`).toEqual([])
})

it('leaves nothing of a file that fails, and applies it when it is mended', async () => {
  const path = join(dir, '0002_third.sql')
  const create = 'CREATE TABLE c (id int);\n--> statement-breakpoint\n'
  await writeFile(path, `${create}ALTER TABLE missing ADD COLUMN x int;`)
  await expect(run()).rejects.toThrow(
    /^migration 0002_third\.sql failed.*"missing" does not exist$/,
  )
  await expect(sql`SELECT * FROM c`).rejects.toMatchObject({ code: '42P01' })
  await writeFile(path, `${create}ALTER TABLE c ADD COLUMN x int;`)
  expect(await run()).toEqual(['0002_third.sql'])
  expect(await sql`SELECT id, x FROM c`).toEqual([])
})
