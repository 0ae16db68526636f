/** Everything that the bench measures over HTTP, and what stands around it. */
import { rmSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { unstable_readConfig as readConfig } from 'wrangler'
import { bundle } from '../bundle.ts'
import { PROJECT_DIR } from '../project.ts'
import { serveWorker } from '../workerd.ts'
import type { WorkerServer } from '../workerd.ts'
import { openBooks } from './books.ts'
import type { Books } from './books.ts'
import { MODEL, PRICES } from './workload.ts'

export const MASTER_KEY = 'sk-1234'
const DATABASE_URL = 'postgres://tollgate:tollgate@localhost/tollgate'

export interface Stage {
  gateway: WorkerServer
  bare: WorkerServer
  providerPort: number
  books: Books
  close: () => Promise<void>
}

/** In a temporary folder of its own, which goes with it; builds the bundle unless there is one. */
export async function openStage(builtDir?: string): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'tollgate-bench-'))
  const closers = [() => rm(dir, { recursive: true, force: true })]
  // Also when we are interrupted.
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer()
  }
  const thread = async (file: string): Promise<unknown> => {
    const worker = new Worker(join(import.meta.dirname, file), { workerData: DATABASE_URL })
    closers.push(async () => void (await worker.terminate()))
    const [said] = (await once(worker, 'message')) as [unknown]
    return said
  }
  const serve = async (serving: Promise<WorkerServer>): Promise<WorkerServer> => {
    const worker = await serving
    closers.push(worker.stop)
    return worker
  }
  try {
    const bundleDir = builtDir ?? join(dir, 'bundle')
    const [port, endpoint] = await Promise.all([
      thread('provider.ts').then(Number),
      thread('postgres.ts').then(String),
      builtDir === undefined && bundle({ outDir: bundleDir }),
    ])
    const upstream = `http://127.0.0.1:${port}`
    const gateway = await serve(serveGateway({ dir, bundleDir, endpoint, upstream }))
    const bare = await serve(serveBare(dir, upstream))
    return { gateway, bare, providerPort: port, books: openBooks(DATABASE_URL, endpoint), close }
  } catch (error) {
    await close()
    throw error
  }
}

function serveGateway(parts: {
  dir: string
  bundleDir: string
  endpoint: string
  upstream: string
}): Promise<WorkerServer> {
  return serveWorker({
    bundleDir: parts.bundleDir,
    stateDir: join(parts.dir, 'gateway'),
    configYaml: configYaml(`${parts.upstream}/v1`),
    env: {
      DATABASE_URL,
      NEON_FETCH_ENDPOINT: parts.endpoint,
      LITELLM_MASTER_KEY: MASTER_KEY,
      TOLLGATE_DEV: 'true',
    },
  })
}

function configYaml(apiBase: string): string {
  return `model_list:
  - model_name: ${MODEL}
    litellm_params:
      model: openai/${MODEL}
      api_base: ${apiBase}
      api_key: sk-of-the-provider
      ${PRICES}
litellm_settings:
  callbacks: ['prometheus']
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
`
}

/** The bare Worker runs as the gateway does: same workerd, date and flags. */
async function serveBare(dir: string, upstream: string): Promise<WorkerServer> {
  const bundleDir = join(dir, 'bare-bundle')
  await mkdir(bundleDir)
  await cp(join(import.meta.dirname, 'bare-worker.js'), join(bundleDir, 'bare-worker.js'))
  const real = readConfig({ config: join(PROJECT_DIR, 'wrangler.toml') }, { hideWarnings: true })
  const { compatibility_date, compatibility_flags } = real
  const wranglerToml = join(dir, 'bare.json')
  await writeFile(
    wranglerToml,
    JSON.stringify({ name: 'bare', compatibility_date, compatibility_flags }),
  )
  const env = { UPSTREAM: upstream }
  return serveWorker({ bundleDir, stateDir: join(dir, 'bare'), wranglerToml, env })
}
