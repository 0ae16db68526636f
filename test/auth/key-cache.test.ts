import { describe, expect, it } from 'vitest'
import { KeyCache } from '../../src/auth/key-cache.ts'
import { record } from './records.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND

describe('KeyCache', () => {
  it('calls a record fresh for a minute, then stale, and forgets it after a day', () => {
    const cache = new KeyCache()
    cache.set('a', record('a'), 0)
    expect(cache.get('a', 60 * SECOND)).toMatchObject({ isFresh: true })
    expect(cache.get('a', 60 * SECOND + 1)).toMatchObject({ isFresh: false })
    expect(cache.get('a', 24 * HOUR)).toMatchObject({ isFresh: false })
    expect(cache.get('a', 24 * HOUR + 1)).toBeNull()
  })

  it('remembers an unknown key for five seconds', () => {
    const cache = new KeyCache()
    cache.set('a', null, 0)
    expect(cache.get('a', 5 * SECOND)).toEqual({ record: null, isFresh: true })
    expect(cache.get('a', 5 * SECOND + 1)).toBeNull()
  })

  it('never lets an older record undo a newer one', () => {
    const cache = new KeyCache()
    cache.set('a', record('a', 7), 0)
    cache.set('a', record('a', 6), 1)
    expect(cache.get('a', 2)?.record?.key.version).toBe(7)
  })

  it('is bounded, and drops what was used least recently', () => {
    const cache = new KeyCache()
    cache.set('kept', record('kept'), 0)
    for (let i = 0; i < 20_000; i++) {
      cache.set(`k${i}`, record(`k${i}`), 0)
      if (i % 5_000 === 0) cache.get('kept', 0)
    }
    expect(cache.size).toBe(10_000)
    expect(cache.get('kept', 0)).not.toBeNull()
    expect(cache.get('k0', 0)).toBeNull()
  })

  it('keeps good keys through a flood of unknown ones', () => {
    const cache = new KeyCache()
    cache.set('good', record('good'), 0)
    for (let i = 0; i < 30_000; i++) cache.set(`k${i}`, null, 0)
    expect(cache.get('good', 0)).not.toBeNull()
    expect(cache.size).toBe(10_001)
  })
})
