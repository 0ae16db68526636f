/** PGlite on a folder, behind Neon's protocol on a port: a Postgres that a test can kill. */
import { startNeonEndpoint } from '../../dev/neon-endpoint.ts'
import { openPostgres } from '../../dev/postgres.ts'

const [dataDir, port] = process.argv.slice(2)
if (dataDir === undefined) throw new Error('postgres-child.ts <folder> <port>')

const postgres = await openPostgres({ dataDir })
const { url } = await startNeonEndpoint({ postgres, port: Number(port) })
process.stdout.write(`${url}\n`)
