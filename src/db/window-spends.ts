import { and, eq } from 'drizzle-orm'
import { windowSpends } from '../../drizzle/schema.ts'
import type { AccountRef } from './accounts.ts'
import type { Db } from './connect.ts'

/** Postgres' copy of an account's other windows: of models, and of further windows. */
export async function listWindowSpends(db: Db, { accountId, generation }: AccountRef) {
  return db
    .select()
    .from(windowSpends)
    .where(and(eq(windowSpends.accountId, accountId), eq(windowSpends.generation, generation)))
    .limit(WINDOWS_MAX)
}

const WINDOWS_MAX = 10_000
