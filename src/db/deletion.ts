import { type AnyColumn, sql } from 'drizzle-orm'

/** A row that is deleted keeps its first time of death; the new version is what ledgers are told. */
export function deletion(deletedAt: AnyColumn) {
  return {
    deletedAt: sql`coalesce(${deletedAt}, now())`,
    version: sql`nextval('policy_version')`,
  }
}
