import type { PolicyDefaults } from '../../src/ledger/policy.ts'
import type { ReserveRequest } from '../../src/ledger/types.ts'
import type { Dice } from '../simulation/dice.ts'
import { idAt, reserveOf } from './build.ts'
import { type Home, KEYS, type RandomRows } from './random-rows.ts'

const MODELS = ['m/one', 'm/two', 'other', null] as const

export interface Sent {
  readonly home: Home
  readonly madeMs: number
  readonly request: ReserveRequest
}

/** What Workers send in a random world, and may send again. */
export class RandomCalls {
  #dice: Dice
  #rows: RandomRows
  #defaults: PolicyDefaults
  #grain: bigint
  #sent: Sent[] = []
  #n = 0

  constructor(dice: Dice, { rows, seed }: { readonly rows: RandomRows; readonly seed: number }) {
    this.#dice = dice
    this.#rows = rows
    this.#grain = rows.grain
    const enforcement = seed % 4 === 0 ? 'strict' : 'headroom'
    this.#defaults = { enforcement, memberRates: seed % 3 !== 0 }
  }

  fresh(madeMs: number): Sent {
    const { home, rows } = this.#rows.callOf(this.#rows.some(this.#dice.pick(KEYS)))
    const model = this.#dice.pick(MODELS)
    const call = { ...this.#cost(), model, defaults: this.#defaults }
    const sent = { home, madeMs, request: { ...reserveOf(this.newId(madeMs), rows), ...call } }
    this.#sent.push(sent)
    if (this.#sent.length > 40) this.#sent.splice(this.#dice.below(20), 1)
    return sent
  }

  /** One of the last forty. */
  sent(): Sent | undefined {
    return this.#sent.length > 0 ? this.#dice.pick(this.#sent) : undefined
  }

  newId(madeMs: number): string {
    return idAt(madeMs, ++this.#n)
  }

  pico(): bigint {
    return this.#grain * BigInt(1 + this.#dice.below(1_000 / Number(this.#grain)))
  }

  #cost() {
    const tokens = this.#dice.below(200)
    const picoPerToken = this.#grain * BigInt(this.#dice.below(this.#grain > 1n ? 3 : 30))
    const floorTokens = this.#dice.chance(0.2) ? null : this.#dice.below(100)
    const boundPico = this.pico() + picoPerToken * BigInt(tokens)
    const output = { picoPerToken, tokens, floorTokens }
    const money = { expectedPico: this.pico(), boundPico, expectedTokens: this.#dice.below(120) }
    return this.#dice.chance(0.8) ? { ...money, output } : money
  }
}
