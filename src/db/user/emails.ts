import { type SQL, sql } from 'drizzle-orm'
import { users } from '../../../drizzle/schema.ts'
import type { Db } from '../connect.ts'

/** For a batch, after accounts are locked: whoever gives somebody this address waits here. */
export function lockEmail(db: Db, email: string | null | undefined) {
  const spelt = email ? [...new Set([email, email.toLowerCase()])].toSorted() : []
  return db.execute(sql`select pg_advisory_xact_lock(hashtextextended(spelt, 0))
    from jsonb_array_elements_text(${JSON.stringify(spelt)}::jsonb) as spelt`)
}

/** Whether anybody else has this address, however it is spelt. */
export function isTaken(email: string | null | undefined, by: SQL): SQL {
  if (!email) return sql`false`
  return sql`exists (select 1 from ${users} as other where lower(other.user_email) = ${email.toLowerCase()}
    and other.user_id <> ${by} and other.deleted_at is null)`
}
