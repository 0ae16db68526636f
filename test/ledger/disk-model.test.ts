import { describe, expect, it } from 'vitest'
import { HOLD_MS } from '../../src/ledger/entries.ts'
import { KEEP_MS } from '../../src/ledger/object/outbox.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  opening,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'
import { checkEntries } from './compare.ts'
import { World } from './random-world.ts'
import { seeds } from './seeds.ts'
import { Disk, inObject, Memory } from './systems.ts'

const OPERATIONS = 5_000

describe(`${OPERATIONS} random operations over real tables, with deliveries and folding`, () => {
  it.each(seeds(11, 4))('are answered as the model answers them, seed %i', (seed) =>
    inObject((sql) => {
      // An object can't reach into another; keys move between disk and memory.
      const systems = { A: new Disk(sql), B: new Memory() }
      const world = new World(systems, { seed, operations: OPERATIONS, echoMs: KEEP_MS })
      world.run()
      for (const home of ['A', 'B'] as const) checkEntries(systems[home], world.models[home])
    }),
  )
})

describe('a correction of a window that has ended, folded after its successor', () => {
  it('leaves the successor’s sums as they are, also in the next life', () =>
    inObject((sql) => {
      const system = new Disk(sql)
      const rows = [accountRow({ budgets: [budget(null, '4m')] })]
      const [orphan, next] = [idAt(T0, 1), idAt(T0, 2)]
      system.core.open(opening(), T0)
      admitted(system.core.reserve(reserveOf(orphan, rows, { expectedPico: 10n }), T0))
      system.core.expire(T0 + HOLD_MS)
      const secondMs = T0 + 240_000
      system.core.settle(settleOf(next, rows, { chargePico: 7n }), secondMs)
      system.drain(secondMs)
      system.tend(secondMs + KEEP_MS)
      system.core.settle(settleOf(orphan, rows, { chargePico: 4n }), secondMs + KEEP_MS)
      system.drain(secondMs + KEEP_MS)
      system.tend(secondMs + 2 * KEEP_MS)
      expect(seen(system.core, rows[0]!, secondMs + 2 * KEEP_MS)).toEqual([7n, 0n])
      system.evict()
      expect(seen(system.core, rows[0]!, secondMs + 2 * KEEP_MS)).toEqual([7n, 0n])
    }))
})
