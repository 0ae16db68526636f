/** Applies `migrations/`: each file and the note that it was applied in one transaction. */
import { neon, NeonDbError, neonConfig } from '@neondatabase/serverless'
import type { NeonQueryFunction, NeonQueryPromise } from '@neondatabase/serverless'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openEndpoint } from './local-endpoint.ts'
import { PROJECT_DIR } from './project.ts'

const BREAKPOINT = '--> statement-breakpoint'
const TIMEOUT_MS = 60_000
// Any number that nothing else locks: one runner at a time, also while the table is created.
const LOCK = 8_100_461_203

type Sql = NeonQueryFunction<false, false>

export interface Migrate {
  databaseUrl: string
  /** Absent for Neon itself. Holds for the whole process, as the driver has it. */
  sqlEndpoint?: string
  dir?: string
}

/** Returns the names of the files that this call applied. */
export async function migrate({ databaseUrl, sqlEndpoint, dir }: Migrate): Promise<string[]> {
  if (sqlEndpoint) neonConfig.fetchEndpoint = sqlEndpoint
  const sql = neon(databaseUrl)
  const folder = dir ?? join(PROJECT_DIR, 'migrations')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  const done = await appliedNames(sql)
  const applied: string[] = []
  for (const name of files.filter((file) => !done.has(file))) {
    const statements = (await readFile(join(folder, name), 'utf8')).split(BREAKPOINT)
    if (await apply(sql, name, statements)) applied.push(name)
  }
  return applied
}

async function appliedNames(sql: Sql): Promise<Set<unknown>> {
  const results = await batch(sql, [
    sql`SELECT pg_advisory_xact_lock(${LOCK})`,
    sql`CREATE TABLE IF NOT EXISTS tollgate_migrations (
      name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
    sql`SELECT name FROM tollgate_migrations`,
  ])
  return new Set(results[2]?.map((row) => row['name']))
}

/** False if another runner was faster. */
async function apply(sql: Sql, name: string, statements: string[]): Promise<boolean> {
  try {
    await batch(sql, [
      sql`SELECT pg_advisory_xact_lock(${LOCK})`,
      sql`INSERT INTO tollgate_migrations (name) VALUES (${name})`,
      ...statements.filter((text) => text.trim()).map((text) => sql.query(text)),
    ])
    return true
  } catch (error) {
    const lost = error instanceof NeonDbError && error.constraint === 'tollgate_migrations_pkey'
    if (lost) return false
    throw new Error(`migration ${name} failed, nothing of it was applied: ${reason(error)}`, {
      cause: error,
    })
  }
}

function batch(
  sql: Sql,
  statements: NeonQueryPromise<false, false>[],
): Promise<Record<string, unknown>[][]> {
  const fetchOptions = { signal: AbortSignal.timeout(TIMEOUT_MS) }
  return sql.transaction(statements, { fetchOptions, isolationLevel: 'ReadCommitted' })
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Like `migrate`, for any Postgres. */
export async function migrateDatabase(databaseUrl: string): Promise<string[]> {
  const { sqlEndpoint, close } = await openEndpoint({ databaseUrl, dataDir: '' })
  try {
    return await migrate({ databaseUrl, ...(sqlEndpoint && { sqlEndpoint }) })
  } finally {
    await close()
  }
}

export function summary(applied: string[]): string {
  return applied.length > 0 ? `Applied ${applied.join(', ')}` : 'The database is up to date'
}

if (import.meta.main) {
  const databaseUrl = process.env['DATABASE_URL']
  try {
    if (!databaseUrl) throw new Error('DATABASE_URL is not set')
    console.log(summary(await migrateDatabase(databaseUrl)))
  } catch (error) {
    console.error(`Could not migrate: ${reason(error)}`)
    process.exitCode = 1
  }
}
