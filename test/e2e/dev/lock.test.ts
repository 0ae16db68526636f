import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FolderInUse, lockFolder } from '../../../dev/lock.ts'
import { openPostgres } from '../../../dev/postgres.ts'

let dir: string
beforeAll(async () => (dir = await mkdtemp(join(tmpdir(), 'tollgate-lock-'))))
afterAll(() => rm(dir, { recursive: true }))

it('lets one holder in at a time', () => {
  const folder = join(dir, 'data')
  const lock = lockFolder(folder)
  expect(() => lockFolder(folder)).toThrow(FolderInUse)
  expect(() => lockFolder(folder)).toThrow(`${folder} is in use by process ${process.pid}`)
  lock.release()
  lockFolder(folder).release()
})

it('is free again after its holder was killed', async () => {
  const folder = join(dir, 'killed')
  const holder = `import { lockFolder } from '${join(import.meta.dirname, '../../../dev/lock.ts')}'
    lockFolder(process.argv[1])
    console.log('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder, folder])
  await once(child.stdout, 'data')
  expect(() => lockFolder(folder)).toThrow(`process ${child.pid}`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  lockFolder(folder).release()
})

it('guards the folder of an embedded Postgres, which keeps its rows', async () => {
  const dataDir = join(dir, 'postgres')
  const first = await openPostgres({ dataDir })
  await expect(openPostgres({ dataDir })).rejects.toThrow(FolderInUse)
  await first.query({ query: 'CREATE TABLE kept AS SELECT 7 AS n', params: [] })
  await first.close()
  const second = await openPostgres({ dataDir })
  const { rows } = await second.query({ query: 'SELECT n FROM kept', params: [] })
  await second.close()
  expect(rows).toEqual([['7']])
})
