/** A thread with the Postgres of the end-to-end tests: PGlite would stop the load while it works. */
import { parentPort, workerData } from 'node:worker_threads'
import { migrate } from '../migrate.ts'
import { startNeonEndpoint } from '../neon-endpoint.ts'
import { openPostgres } from '../postgres.ts'

const { url } = await startNeonEndpoint({ postgres: await openPostgres({}) })
await migrate({ databaseUrl: String(workerData), sqlEndpoint: url })
parentPort?.postMessage(url, [])
