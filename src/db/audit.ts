import { sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { auditLogs } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'

/** Who answers for a change. */
export interface Author {
  /** A user's id, or whom the client named in `litellm-changed-by`. */
  readonly changedBy: string
  /** Hash of the key that acts; null: it was none. */
  readonly apiKey: string | null
}

/**
 * The same database, where every batch says first who acts: triggers then write down what it
 * changes, in its transaction. A change that is no batch would not be seen.
 */
export function actingAs(db: Db, { changedBy, apiKey }: Author): Db {
  const author = JSON.stringify({ changed_by: changedBy, api_key: apiKey })
  const batch = async (statements: readonly BatchItem<'pg'>[]): Promise<unknown[]> => {
    const says = db.execute(sql`select set_config('tollgate.by', ${author}, true)`)
    const [, ...answers] = await db.batch([says, ...statements])
    return answers
  }
  return Object.assign(Object.create(db) as Db, { batch: batch as Db['batch'] })
}

interface Changed extends Author {
  /** Of the change, so that a call that is repeated notes it once; absent: a new one. */
  readonly id?: string
  readonly table: string
  readonly objectId: string
  /** Null: not known any more. */
  readonly before: Record<string, unknown> | null
  readonly after: Record<string, unknown>
}

/** For what a ledger changed: it is no row of Postgres that a trigger could see. */
export async function noteChange(db: Db, changed: Changed): Promise<void> {
  const { id, changedBy, apiKey, table, objectId, before, after } = changed
  const row = {
    ...(id !== undefined && { id }),
    changedBy,
    changedByApiKey: apiKey,
    action: 'updated',
    tableName: table,
    objectId,
    beforeValue: before,
    updatedValues: after,
  }
  await db.insert(auditLogs).values(row).onConflictDoNothing()
}
