import { describe, expect, it } from 'vitest'
import { checkEntries } from './compare.ts'
import { World } from './random-world.ts'
import { seeds } from './seeds.ts'
import { Memory } from './systems.ts'

const OPERATIONS = 6_000

/** What happens all the time, and what happens seldom; without it a world would prove less. */
const OFTEN =
  'admitted decided settled renewed lapsed released unknown budget too_large held parallel ' +
  'requests blocked observed stale told evicted adjusted left arrived'
const SELDOM = 'deleted expired model tokens clamped edited too_much'

describe(`${OPERATIONS} random operations`, () => {
  const happened: Record<string, number> = {}

  it.each(seeds(1, 5))('are answered as the model answers them, seed %i', (seed) => {
    const systems = { A: new Memory(), B: new Memory() }
    const world = new World(systems, { seed, operations: OPERATIONS, echoMs: Infinity })
    world.run()
    for (const home of ['A', 'B'] as const) checkEntries(systems[home], world.models[home])
    for (const [name, count] of Object.entries(world.counts))
      happened[name] = (happened[name] ?? 0) + count
  })

  it('come to everything that can happen', () => {
    const scarce = [...OFTEN.split(' '), ...SELDOM.split(' ')].filter(
      (name) => (happened[name] ?? 0) < (OFTEN.includes(name) ? 100 : 20),
    )
    expect(scarce).toEqual([])
  })
})
