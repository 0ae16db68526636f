import { describe, expect, it } from 'vitest'
import { HOLD_MS } from '../../src/ledger/entries.ts'
import { admitted, budget, reserveOf, seen, settleOf, T0 } from './build.ts'
import { A, B, evicted, key, move, newId, spend, spends, two } from './two-ledgers.ts'

const flying = () => {
  const ledgers = two()
  const id = newId()
  const request = reserveOf(id, [key(1), A], { expectedPico: 50n, model: 'm' })
  spend(ledgers.a, [key(1), A], 100n)
  admitted(ledgers.a.core.reserve(request, T0))
  move(ledgers.a, ledgers.b, key(2))
  return { ...ledgers, id }
}

/** Windows of ten seconds, and from 25 seconds on of a day. */
const short = (version: number) => key(version, { budgets: [budget(null, '10s')] })
const long = (version: number) =>
  key(version, { budgets: [budget(null, '1d', { anchorMs: T0 + 25_000 })] })

describe('a call in flight when its key moves', () => {
  it.each([
    [
      'settles',
      30n,
      ({ a, id }: ReturnType<typeof flying>) => {
        a.core.settle(settleOf(id, [key(1), A], { chargePico: 30n, model: 'm' }), T0)
      },
    ],
    ['is released', 0n, ({ a, id }: ReturnType<typeof flying>) => a.core.release(id, {}, T0)],
    ['is orphaned', 50n, ({ a }: ReturnType<typeof flying>) => a.core.expire(T0 + HOLD_MS)],
  ] as const)('%s where it was held, and nothing is counted twice or lost', (_name, pico, end) => {
    const world = flying()
    const { a, b } = world
    expect(seen(a.core, key(2), T0)).toEqual([0n, 50n])
    expect(seen(b.core, key(2), T0)).toEqual([100n, 0n])
    end(world)
    const now = T0 + HOLD_MS
    expect([spends(a, now), spends(b, now)]).toEqual([
      [pico, pico, pico],
      [100n, 100n, 100n],
    ])
    expect(seen(a.core, A, now)).toEqual([100n + pico, 0n])
    move(a, b, key(2), now)
    expect(spends(b, now)).toEqual([100n, 100n, 100n])
    move(b, evicted(a), key(3), now)
    expect(spends(evicted(a), now)).toEqual([100n + pico, 100n + pico, 100n + pico])
  })

  it('that was orphaned before is corrected where it was charged', () => {
    const { a, b } = two()
    const id = newId()
    admitted(a.core.reserve(reserveOf(id, [key(1), A], { expectedPico: 50n, model: 'm' }), T0))
    a.core.expire(T0 + HOLD_MS)
    move(a, b, key(2), T0 + HOLD_MS)
    const late = settleOf(id, [key(1), A], { chargePico: 20n, model: 'm' })
    a.core.settle(late, T0 + HOLD_MS + 1)
    const now = T0 + HOLD_MS + 1
    expect([spends(a, now), spends(b, now)]).toEqual([
      [-30n, -30n, -30n],
      [50n, 50n, 50n],
    ])
    expect(seen(a.core, A, now)).toEqual([20n, 0n])
  })

  it('is corrected after the key came back from where its window starts later', () => {
    const { a, b: warm } = two()
    const id = newId(T0 + 21_000)
    spend(warm, [short(1), B], 1n)
    move(warm, a, short(2), T0 + 1)
    admitted(a.core.reserve(reserveOf(id, [short(2), A], { expectedPico: 10n }), T0 + 21_000))
    spend(a, [short(2), A], 7n, T0 + 22_000)
    // Nobody looked there since it woke, so nothing was open when the duration changed.
    const b = evicted(warm)
    for (const { core } of [a, b]) core.tell(long(3), T0 + 25_000)
    const lateMs = T0 + 21_000 + HOLD_MS
    const balance = a.core.leave(long(4), lateMs)!
    spend(b, [long(4), B], 5n, lateMs)
    b.core.arrive(long(4), balance, lateMs)
    expect(seen(b.core, long(4), lateMs)).toEqual([22n, 0n])
    move(b, a, long(5), lateMs)
    expect(seen(a.core, long(5), lateMs)).toEqual([22n, 0n])
    a.core.settle(settleOf(id, [long(5), A], { chargePico: 4n }), lateMs)
    for (const { core } of [a, evicted(a)]) {
      expect(seen(core, long(5), lateMs)).toEqual([16n, 0n])
    }
  })
})
