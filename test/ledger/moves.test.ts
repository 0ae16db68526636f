import { describe, expect, it } from 'vitest'
import { LedgerCore } from '../../src/ledger/core.ts'
import {
  type Fixture,
  admitted,
  budget,
  KEY_SCOPE,
  keyRow,
  rates,
  refused,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'
import { MemoryStore } from './memory-store.ts'
import { A, B, evicted, key, move, newId, perModel, spend, spends, two } from './two-ledgers.ts'

describe('a key that moves', () => {
  it('takes what it spent in all of its windows along, and the account keeps its own', () => {
    const { a, b } = two()
    spend(a, [key(1), A], 100n)
    spend(b, [B], 7n)
    move(a, b, key(2))
    for (const [left, came] of [
      [a, b],
      [evicted(a), evicted(b)],
    ] as const) {
      expect(spends(left)).toEqual([0n, 0n, 0n])
      expect(spends(came)).toEqual([100n, 100n, 100n])
      expect(seen(left.core, A, T0)).toEqual([100n, 0n])
      expect(seen(came.core, B, T0)).toEqual([7n, 0n])
    }
  })

  it('is refused where it comes to, right away, if it was spent up', () => {
    const { a, b } = two()
    spend(a, [key(1), A], 100n)
    move(a, b, key(2))
    const limited = key(2, { budgets: [budget(100n)] })
    expect(refused(b.core.reserve(reserveOf(newId(), [limited, B]), T0)).reason).toBe('budget')
  })

  it('leaves whoever still comes with its old row to go after it', () => {
    const { a, b } = two()
    move(a, b, key(2))
    for (const { core } of [a, evicted(a)]) {
      expect(core.reserve(reserveOf(newId(), [key(1), A]), T0)).toMatchObject({
        kind: 'stale',
        row: { version: 2 },
      })
    }
  })

  it('adds to what was spent before it came', () => {
    const { a, b } = two()
    spend(a, [key(1), A], 100n)
    const balance = a.core.leave(key(2), T0)!
    spend(b, [key(2), B], 5n)
    b.core.arrive(key(2), balance, T0)
    expect(spends(b)).toEqual([105n, 105n, 105n])
    expect(spends(evicted(b))).toEqual([105n, 105n, 105n])
  })

  it('takes nothing of a key whose hash begins as its own, or of models of others', () => {
    const { a, b } = two()
    const other = keyRow({ id: `${key(1).id}0`, modelLimits: perModel })
    spend(a, [key(1), A], 100n)
    spend(a, [other, A], 9n)
    const { spends: taken } = move(a, b, key(2))
    expect(new Set(taken.map(({ scope }) => scope))).toEqual(new Set([KEY_SCOPE, `${KEY_SCOPE}/m`]))
    expect(seen(a.core, other, T0)).toEqual([9n, 0n])
  })

  it('takes along also what nobody looked at since the ledger woke', () => {
    const { a, b } = two()
    spend(a, [key(1), A], 100n)
    move(evicted(a), b, key(2))
    expect(spends(evicted(a))).toEqual([0n, 0n, 0n])
    expect(spends(b)).toEqual([100n, 100n, 100n])
  })

  it('cannot leave or come before the ledger has taken over', () => {
    const core = new LedgerCore(new MemoryStore())
    expect(core.leave(key(2), T0)).toBeNull()
  })
})

describe('a move that comes again', () => {
  it('is answered as it was, and changes nothing', () => {
    const { a, b } = two()
    spend(a, [key(1), A], 100n)
    const first = move(a, b, key(2))
    spend(b, [key(2), B], 5n)
    for (const [left, came] of [
      [a, b],
      [evicted(a), evicted(b)],
    ] as const) {
      expect(move(left, came, key(2))).toEqual(first)
      expect(spends(left)).toEqual([0n, 0n, 0n])
      expect(spends(came)).toEqual([105n, 105n, 105n])
    }
  })

  it('after the key came back changes nothing either', () => {
    const { a, b } = two()
    spend(a, [key(1), A], 100n)
    const first = move(a, b, key(2))
    move(b, a, key(3))
    b.core.arrive(key(2), first, T0)
    expect([spends(a), spends(b)]).toEqual([
      [100n, 100n, 100n],
      [0n, 0n, 0n],
    ])
    expect(a.core.reserve(reserveOf(newId(), [key(2), A]), T0).kind).toBe('stale')
  })
})

const balanceOf = (pico: bigint) => ({
  version: 2,
  traffic: [],
  spends: [{ scope: KEY_SCOPE, budget: 'main', startMs: 0, endMs: null, spentPico: pico }],
})

describe('a key that came with what Postgres knew of it', () => {
  it('brings the rest of what its old ledger knows, and nothing twice', () => {
    const { b } = two()
    spend(b, [B], 1n)
    for (const pico of [5n, 9n, 5n, 9n]) b.core.arrive(key(2), balanceOf(pico), T0)
    for (const { core } of [b, evicted(b)]) expect(seen(core, key(2), T0)).toEqual([9n, 0n])
  })

  it('brings its minute, which Postgres does not know, once', () => {
    const { a, b } = two()
    spend(a, [key(1), A], 0n)
    b.core.arrive(key(2), balanceOf(0n), T0)
    const left = a.core.leave(key(2), T0)!
    for (let i = 0; i < 2; i++) b.core.arrive(key(2), left, T0)
    const limited = key(2, { rates: rates({ requestsPerMinute: 9 }) })
    for (const { core } of [b, evicted(b)]) {
      expect(core.decide(reserveOf(newId(), [limited]), T0)).toMatchObject({
        rates: [{ requests: { remaining: 8 } }],
      })
    }
  })

  it('keeps what it spent here when less comes', () => {
    const { b } = two()
    b.core.arrive(key(2), balanceOf(9n), T0)
    spend(b, [key(2), B], 3n)
    b.core.arrive(key(2), balanceOf(5n), T0)
    for (const { core } of [b, evicted(b)]) expect(seen(core, key(2), T0)).toEqual([12n, 0n])
  })
})

describe('a key that comes back', () => {
  it('brings all of it, however often it went', () => {
    let { a, b } = two()
    let sum = 0n
    for (let version = 1; version < 12; version++) {
      const pico = BigInt(10 ** (version % 5))
      spend(a, [key(version), A], pico)
      sum += pico
      move(a, b, key(version + 1))
      expect([spends(a)?.[0], spends(b)?.[0]]).toEqual([0n, sum])
      if (version % 3 === 0) [a, b] = [evicted(a), evicted(b)]
      ;[a, b] = [b, a]
    }
  })

  it('counts each of its requests and tokens of the last minute once', () => {
    const { a, b } = two()
    for (let i = 0; i < 3; i++) spend(a, [key(1), A], 1n, T0 + i)
    move(a, b, key(2), T0 + 10)
    spend(b, [key(2), B], 1n, T0 + 20)
    move(b, a, key(3), T0 + 30)
    const limited = key(3, { rates: rates({ requestsPerMinute: 9, tokensPerMinute: 99 }) })
    for (const { core } of [a, evicted(a)]) {
      expect(core.decide(reserveOf(newId(), [limited]), T0 + 40)).toMatchObject({
        rates: [{ requests: { remaining: 5 }, tokens: { remaining: 79 } }],
      })
    }
  })
})

describe('the last minute of a key that moves', () => {
  const limited = key(2, { rates: rates({ requestsPerMinute: 2, tokensPerMinute: 12 }) })

  it('counts where it comes to, until it is over', () => {
    const { a, b } = two()
    spend(a, [key(1), A], 1n)
    spend(a, [key(1), A], 1n, T0 + 10)
    move(a, b, limited, T0 + 20)
    for (const ledger of [b, evicted(b)]) {
      const ask = (nowMs: number) =>
        ledger.core.reserve(reserveOf(newId(nowMs), [limited, B]), nowMs)
      expect(refused(ask(T0 + 59_999))).toMatchObject({ reason: 'requests', retryAfterMs: 1 })
    }
    admitted(b.core.reserve(reserveOf(newId(T0 + 60_000), [limited, B]), T0 + 60_000))
  })

  it.each([
    ['in the same life', (ledger: Fixture) => ledger],
    ['after an eviction', evicted],
  ])('comes along also if all of it cost nothing, %s', (_name, wake) => {
    const { a, b } = two()
    spend(a, [key(1), A], 0n)
    spend(a, [key(1), A], 0n)
    move(wake(a), b, limited)
    expect(refused(b.core.reserve(reserveOf(newId(), [limited, B]), T0)).reason).toBe('requests')
  })
})

const edited = (version: number) =>
  key(version, { budgets: [budget(null, '1d', { anchorMs: T0 + 15_000 })] })

describe('a window that was edited while a key was away', () => {
  it('keeps the spend that comes back, also beside what an old call left', () => {
    const { a, b } = two()
    const old = key(1, { budgets: [budget(null, '10s')] })
    const id = newId()
    admitted(a.core.reserve(reserveOf(id, [old, A]), T0))
    move(a, b, { ...old, version: 2 }, T0 + 1)
    spend(b, [{ ...old, version: 2 }, B], 90n, T0 + 12_000)
    b.core.tell(edited(3), T0 + 15_000)
    a.core.settle(settleOf(id, [old, A], { chargePico: 5n }), T0 + 21_000)
    move(b, a, edited(4), T0 + 30_000)
    expect(seen(a.core, edited(4), T0 + 30_000)).toEqual([95n, 0n])
    expect(seen(evicted(a).core, edited(4), T0 + 30_000)).toEqual([95n, 0n])
  })
})
