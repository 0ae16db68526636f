import type { Context } from 'hono'
import { createContext, useContext } from 'hono/jsx'
import { getCookie } from 'hono/cookie'
import { actorOf, isAdmin, isViewer, maySeeAll } from '../auth/actor.ts'
import type { Caller } from '../auth/caller.ts'
import { isTimezone } from '../calendar.ts'
import type { Deps } from '../http.ts'

/** Who looks at a page, from where, and when. */
export interface Viewer {
  /** As whom somebody is signed in. */
  readonly name: string
  readonly userId: string | null
  readonly isAdmin: boolean
  readonly seesAll: boolean
  /** Whether the API takes any change from them. */
  readonly mayChange: boolean
  /** Of the IANA database: theirs, as a script of ours told by cookie. */
  readonly zone: string
  readonly nowMs: number
}

/** Of the page that is being written; null: nobody is signed in. */
export const Viewing = createContext<Viewer | null>(null)

const SOMEBODY: Viewer = {
  name: '',
  userId: null,
  isAdmin: false,
  seesAll: false,
  mayChange: false,
  zone: 'UTC',
  nowMs: 0,
}

export function useViewer(): Viewer {
  return useContext(Viewing) ?? SOMEBODY
}

const ZONE_COOKIE = 'tollgate-zone'
const ZONE_MAX_LENGTH = 64

/** As the admin API knows them, read from Postgres now. Throws 401 for a key that has ended. */
export async function viewerOf({ db }: Deps, c: Context, caller: Caller): Promise<Viewer> {
  const nowMs = Date.now()
  const zone = zoneOf(c)
  const actor = await actorOf(db, caller, { path: c.req.path, nowMs })
  return {
    name: nameOf(caller),
    userId: actor.userId,
    isAdmin: isAdmin(actor),
    seesAll: maySeeAll(actor),
    mayChange: actor.role !== null && !isViewer(actor),
    zone,
    nowMs,
  }
}

function nameOf(caller: Caller): string {
  if (caller.kind === 'admin') return caller.acting?.by ?? 'master key'
  const { record } = caller
  if (caller.kind === 'jwt') return caller.principal.userEmail ?? record.userId ?? 'a token'
  return record.alias ?? record.name
}

function zoneOf(c: Context): string {
  const sent = getCookie(c, ZONE_COOKIE) ?? ''
  const isZone = sent !== '' && sent.length <= ZONE_MAX_LENGTH && isTimezone(sent)
  return isZone ? sent : 'UTC'
}
