import { sql } from 'drizzle-orm'

/** Who changed a row and when. The new version is what ledgers are told. */
export function changed(by: string, nowMs: number) {
  return {
    version: sql`nextval('policy_version')`,
    updatedAt: new Date(nowMs),
    updatedBy: by,
  }
}

/** Who made a row and when. */
export function made(by: string, nowMs: number) {
  const now = new Date(nowMs)
  return { createdBy: by, updatedBy: by, createdAt: now, updatedAt: now }
}
