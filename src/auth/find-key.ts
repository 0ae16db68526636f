import { isDatabaseDown } from '../db/failures.ts'
import type { KeyRecord } from '../db/keys.ts'
import { unavailable } from '../errors.ts'
import { describe, log } from '../log.ts'
import { within } from '../within.ts'
import { type KeyCache, LOOKUP_MAX_MS } from './key-cache.ts'
import type { LookupLimit } from './lookup-limit.ts'

/** What isolates share is a shortcut: past this it is not one. */
const SHARED_WAIT_MS = 2_000
const POLL_MIN_MS = 10
const POLL_MAX_MS = 250

/** What isolates share of keys; a failure of it is nobody's failure. */
export interface SharedKeys {
  get(hash: string): Promise<{ readonly record: KeyRecord; readonly confirmedMs: number } | null>
  put(record: KeyRecord): Promise<unknown>
  remove(hash: string): Promise<unknown>
}

export interface FindKeyDeps {
  readonly cache: KeyCache
  readonly shared: SharedKeys
  readonly findKey: (hash: string) => Promise<KeyRecord | null>
  readonly limit: LookupLimit
  /** Work that may outlive the request. */
  readonly defer: (work: Promise<unknown>) => void
  readonly nowMs: number
}

/**
 * This isolate's memory, else what isolates share, else Postgres. A record that is not fresh is
 * used, and refreshed beside the request. Null: no such key. Throws 503 if nobody can tell now.
 */
export async function findKeyRecord(deps: FindKeyDeps, hash: string): Promise<KeyRecord | null> {
  let waitedMs = 0
  for (let pollMs = POLL_MIN_MS; ; pollMs = Math.min(2 * pollMs, POLL_MAX_MS)) {
    const cached = deps.cache.get(hash, deps.nowMs)
    if (cached) {
      if (!cached.isFresh) refresh(deps, hash)
      return cached.record
    }
    if (deps.cache.beginLookup(hash, deps.nowMs + waitedMs)) break
    if (waitedMs >= LOOKUP_MAX_MS) throw awayNow()
    // A promise that requests share would fail them all with the first; a value does not.
    await new Promise((resolve) => setTimeout(resolve, pollMs))
    waitedMs += pollMs
  }
  const work = fetchRecord(deps, hash).finally(() => deps.cache.endLookup(hash))
  deps.defer(work.catch(() => undefined))
  return work
}

async function fetchRecord(deps: FindKeyDeps, hash: string): Promise<KeyRecord | null> {
  const shared = await within(SHARED_WAIT_MS, deps.shared.get(hash)).catch(() => null)
  if (!shared) return lookUp(deps, hash)
  deps.cache.set(hash, shared.record, shared.confirmedMs)
  if (!deps.cache.get(hash, deps.nowMs)?.isFresh) refresh(deps, hash)
  return shared.record
}

/** Past the caches, which then know it too. Throws 503 if nobody can tell now. */
export function refetchKey(deps: FindKeyDeps, hash: string): Promise<KeyRecord | null> {
  return lookUp(deps, hash)
}

function refresh(deps: FindKeyDeps, hash: string): void {
  if (!deps.cache.mayRefresh(hash, deps.nowMs)) return
  const work = lookUp(deps, hash).catch((error: unknown) => {
    log('warn', 'key_refresh_failed', { error: describe(error) })
  })
  deps.defer(work)
}

async function lookUp(deps: FindKeyDeps, hash: string): Promise<KeyRecord | null> {
  const { cache, shared, limit, nowMs } = deps
  if (!(await limit.allows(nowMs))) {
    throw unavailable('Too many keys are looked up right now. Please try again.')
  }
  try {
    const record = await deps.findKey(hash)
    if (record) limit.refund()
    cache.set(hash, record, nowMs)
    const told = record ? shared.put(record) : shared.remove(hash)
    deps.defer(told.catch(() => undefined))
    return record
  } catch (error) {
    if (!isDatabaseDown(error)) throw error
    log('warn', 'key_lookup_failed', { error: describe(error) })
    throw awayNow()
  }
}

function awayNow() {
  return unavailable('The database of keys cannot be reached right now. Please try again.', 2)
}
