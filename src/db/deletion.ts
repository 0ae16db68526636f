import { type AnyColumn, sql } from 'drizzle-orm'
import { keys } from '../../drizzle/schema.ts'

/** A row that is deleted keeps its first time of death; the new version is what ledgers are told. */
export function deletion(deletedAt: AnyColumn) {
  return {
    deletedAt: sql`coalesce(${deletedAt}, now())`,
    version: sql`nextval('policy_version')`,
  }
}

/**
 * The same for keys. One that is on its way keeps the version that it leaves with: its old ledger
 * may have let go of what it spent, and answers that again for the same version only.
 */
export function keyDeletion() {
  return {
    ...deletion(keys.deletedAt),
    moving: sql`jsonb_build_object('version', ${keys.version}) || ${keys.moving}`,
  }
}
