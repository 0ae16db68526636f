import type { TestProject } from 'vitest/node'
import { migrate } from '../../dev/migrate.ts'
import { startNeonEndpoint } from '../../dev/neon-endpoint.ts'
import { openPostgres } from '../../dev/postgres.ts'

/** One Postgres for all tests inside workerd; each test brings tenants of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const databaseUrl = process.env['DATABASE_URL']
  const postgres = await openPostgres(databaseUrl ? { databaseUrl } : {})
  const endpoint = await startNeonEndpoint({ postgres })
  await migrate({
    databaseUrl: databaseUrl ?? 'postgres://tollgate:tollgate@localhost/tollgate',
    sqlEndpoint: endpoint.url,
  })
  project.provide('neonEndpoint', endpoint.url)
  return async () => {
    await endpoint.close()
    await postgres.close()
  }
}
