import { describe, expect, it } from 'vitest'
import { HOLD_MS } from '../../src/ledger/entries.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import { Dice } from '../simulation/dice.ts'
import { seeds } from './seeds.ts'
import { HELD, type Step, Story, story } from './window-story.ts'

const OPERATIONS = 60
const ASIDE = ['evict', 'deliver', 'fold', 'look'] as const

interface Call {
  readonly id: string
  readonly rows: readonly PolicyRow[]
  /** Whether it counts in the window: that was there when it began, and when it was charged. */
  isCounted: boolean
  hasLapsed: boolean
}

/** Adds and removes the window, and knows what it has spent: null while it is not there. */
class Removals {
  expected: bigint | null = 0n
  readonly trace: string[] = []
  #calls: Call[] = []
  #dice: Dice
  #one: Story

  constructor(one: Story, dice: Dice) {
    this.#one = one
    this.#dice = dice
  }

  step(): void {
    const weights = { aside: 4, toggle: 1, hold: 2, settle: 2, lapse: 1 }
    const name = this.#dice.weighted(weights)
    this.trace.push(name)
    if (name === 'aside') this.#do(this.#dice.pick(ASIDE))
    if (name === 'toggle') this.#toggle()
    if (name === 'hold') this.#hold()
    if (name === 'settle' && this.#calls.length > 0) this.#settle()
    if (name === 'lapse') this.#lapse()
    for (const { id } of this.#calls) this.#one.disk.core.renew(id, 0n, this.#one.nowMs)
  }

  #do(step: Step): void {
    this.trace.push(step)
    this.#one.do(step)
  }

  /** Its history is remembered soon after it was added. */
  #toggle(): void {
    if (this.expected !== null) {
      this.#do('remove')
      this.expected = null
      return
    }
    this.#do('add')
    for (const step of ASIDE) if (this.#dice.chance(0.3)) this.#do(step)
    if (this.#one.historyPico !== 0n) this.#do('remember')
    this.expected = this.#one.historyPico
  }

  #hold(): void {
    const { rows } = this.#one
    const isCounted = this.expected !== null
    this.#calls.push({ id: this.#one.hold(), rows, isCounted, hasLapsed: false })
  }

  #settle(): void {
    const [call] = this.#calls.splice(this.#dice.below(this.#calls.length), 1)
    const { id, rows, isCounted, hasLapsed } = call!
    const pico = BigInt(this.#dice.between(1, 99))
    const beforePico = hasLapsed ? HELD : 0n
    this.#one.settle(id, pico, rows)
    this.#one.historyPico -= beforePico
    if (isCounted && this.expected !== null) this.expected += pico - beforePico
  }

  /** Nobody renewed what is in flight. */
  #lapse(): void {
    this.#one.nowMs += HOLD_MS
    this.#one.disk.core.expire(this.#one.nowMs)
    for (const call of this.#calls.filter(({ hasLapsed }) => !hasLapsed)) {
      call.hasLapsed = true
      call.isCounted &&= this.expected !== null
      this.#one.historyPico += HELD
      if (call.isCounted && this.expected !== null) this.expected += HELD
    }
  }
}

describe(`${OPERATIONS} random operations on a window that comes and goes`, () => {
  it.each(seeds(1, 60))('count its history, and each charge once, seed %i', (seed) =>
    story((one) => {
      const dice = new Dice(seed)
      const world = new Removals(one, dice)
      for (let n = 1; n <= OPERATIONS; n++) {
        world.step()
        // Who looks may mend what nobody looked at.
        if (n < OPERATIONS && dice.chance(0.7)) continue
        expect(one.spent ?? null, world.trace.join(' ')).toBe(world.expected)
      }
    }),
  )
})
