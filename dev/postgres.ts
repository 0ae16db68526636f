import { openPglite } from './postgres-pglite.ts'
import { openServer } from './postgres-server.ts'

import type { Postgres } from './sql.ts'

export interface OpenPostgres {
  /** PGlite's folder, locked for this process; in memory if absent. */
  dataDir?: string
  /** A real server instead of PGlite. */
  databaseUrl?: string
}

export async function openPostgres({ dataDir, databaseUrl }: OpenPostgres): Promise<Postgres> {
  return databaseUrl ? openServer(databaseUrl) : openPglite(dataDir)
}
