import { and, eq, gt, lt } from 'drizzle-orm'
import { uiSessions } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'

export interface UiSession {
  /** SHA-256 of the cookie's value. */
  readonly id: string
  /** SHA-256 of the key that was signed in with. */
  readonly keyHash: string
  readonly expiresAt: Date
}

/** Keeps a session, and forgets those that have ended. */
export async function insertSession(db: Db, session: UiSession, nowMs: number): Promise<void> {
  const ended = db.delete(uiSessions).where(lt(uiSessions.expiresAt, new Date(nowMs)))
  await db.batch([ended, db.insert(uiSessions).values(session)])
}

/** Null: there is none, or it has ended. */
export async function findSession(db: Db, id: string, nowMs: number): Promise<UiSession | null> {
  const isOpen = and(eq(uiSessions.id, id), gt(uiSessions.expiresAt, new Date(nowMs)))
  const [row] = await db.select().from(uiSessions).where(isOpen).limit(1)
  return row ?? null
}

export async function deleteSession(db: Db, id: string): Promise<void> {
  await db.delete(uiSessions).where(eq(uiSessions.id, id))
}
