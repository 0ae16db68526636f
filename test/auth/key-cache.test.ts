import { describe, expect, it } from 'vitest'
import { isOlder, KeyCache } from '../../src/auth/key-cache.ts'
import type { KeyRecord } from '../../src/db/keys.ts'
import { fullRecord, record } from './records.ts'

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

  it('uses a record that a ledger made newer, and has the rest of it fetched anew', () => {
    const cache = new KeyCache()
    cache.set('a', record('a', 7), HOUR)
    cache.amend('a', record('a', 8), HOUR)
    expect(cache.get('a', HOUR)).toEqual({ record: record('a', 8), isFresh: false })
    cache.set('a', record('a', 8), HOUR)
    expect(cache.get('a', HOUR)?.isFresh).toBe(true)
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

describe('which of two records is older', () => {
  const known = fullRecord('a')
  const { key, account, budget } = known
  const member = known.member!
  const { member: _member, budget: _budget, ...early } = known
  const moved = { ...known, accountId: 'team:new', account: { ...account, id: 'team:new' } }

  it.each<[string, KeyRecord, boolean]>([
    ['the same', known, false],
    ['an older key', { ...known, key: { ...key, version: 4 } }, true],
    ['an older account', { ...known, account: { ...account, version: 4 } }, true],
    ['an older member', { ...known, member: { ...member, version: 4 } }, true],
    ['an older budget', { ...known, budget: { ...budget!, version: 4 } }, true],
    ['all newer', { ...known, key: { ...key, version: 6 } }, false],
    ['another budget', { ...known, budget: { ...budget!, id: 'c', version: 4 } }, false],
    ['no budget any more', { ...known, budget: null }, false],
    ['from an older Worker', early, false],
    ['of another account, earlier', { ...moved, key: { ...key, version: 4 } }, true],
    [
      'of another account, later',
      { ...moved, key: { ...key, version: 6 }, member: { ...member, version: 1 } },
      false,
    ],
  ])('%s', (_name, given, older) => {
    expect(isOlder(given, known)).toBe(older)
  })
})
