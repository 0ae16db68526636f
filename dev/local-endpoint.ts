import { startNeonEndpoint } from './neon-endpoint.ts'
import { openPostgres } from './postgres.ts'

/** Only Neon speaks its HTTP protocol itself; any other Postgres needs our endpoint before it. */
export function isNeon(databaseUrl: string): boolean {
  if (!URL.canParse(databaseUrl)) throw new Error('DATABASE_URL is not a URL')
  return new URL(databaseUrl).hostname.endsWith('.neon.tech')
}

export interface LocalEndpoint {
  databaseUrl: string
  /** Absent where the driver finds the database by itself. */
  sqlEndpoint?: string
  close: () => Promise<void>
}

/** A way to the database for Neon's driver; without a URL the database is PGlite in `dataDir`. */
export async function openEndpoint(options: {
  databaseUrl?: string | undefined
  dataDir: string
}): Promise<LocalEndpoint> {
  const given = options.databaseUrl
  if (given && isNeon(given)) return { databaseUrl: given, close: () => Promise.resolve() }
  const databaseUrl = given ?? 'postgres://tollgate:tollgate@localhost/tollgate'
  const postgres = await openPostgres(given ? { databaseUrl } : { dataDir: options.dataDir })
  const endpoint = await startNeonEndpoint({ postgres, databaseUrl })
  const close = async (): Promise<void> => {
    await endpoint.close()
    await postgres.close()
  }
  return { databaseUrl, sqlEndpoint: endpoint.url, close }
}
