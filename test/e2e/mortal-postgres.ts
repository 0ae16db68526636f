import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../dev/listen.ts'
import { migrate } from '../../dev/migrate.ts'
import { PROJECT_DIR } from '../../dev/project.ts'
import { DATABASE_URL } from './database.ts'

export interface MortalPostgres {
  url: string
  kill: () => Promise<void>
  /** The same data on the same port. */
  start: () => Promise<void>
  close: () => Promise<void>
}

/** A migrated Postgres of the test's own, in a process of its own. */
export async function startMortalPostgres(): Promise<MortalPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-postgres-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/sql`
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = await spawnPostgres(join(folder, 'data'), port)
  }
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  await start()
  await migrate({ databaseUrl: DATABASE_URL, sqlEndpoint: url })
  const close = async (): Promise<void> => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  }
  return { url, kill, start, close }
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

async function spawnPostgres(dataDir: string, port: number): Promise<ChildProcess> {
  const script = join(PROJECT_DIR, 'test/e2e/postgres-child.ts')
  const child = spawn(process.execPath, [script, dataDir, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  // It says where it listens, once it does.
  await Promise.race([once(child.stdout, 'data'), failed(child)])
  return child
}

async function failed(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`the Postgres of this test ended with ${code}`)
}
