import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { directoryOf } from '../../src/auth/key-directory.ts'
import { fullRecord, record } from './records.ts'

const DAY_MS = 24 * 3_600_000

function directory() {
  const hash = crypto.randomUUID()
  return { hash, stub: directoryOf(env.KEY_DIRECTORY, hash) }
}

async function age(stub: ReturnType<typeof directory>['stub'], ms: number): Promise<void> {
  await runInDurableObject(stub, (_object, { storage }) => {
    storage.sql.exec('UPDATE record SET confirmed_ms = confirmed_ms - ?', ms)
  })
}

describe('KeyDirectory', () => {
  it('gives back what was put, after an eviction too', async () => {
    const { hash, stub } = directory()
    await stub.put(record(hash, 7))
    await evictDurableObject(stub)
    expect((await stub.get(hash))?.record).toEqual(record(hash, 7))
    expect(await stub.get('unknown')).toBeNull()
  })

  it('gives back names that users chose, money among them', async () => {
    const { hash, stub } = directory()
    const { key, ...rest } = fullRecord(hash)
    const increase = { pico: 5n, untilMs: 1 }
    const full = { ...rest, key: { ...key, aliases: { pico: 'gpt-4' }, increase } }
    await stub.put(full)
    expect((await stub.get(hash))?.record).toEqual(full)
  })

  it('never lets an older record undo a newer one', async () => {
    const { hash, stub } = directory()
    await stub.put(record(hash, 7))
    await stub.put(record(hash, 6))
    expect((await stub.get(hash))?.record.key.version).toBe(7)
  })

  it('forgets a removed record, and one that Postgres did not confirm for a day', async () => {
    const { hash, stub } = directory()
    await stub.put(record(hash))
    await stub.remove(hash)
    expect(await stub.get(hash)).toBeNull()
    await stub.put(record(hash))
    await age(stub, DAY_MS)
    expect(await stub.get(hash)).toBeNull()
  })

  it('prunes what is too old, and keeps the rest', async () => {
    const { hash, stub } = directory()
    await stub.put(record(hash))
    await age(stub, DAY_MS)
    const kept = `${hash}-kept`
    await stub.put(record(kept))
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    await runInDurableObject(stub, (_object, { storage }) => {
      const hashes = storage.sql.exec('SELECT hash FROM record').toArray()
      expect(hashes.map((row) => row['hash'])).toContain(kept)
      expect(hashes.map((row) => row['hash'])).not.toContain(hash)
    })
  })
})
