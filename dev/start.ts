/** `npm start`: everything that Tollgate needs, on this machine, until Ctrl-C. */
import { mkdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { readDevVars, workerVariables } from './environment.ts'
import type { Variables } from './environment.ts'
import { portIsFree } from './listen.ts'
import { openEndpoint } from './local-endpoint.ts'
import { FolderInUse, lockFolder } from './lock.ts'
import { migrate } from './migrate.ts'
import { PROJECT_DIR } from './project.ts'
import { readyBlock } from './ready.ts'
import { startWranglerDev } from './wrangler-dev.ts'

/** Everything that is kept; tests take one of their own, below `.data/` too. */
const DATA_DIR = join(PROJECT_DIR, '.data', process.env['TOLLGATE_DATA'] ?? '')
const LOG_PATH = join(DATA_DIR, 'tollgate.log')
const CRON_EVERY_MS = 60_000

/** What was started, last in first out. */
const cleanups: (() => Promise<void> | void)[] = []
let ending = false

async function start(): Promise<void> {
  const variables = await readVariables()
  const port = readPort()
  await mkdir(DATA_DIR, { recursive: true, mode: 0o700 })
  cleanups.push(takeFolder())
  if (!(await portIsFree(port))) {
    const others = `lsof -i :${port} shows by whom; PORT=… picks another one`
    throw new Error(`port ${port} is in use (${others})`)
  }
  const endpoint = await openEndpoint({
    databaseUrl: variables['DATABASE_URL'],
    dataDir: join(DATA_DIR, 'postgres'),
  })
  cleanups.push(endpoint.close)
  const { databaseUrl, sqlEndpoint } = endpoint
  await migrate({ databaseUrl, ...(sqlEndpoint && { sqlEndpoint }) })
  const masterKey = variables['LITELLM_MASTER_KEY'] ?? 'sk-1234'
  const wrangler = await startWranglerDev({
    dataDir: DATA_DIR,
    logPath: LOG_PATH,
    port,
    variables: {
      ...variables,
      LITELLM_MASTER_KEY: masterKey,
      DATABASE_URL: databaseUrl,
      TOLLGATE_DEV: 'true',
      ...(sqlEndpoint && { NEON_FETCH_ENDPOINT: sqlEndpoint }),
    },
  })
  cleanups.push(wrangler.stop, runCrons(port))
  void wrangler.ended.then(() => end(1, `the Worker ended unexpectedly; see ${shown(LOG_PATH)}`))
  console.log(readyBlock({ port, masterKey, logPath: shown(LOG_PATH) }))
}

/** Checks config.yaml on the way: the Worker would only find its mistakes later. */
async function readVariables(): Promise<Variables> {
  const { environmentNames } = await import('../src/config/environment.ts')
  const { parseConfig } = await import('../src/config/parse.ts')
  const yaml = await readFile(join(PROJECT_DIR, 'config.yaml'), 'utf8')
  const names = environmentNames(yaml)
  const variables = workerVariables(process.env, await readDevVars(), names)
  parseConfig(yaml, { TOLLGATE_DEV: 'true', LITELLM_MASTER_KEY: 'sk-1234', ...variables })
  return variables
}

function readPort(): number {
  const port = Number(process.env['PORT'] || 4000)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new Error(`PORT=${process.env['PORT']} is not a port`)
}

function takeFolder(): () => void {
  try {
    return lockFolder(join(DATA_DIR, 'tollgate')).release
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error
    throw new Error(`it runs already: ${shown(error.message)}`, { cause: error })
  }
}

/** `wrangler dev` fires no Cron Triggers. */
function runCrons(port: number): () => void {
  const url = `http://127.0.0.1:${port}/cdn-cgi/local/scheduled?cron=*+*+*+*+*`
  const timer = setInterval(() => void fetch(url).catch(() => undefined), CRON_EVERY_MS)
  return () => clearInterval(timer)
}

async function end(code: number, message?: string): Promise<void> {
  if (ending) return
  ending = true
  if (message) console.error(`Tollgate: ${message}`)
  for (const cleanup of cleanups.toReversed()) {
    await Promise.resolve(cleanup()).catch((error: unknown) => console.error(error))
  }
  process.exit(code)
}

function shown(text: string): string {
  return text.replaceAll(DATA_DIR, relative(process.cwd(), DATA_DIR))
}

process.on('SIGINT', () => void end(0))
process.on('SIGTERM', () => void end(0))
start().catch((error: unknown) => {
  void end(1, error instanceof Error ? shown(error.message) : String(error))
})
