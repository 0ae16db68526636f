import { describe, expect, it } from 'vitest'
import type { LedgerCore } from '../../src/ledger/core.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  keyRow,
  opening,
  rates,
  refused,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'
import { Disk, inObject } from './systems.ts'

const KEYS = 6_000
const MINUTE = 60_000
const account = accountRow()

const key = (n: number, rest: Partial<PolicyRow> = {}): PolicyRow =>
  keyRow({ id: `key-${n}`, budgets: [budget(null, '1d')], ...rest })

/** What key n spends each time. */
const costOf = (n: number) => BigInt(1 + (n % 97))
const SUM = Array.from({ length: KEYS }, (_, n) => costOf(n)).reduce((a, b) => a + b)

let calls = 0

/** Keys from `first` on, one after the other, spend once. */
function spend(core: LedgerCore, first: number, nowMs: number): void {
  for (let n = first; n < first + KEYS; n++) {
    const [id, rows] = [idAt(nowMs, ++calls), [key(n), account]]
    admitted(core.reserve(reserveOf(id, rows, { expectedPico: 1n }), nowMs))
    core.settle(settleOf(id, rows, { chargePico: costOf(n - first) }), nowMs)
  }
}

/** Those of the keys from `first` on that did not spend that often. */
function wrong(core: LedgerCore, first: number, expected: [times: bigint, nowMs: number]) {
  const [times, nowMs] = expected
  return Array.from({ length: KEYS }, (_, n) => n).filter(
    (n) => seen(core, key(first + n), nowMs)[0] !== costOf(n) * times,
  )
}

describe(`${KEYS} keys, more than memory keeps`, { timeout: 60_000 }, () => {
  it('are forgotten while they are idle, and nothing of their spend is lost', () =>
    inObject((sql) => {
      const system = new Disk(sql)
      const { core } = system
      core.open(opening({ account }), T0)
      let nowMs = T0
      for (const first of [0, KEYS, 0]) {
        spend(core, first, nowMs)
        system.drain(nowMs)
        nowMs += 2 * MINUTE
        for (let batches = 0; batches < KEYS / 500; batches += 4) system.tend(nowMs)
        nowMs += 2 * MINUTE
        expect(core.books.size).toBeLessThanOrEqual(KEYS + 1)
      }
      for (const [first, times] of [
        [KEYS, 1n],
        [0, 2n],
      ] as const) {
        expect(wrong(core, first, [times, nowMs])).toEqual([])
        expect(core.books.size).toBeLessThan(2 * KEYS)
        nowMs += 2 * MINUTE
      }
      expect(seen(core, account, nowMs)).toEqual([3n * SUM, 0n])
    }))

  it('are kept while they have holds, undelivered charges, or a minute that counts', () =>
    inObject((sql) => {
      const system = new Disk(sql)
      const { core } = system
      core.open(opening({ account }), T0)
      const rich = { rates: rates({ requestsPerMinute: 1 }) }
      const held = idAt(T0, ++calls)
      admitted(core.reserve(reserveOf(held, [key(-1)], { expectedPico: 77n }), T0))
      core.settle(settleOf(idAt(T0, ++calls), [key(-2)], { chargePico: 88n }), T0)
      // Only looked at, so that all of them are idle a minute later.
      const lookAtAll = (nowMs: number) => {
        for (let n = 0; n < KEYS; n++) core.read([key(n)], nowMs)
      }
      lookAtAll(T0)
      core.renew(held, 0n, T0 + 1)
      const nowMs = T0 + MINUTE + 2
      const free = idAt(nowMs, ++calls)
      admitted(core.reserve(reserveOf(free, [key(-3, rich)]), nowMs))
      core.settle(settleOf(free, [key(-3, rich)]), nowMs)
      for (let n = 0; n < KEYS; n++) core.read([key(KEYS + n)], nowMs)
      expect(core.books.size).toBeLessThan(2 * KEYS)
      expect(seen(core, key(-1), nowMs)).toEqual([0n, 77n])
      expect(seen(core, key(-2), nowMs)).toEqual([88n, 0n])
      const again = core.reserve(reserveOf(idAt(nowMs, ++calls), [key(-3, rich)]), nowMs + 1)
      expect(refused(again).reason).toBe('requests')
      core.settle(settleOf(held, [key(-1)], { chargePico: 7n }), nowMs)
      expect(seen(core, key(-1), nowMs)).toEqual([7n, 0n])
    }))

  it('start in the window that is open when they are looked at again', () =>
    inObject((sql) => {
      const system = new Disk(sql)
      system.core.open(opening({ account }), T0)
      spend(system.core, 0, T0)
      system.drain(T0)
      const nextDay = T0 + 86_400_000
      system.tend(nextDay)
      expect(wrong(system.core, 0, [0n, nextDay])).toEqual([])
      system.evict()
      expect(wrong(system.core, 0, [0n, nextDay])).toEqual([])
    }))
})
