import { eq, sql } from 'drizzle-orm'
import { jobs } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'

/** Where a job stopped; empty: at the beginning. */
export async function readCursor(db: Db, job: string): Promise<string> {
  const [row] = await db.select().from(jobs).where(eq(jobs.job, job))
  return row?.cursor ?? ''
}

export async function saveCursor(db: Db, job: string, cursor: string): Promise<void> {
  await db
    .insert(jobs)
    .values({ job, cursor })
    .onConflictDoUpdate({ target: jobs.job, set: { cursor, updatedAt: sql`now()` } })
}
