import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Caller } from '../../auth/caller.ts'
import { checkKey } from '../../auth/check-key.ts'
import { callerWithHash } from '../../callers.ts'
import { deleteSession, findSession, insertSession } from '../../db/ui-sessions.ts'
import type { Deps } from '../../http.ts'
import { sha256Hex } from '../../ids.ts'

const NAME = 'tollgate'
const LASTS_S = 24 * 3_600
const TOKEN_BYTES = 32

/** Starts a session for who has this key; null: nobody has it. Throws as a call with it would. */
export async function signIn(deps: Deps, c: Context, key: string): Promise<Caller | null> {
  const keyHash = await sha256Hex(key)
  const caller = await callerWithHash(deps, c, keyHash)
  if (!caller) return null
  const nowMs = Date.now()
  checkKey(caller, { path: c.req.path, nowMs })
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))
  const token = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const expiresAt = new Date(nowMs + LASTS_S * 1_000)
  await insertSession(deps.db, { id: await sha256Hex(token), keyHash, expiresAt }, nowMs)
  setCookie(c, NAME, token, { ...optionsOf(c), maxAge: LASTS_S })
  return caller
}

/** Who is signed in; null: nobody, or a key that is gone, blocked or expired by now. */
export async function sessionCaller(deps: Deps, c: Context): Promise<Caller | null> {
  const id = await sessionId(c)
  const nowMs = Date.now()
  const session = id === null ? null : await findSession(deps.db, id, nowMs)
  const caller = session && (await callerWithHash(deps, c, session.keyHash))
  if (!caller) return null
  try {
    checkKey(caller, { path: c.req.path, nowMs })
    return caller
  } catch {
    return null
  }
}

export async function signOut({ db }: Deps, c: Context): Promise<void> {
  const id = await sessionId(c)
  if (id !== null) await deleteSession(db, id)
  deleteCookie(c, NAME, optionsOf(c))
}

async function sessionId(c: Context): Promise<string | null> {
  const { prefix } = optionsOf(c)
  const token = prefix ? getCookie(c, NAME, prefix) : getCookie(c, NAME)
  return token ? sha256Hex(token) : null
}

/** Browsers keep the prefix's promises over TLS only; plain HTTP is for localhost. */
function optionsOf(c: Context) {
  const isSecure = new URL(c.req.url).protocol === 'https:'
  const options = { path: '/', httpOnly: true, sameSite: 'Strict' } as const
  return { ...options, secure: isSecure, ...(isSecure && { prefix: 'host' as const }) }
}
