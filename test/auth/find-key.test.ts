import { NeonDbError } from '@neondatabase/serverless'
import { describe, expect, it } from 'vitest'
import {
  type FindKeyDeps,
  findKeyRecord,
  refetchKey,
  type SharedKeys,
} from '../../src/auth/find-key.ts'
import { KeyCache } from '../../src/auth/key-cache.ts'
import { LookupLimit } from '../../src/auth/lookup-limit.ts'
import type { KeyRecord } from '../../src/db/keys.ts'
import { ApiError } from '../../src/errors.ts'
import { record } from './records.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND

/** An isolate's memory, what isolates share, and a Postgres that can be away. */
class World {
  readonly postgres = new Map<string, KeyRecord>()
  readonly sharedRecords = new Map<string, { record: KeyRecord; confirmedMs: number }>()
  cache = new KeyCache()
  limit = new LookupLimit(null)
  isAway = false
  lookups = 0
  delayMs = 0
  nowMs = 1_000 * HOUR
  #deferred: Promise<unknown>[] = []

  readonly shared: SharedKeys = {
    get: async (hash) => this.sharedRecords.get(hash) ?? null,
    put: async (one) => this.sharedRecords.set(one.hash, { record: one, confirmedMs: this.nowMs }),
    remove: async (hash) => this.sharedRecords.delete(hash),
  }

  find(hash: string): Promise<KeyRecord | null> {
    return this.#done(findKeyRecord(this.#deps(), hash))
  }

  refetch(hash: string): Promise<KeyRecord | null> {
    return this.#done(refetchKey(this.#deps(), hash))
  }

  #deps(): FindKeyDeps {
    return {
      cache: this.cache,
      shared: this.shared,
      limit: this.limit,
      findKey: (wanted) => this.#look(wanted),
      defer: (work) => this.#deferred.push(work),
      nowMs: this.nowMs,
    }
  }

  /** With all that was left for later. */
  async #done<T>(work: Promise<T>): Promise<T> {
    const found = await work
    while (this.#deferred.length > 0) await Promise.all(this.#deferred.splice(0))
    return found
  }

  /** Another isolate: nothing in memory. */
  newIsolate(): void {
    this.cache = new KeyCache()
    this.limit = new LookupLimit(null)
  }

  async #look(hash: string): Promise<KeyRecord | null> {
    this.lookups++
    if (this.delayMs > 0) await scheduler.wait(this.delayMs)
    if (this.isAway) throw new NeonDbError('Error connecting to database')
    return this.postgres.get(hash) ?? null
  }
}

function world(): World {
  const made = new World()
  made.postgres.set('a', record('a'))
  return made
}

describe('finding a key', () => {
  it('asks Postgres once for a warm isolate', async () => {
    const isolate = world()
    await isolate.find('a')
    await isolate.find('a')
    expect(isolate.lookups).toBe(1)
  })

  it('serves a key seen before to a new isolate while Postgres is away', async () => {
    const isolate = world()
    await isolate.find('a')
    isolate.isAway = true
    isolate.newIsolate()
    isolate.nowMs += 23 * HOUR
    expect(await isolate.find('a')).toEqual(record('a'))
  })

  it('uses nothing that is older than a day', async () => {
    const isolate = world()
    await isolate.find('a')
    isolate.isAway = true
    isolate.nowMs += 24 * HOUR + 1
    isolate.sharedRecords.clear()
    await expect(isolate.find('a')).rejects.toMatchObject({ status: 503 })
  })

  it('answers 503 with retry-after for a cold key while Postgres is away', async () => {
    const isolate = world()
    isolate.isAway = true
    const failure = await isolate.find('a').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApiError)
    expect(failure).toMatchObject({ status: 503, headers: { 'retry-after': '2' } })
  })

  it('refreshes a stale record beside the request, once in five seconds', async () => {
    const isolate = world()
    await isolate.find('a')
    isolate.isAway = true
    isolate.nowMs += 61 * SECOND
    for (let i = 0; i < 100; i++) await isolate.find('a')
    expect(isolate.lookups).toBe(2)
    isolate.nowMs += 6 * SECOND
    await isolate.find('a')
    expect(isolate.lookups).toBe(3)
  })

  it('forgets a key that Postgres no longer has, in what isolates share too', async () => {
    const isolate = world()
    await isolate.find('a')
    isolate.postgres.delete('a')
    isolate.nowMs += 61 * SECOND
    expect(await isolate.find('a')).not.toBeNull()
    expect(await isolate.find('a')).toBeNull()
    isolate.newIsolate()
    expect(await isolate.find('a')).toBeNull()
  })

  it.each(['a', 'nobody'])('asks once for 200 first calls of %s at once', async (hash) => {
    const isolate = world()
    isolate.delayMs = 30
    const found = await Promise.all(Array.from({ length: 200 }, () => isolate.find(hash)))
    expect(new Set(found)).toEqual(new Set([isolate.postgres.get(hash) ?? null]))
    expect(isolate.lookups).toBe(1)
  })

  it('fails who waited only if asking again fails, too', async () => {
    const isolate = world()
    isolate.delayMs = 30
    isolate.isAway = true
    const calls = Array.from({ length: 5 }, () => isolate.find('a'))
    const outcomes = Promise.allSettled(calls)
    await expect(Promise.race(calls)).rejects.toMatchObject({ status: 503 })
    isolate.isAway = false
    const found = (await outcomes).filter(({ status }) => status === 'fulfilled')
    expect(found).toHaveLength(4)
    expect(isolate.lookups).toBe(2)
  })

  it('goes on without a request that looks the key up and never ends', async () => {
    const isolate = world()
    isolate.cache.beginLookup('a', isolate.nowMs - 5 * SECOND + 20)
    expect(await isolate.find('a')).toEqual(record('a'))
  })

  it('asks for an unknown key once in five seconds', async () => {
    const isolate = world()
    for (let i = 0; i < 10; i++) expect(await isolate.find('nobody')).toBeNull()
    expect(isolate.lookups).toBe(1)
    isolate.nowMs += 5 * SECOND + 1
    await isolate.find('nobody')
    expect(isolate.lookups).toBe(2)
  })

  it('lets a flood of 10,000 random keys reach Postgres a bounded number of times', async () => {
    const isolate = world()
    let refused = 0
    for (let i = 0; i < 10_000; i++) {
      isolate.nowMs += 1
      await isolate.find(`random-${i}`).catch(() => refused++)
    }
    expect(isolate.lookups).toBeLessThanOrEqual(500 + 10 * 50 + 1)
    expect(refused + isolate.lookups).toBe(10_000)
  })

  it('lets a new isolate find thousands of good keys at once', async () => {
    const isolate = world()
    for (let i = 0; i < 2_000; i++) isolate.postgres.set(`k${i}`, record(`k${i}`))
    for (let i = 0; i < 2_000; i++) expect(await isolate.find(`k${i}`)).not.toBeNull()
  })

  it('stops at what the location allows', async () => {
    const isolate = world()
    isolate.limit = new LookupLimit({ limit: async () => ({ success: false }) })
    await expect(isolate.find('a')).rejects.toMatchObject({ status: 503 })
    expect(isolate.lookups).toBe(0)
  })

  it('goes on when what isolates share is out of order', async () => {
    const isolate = world()
    isolate.shared.get = () => Promise.reject(new Error('away'))
    isolate.shared.put = () => Promise.reject(new Error('away'))
    expect(await isolate.find('a')).toEqual(record('a'))
  })
})

describe('finding a key past the caches', () => {
  it('asks Postgres though the key is known, and lets all isolates know', async () => {
    const isolate = world()
    await isolate.find('a')
    isolate.postgres.set('a', record('a', 2))
    expect((await isolate.refetch('a'))?.key.version).toBe(2)
    expect((await isolate.find('a'))?.key.version).toBe(2)
    expect(isolate.sharedRecords.get('a')?.record.key.version).toBe(2)
    expect(isolate.lookups).toBe(2)
  })

  it('is null for a key that is gone, and so is the next look', async () => {
    const isolate = world()
    await isolate.find('a')
    isolate.postgres.delete('a')
    expect(await isolate.refetch('a')).toBeNull()
    expect(await isolate.find('a')).toBeNull()
  })

  it('answers 503 while Postgres is away, or too much is looked up', async () => {
    const isolate = world()
    isolate.isAway = true
    await expect(isolate.refetch('a')).rejects.toMatchObject({ status: 503 })
    isolate.isAway = false
    isolate.limit = new LookupLimit({ limit: async () => ({ success: false }) })
    await expect(isolate.refetch('a')).rejects.toMatchObject({ status: 503 })
  })
})
