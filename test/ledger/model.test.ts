import { describe, expect, it } from 'vitest'
import { LedgerCore } from '../../src/ledger/core.ts'
import type { Charged } from '../../src/ledger/types.ts'
import { MemoryStore } from './memory-store.ts'
import { type System, World } from './random-world.ts'

const OPERATIONS = 20_000
const SEEDS = [1, 2, 3, 4, 5, 6, 7, Math.floor(Math.random() * 2 ** 31)]

class Memory implements System {
  readonly store = new MemoryStore()
  core = new LedgerCore(this.store)

  evict(): void {
    this.core = new LedgerCore(this.store)
  }
}

describe('20,000 random operations', () => {
  const happened: Record<string, number> = {}

  it.each(SEEDS)('are answered as the model answers them, seed %i', (seed) => {
    const system = new Memory()
    const options = { seed, operations: OPERATIONS, echoMs: Infinity, strays: true }
    const world = new World(system, options)
    world.run()

    // What the ledger wrote adds up to what the model's list adds up to, window by window.
    const [opened, ...charges] = world.model.charges
    const expected = new Map([[opened!.window, 0n]])
    for (const { window, pico } of charges) add(expected, window, pico)
    const sums = new Map([[opened!.window, 0n]])
    for (const { charged, chargePico } of system.store.entries.values()) {
      for (const at of charged) add(sums, nameOf(at), chargePico)
    }
    expect(sums).toEqual(expected)
    for (const [name, count] of Object.entries(world.counts))
      happened[name] = (happened[name] ?? 0) + count
  })

  it('come to everything that can happen: another world would prove less', () => {
    const rare = ['settled', 'unknown', 'renewed', 'not renewed', 'told', 'evicted', 'stale']
    const reasons = ['budget', 'held', 'parallel', 'requests', 'tokens', 'released', 'blocked']
    for (const name of ['admitted', 'expired', ...rare, ...reasons]) {
      expect(happened[name] ?? 0, name).toBeGreaterThan(100)
    }
  })
})

function nameOf([scope, budget, startMs]: Charged): string {
  return `${scope}/${budget}@${startMs}`
}

function add(sums: Map<string, bigint>, window: string, pico: bigint): void {
  sums.set(window, (sums.get(window) ?? 0n) + pico)
}
