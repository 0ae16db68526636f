import { expect } from 'vitest'
import { decode, encode } from '../../src/json.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { Balance } from '../../src/ledger/types.ts'
import type { Dice } from '../simulation/dice.ts'
import { compareBalance } from './compare.ts'
import type { Luggage, Model } from './model.ts'
import { type Home, KEYS, type RandomRows } from './random-rows.ts'
import type { System } from './systems.ts'

interface Journey {
  readonly key: PolicyRow
  readonly from: Home
  readonly to: Home
  readonly balance: Balance
  readonly luggage: Luggage
}

interface Parts {
  readonly rows: RandomRows
  readonly systems: Readonly<Record<Home, System>>
  readonly models: Readonly<Record<Home, Model>>
  readonly counts: Record<string, number>
}

/** Keys that go from one ledger to the other, with all that may be repeated of it. */
export class RandomMoves {
  #dice: Dice
  #parts: Parts
  #journeys: Journey[] = []

  constructor(dice: Dice, parts: Parts) {
    this.#dice = dice
    this.#parts = parts
  }

  /** A key leaves, arrives, or one of the two comes again. */
  move(atMs: number): void {
    const { rows, models } = this.#parts
    const journey = this.#journeys.length > 0 ? this.#dice.pick(this.#journeys) : null
    if (journey && this.#dice.chance(0.2)) this.#leave(journey, atMs)
    else if (journey && this.#dice.chance(0.5)) this.#arrive(journey, atMs)
    else {
      const name = this.#dice.pick(KEYS)
      if (this.#journeys.some(({ key }) => key.id === name)) return
      const from = rows.home(name)
      const key = rows.move(name, models.A.nowMs)
      this.#leave({ key, from, to: rows.home(name) }, atMs)
    }
  }

  /** A key that is on its way arrives before anybody changes it. */
  finish(name: string, atMs: number): void {
    const coming = this.#journeys.filter(({ key }) => key.id === name)
    for (const journey of coming) this.#arrive(journey, atMs)
  }

  #leave({ key, from, to }: Pick<Journey, 'key' | 'from' | 'to'>, atMs: number): void {
    const { systems, models } = this.#parts
    const luggage = models[from].leave(key)
    const balance = decode<Balance>(encode(systems[from].core.leave(key, atMs)))
    compareBalance(balance, luggage)
    this.#count('left')
    const known = this.#journeys.find((one) => one.key === key)
    if (known) expect(balance).toEqual(known.balance)
    else this.#journeys.push({ key, from, to, balance, luggage })
  }

  #arrive(journey: Journey, atMs: number): void {
    const { systems, models } = this.#parts
    const { key, to, balance, luggage } = journey
    systems[to].core.arrive(key, balance, atMs)
    models[to].arrive(key, luggage)
    this.#count('arrived')
    if (this.#dice.chance(0.7)) this.#journeys.splice(this.#journeys.indexOf(journey), 1)
  }

  #count(name: string): void {
    this.#parts.counts[name] = (this.#parts.counts[name] ?? 0) + 1
  }
}
