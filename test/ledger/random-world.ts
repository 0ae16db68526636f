import { expect } from 'vitest'
import { encode } from '../../src/json.ts'
import type { LedgerCore } from '../../src/ledger/core.ts'
import type { BudgetPolicy, PolicyRow, RatePolicy } from '../../src/ledger/types.ts'
import {
  accountRow,
  budget,
  idAt,
  keyRow,
  opening,
  rates,
  reserveOf,
  settleOf,
  T0,
} from './build.ts'
import { Model, type Money } from './model.ts'

const ANCHOR = T0 - 12_345
const LENGTHS_MS = { 'account/main': 60_000, 'account/two': 2_000, 'key:a/main': 2_000 } as const

/** The ledger under test: `evict` throws its memory away. */
export interface System {
  core: LedgerCore
  evict(nowMs: number): void
  /** What happens beside the requests: deliveries and folding. */
  tend?(nowMs: number): void
}

export interface WorldOptions {
  readonly seed: number
  readonly operations: number
  /** How long after its end a settled or released call may still be heard of. */
  readonly echoMs: number
  /** Whether settles come of calls that were never reserved. */
  readonly strays: boolean
}

/** mulberry32. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Sent {
  readonly id: string
  readonly madeMs: number
  readonly rows: readonly PolicyRow[]
  readonly cost: Money
}

/** Does the same random things to the ledger and to the model, and compares every answer. */
export class World {
  readonly model = new Model(ANCHOR, LENGTHS_MS)
  readonly counts: Record<string, number> = {}
  #random: () => number
  #system: System
  #options: WorldOptions
  #sent: Sent[] = []
  #rows: Record<string, PolicyRow[]>
  #clockMs = T0
  #n = 0

  constructor(system: System, options: WorldOptions) {
    this.#system = system
    this.#options = options
    this.#random = generator(options.seed)
    this.#rows = {
      account: [this.#row('account', 1)],
      a: [this.#row('a', 1)],
      b: [this.#row('b', 1)],
    }
  }

  run(): void {
    this.#open()
    for (let i = 0; i < this.#options.operations; i++) {
      try {
        this.#tick()
        this.#act()
        this.#compareStanding()
      } catch (error) {
        const { seed } = this.#options
        throw new Error(`operation ${i} of seed ${seed}: ${String(error)}`, { cause: error })
      }
    }
  }

  /** The newest rows, of which the standing is compared. */
  rows(): PolicyRow[] {
    return Object.values(this.#rows).map((versions) => versions.at(-1)!)
  }

  #open(): void {
    this.model.advance(T0)
    const { startMs } = this.model.windowStart('account/main')
    const spends = [{ scope: 'account', budget: 'main', startMs, spentPico: 1_234n }]
    const unopened = this.#system.core.reserve(reserveOf(idAt(T0), this.rows()), T0)
    expect(unopened.kind).toBe('unopened')
    this.#system.core.open(opening({ account: this.rows()[0]!, spends }), T0)
    this.model.tell(this.rows()[0]!)
    this.model.charge([`account/main@${startMs}`], 1_234n)
  }

  #act(): void {
    const dice = this.#below(1_000)
    // Both learn the time, also when nothing else happens now.
    this.#system.core.renew('nobody', 0n, this.#clockMs)
    this.model.advance(this.#clockMs)
    if (dice < 330) this.#reserve(this.#fresh())
    else if (dice < 370) this.#again((sent) => this.#reserve(sent))
    else if (dice < 600) this.#again((sent) => this.#settle(sent))
    else if (dice < 605) this.#settle(this.#fresh(this.#clockMs - 86_400_000 - this.#below(2)))
    else if (dice < 620) this.#stray()
    else if (dice < 690) this.#again(({ id }) => this.#release(id))
    else if (dice < 700) this.#release(this.#fresh().id)
    else if (dice < 850) this.#again(({ id }) => this.#renew(id))
    else if (dice < 900) this.#read()
    else if (dice < 930) this.#edit()
    else if (dice < 940) this.#evict()
    else this.#tend()
  }

  /** Mostly small steps; at times to an edge, past it, far ahead or back. */
  #tick(): void {
    const dice = this.#below(1_000)
    const edge = this.#below(3) - 1
    if (dice < 900) this.#clockMs += this.#below(150)
    else if (dice < 940) this.#clockMs = this.model.nowMs - this.#below(5_000)
    else if (dice < 970) {
      const { endMs } = this.model.windowStart(this.#pick(Object.keys(LENGTHS_MS)))
      this.#clockMs = (endMs ?? this.#clockMs) + edge
    } else if (dice < 985) {
      const [, call] = this.#pick(this.model.held) ?? []
      this.#clockMs = (call?.deadlineMs ?? this.#clockMs) + edge
    } else if (dice < 996) this.#clockMs += this.#below(20_000)
    else this.#clockMs += 50_000 + this.#below(20_000)
  }

  #reserve({ id, madeMs, rows, cost }: Sent): void {
    const answer = this.#system.core.reserve(
      reserveOf(id, rows, {
        expectedPico: cost.pico,
        boundPico: cost.pico * 2n,
        expectedTokens: cost.tokens,
      }),
      this.#clockMs,
    )
    this.#same(answer, this.model.reserve(id, rows, { ...cost, madeMs }))
    this.#count(answer.kind === 'refused' ? answer.refusal.reason : answer.kind)
  }

  #settle({ id, madeMs, rows }: Sent): void {
    const cost = this.#cost()
    const money = { chargePico: cost.pico, tokens: cost.tokens }
    const answer = this.#system.core.settle(settleOf(id, rows, money), this.#clockMs)
    this.#same(answer, this.model.settle(id, rows, { ...cost, madeMs }))
    this.#count(answer.kind)
  }

  #stray(): void {
    if (this.#options.strays) this.#settle(this.#fresh())
  }

  #release(id: string): void {
    this.#system.core.release(id, {}, this.#clockMs)
    this.model.release(id)
  }

  #renew(id: string): void {
    const pico = this.#cost().pico
    const renewed = this.#system.core.renew(id, pico, this.#clockMs)
    this.#same(renewed, this.model.renew(id, pico))
    this.#count(renewed ? 'renewed' : 'not renewed')
  }

  #read(): void {
    const read = this.#system.core.read(this.rows(), this.#clockMs)
    this.model.expire()
    this.#same(read, this.model.states(this.rows()))
  }

  /** A row changes; sometimes the ledger is told, sometimes late or twice. */
  #edit(): void {
    const name = this.#pick(['account', 'a', 'b'])
    const versions = this.#rows[name]!
    if (this.#chance(0.6)) versions.push(this.#row(name, versions.length + 1))
    if (this.#chance(0.3)) return
    const row = this.#chance(0.8) ? versions.at(-1)! : this.#pick(versions)
    this.#system.core.tell(row, this.#clockMs)
    this.model.tell(row)
    this.#count('told')
  }

  /** A tombstone first, so that the clock of the new life starts where this one stands. */
  #evict(): void {
    this.#release(this.#fresh().id)
    this.#system.evict(this.model.nowMs)
    this.#count('evicted')
  }

  #tend(): void {
    this.#system.core.expire(this.#clockMs)
    this.model.expire()
    this.#system.tend?.(this.model.nowMs)
  }

  #compareStanding(): void {
    const read = this.#chance(0.5)
    if (!read) return
    this.#read()
    for (const { spentPico, heldPico } of this.model.states(this.rows())) {
      if (spentPico < 0n || heldPico < 0n) throw new Error('less than nothing')
    }
  }

  #same(actual: unknown, expected: unknown): void {
    if (encode(actual) !== encode(expected)) expect(actual).toEqual(expected)
  }

  #fresh(madeMs = this.#clockMs): Sent {
    const key = this.#pick(['a', 'b'])
    const rows = [this.#version(key), this.#version('account')]
    return this.#keep({ id: idAt(madeMs, ++this.#n), madeMs, rows, cost: this.#cost() })
  }

  #keep(sent: Sent): Sent {
    this.#sent.push(sent)
    if (this.#sent.length > 40) this.#sent.splice(this.#below(20), 1)
    return sent
  }

  /** Something about a call that was sent before: repeated, reordered, or late. */
  #again(act: (sent: Sent) => void): void {
    const sent = this.#pick(this.#sent)
    if (!sent) return
    if (!this.#isForgotten(sent.id)) act(sent)
  }

  #isForgotten(id: string): boolean {
    const { echoMs, strays } = this.#options
    const call = this.model.calls.get(id)
    if (!call) return !strays
    if (call.state !== 'settled' && call.state !== 'released') return false
    return this.model.nowMs - (call.endedMs ?? this.model.nowMs) > echoMs
  }

  /** Mostly the newest row, at times an older one, as a stale cache would send it. */
  #version(name: string): PolicyRow {
    const versions = this.#rows[name]!
    return this.#chance(0.9)
      ? versions.at(-1)!
      : (versions.at(-1 - this.#below(2)) ?? versions.at(-1)!)
  }

  #row(name: string, version: number): PolicyRow {
    const limit = (): bigint | null => (this.#chance(0.5) ? BigInt(this.#below(40_000)) : null)
    const fixed: Partial<BudgetPolicy> = { anchorMs: ANCHOR }
    const blocked = version > 1 && this.#chance(0.1)
    const expiresAtMs = this.#chance(0.05) ? this.#clockMs + this.#below(10_000) : null
    const common = { version, blocked, expiresAtMs, rates: this.#rates() }
    if (name === 'account') {
      const two = { ...fixed, id: 'two' }
      return accountRow({
        ...common,
        budgets: [budget(limit(), '1m', fixed), budget(limit(), '2s', two)],
      })
    }
    const duration = name === 'a' ? '2s' : null
    return keyRow({ ...common, id: name, budgets: [budget(limit(), duration, fixed)] })
  }

  #rates(): RatePolicy {
    const maybe = (below: number): number | null => (this.#chance(0.4) ? this.#below(below) : null)
    return rates({
      requestsPerMinute: maybe(60),
      tokensPerMinute: maybe(8_000),
      parallelRequests: maybe(20),
    })
  }

  #cost(): Money {
    return { pico: BigInt(this.#below(1_000)), tokens: this.#below(120) }
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  #chance(p: number): boolean {
    return this.#random() < p
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!
  }

  #count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1
  }
}
