import { expect } from 'vitest'
import type { Admitted } from '../../src/ledger/types.ts'
import { Dice } from '../simulation/dice.ts'
import { idAt, opening, reserveOf, settleOf, T0 } from './build.ts'
import { compare } from './compare.ts'
import { Model } from './model.ts'
import { RandomCalls, type Sent } from './random-calls.ts'
import { RandomMoves } from './random-moves.ts'
import { type Home, HOMES, RandomRows } from './random-rows.ts'
import type { System } from './systems.ts'

const DAY = 86_400_000

export interface WorldOptions {
  readonly seed: number
  readonly operations: number
  /** How long after its end a settled or released call may still be heard of. */
  readonly echoMs: number
}

/** Two ledgers between which keys move, each with its model; every answer is compared. */
export class World {
  readonly models = { A: new Model(), B: new Model() }
  readonly counts: Record<string, number> = {}
  #dice: Dice
  #systems: Readonly<Record<Home, System>>
  #options: WorldOptions
  #rows: RandomRows
  #calls: RandomCalls
  #moves: RandomMoves
  #adjusted: { readonly home: Home; readonly request: Parameters<Model['adjust']>[0] }[] = []
  #clockMs = T0

  constructor(systems: Readonly<Record<Home, System>>, options: WorldOptions) {
    this.#systems = systems
    this.#options = options
    this.#dice = new Dice(options.seed)
    this.#rows = new RandomRows(this.#dice, options.seed % 2 === 0 ? 1n : 100n)
    this.#calls = new RandomCalls(this.#dice, { rows: this.#rows, seed: options.seed })
    const { models, counts } = this
    this.#moves = new RandomMoves(this.#dice, { rows: this.#rows, systems, models, counts })
  }

  run(): void {
    for (const home of HOMES) this.#open(home)
    for (let i = 0; i < this.#options.operations; i++) {
      try {
        this.#tick()
        // Both learn the time, also when nothing else happens there now.
        for (const home of HOMES) {
          this.#systems[home].core.renew('nobody', 0n, this.#clockMs)
          this.models[home].advance(this.#clockMs)
        }
        this.#act()
        if (this.#dice.chance(0.4)) this.#readAll()
      } catch (error) {
        const { seed } = this.#options
        throw new Error(`operation ${i} of seed ${seed}: ${String(error)}`, { cause: error })
      }
    }
    for (const home of HOMES) this.#readAll(home)
  }

  #open(home: Home): void {
    const [model, { core }] = [this.models[home], this.#systems[home]]
    model.advance(T0)
    const account = this.#rows.newest(home)
    const { name, startMs, endMs } = model.money.window('account', account.budgets[0]!, T0)
    const spends = [{ scope: 'account', budget: 'main', startMs, endMs, spentPico: 1_234n }]
    expect(core.reserve(reserveOf(idAt(T0), [account]), T0).kind).toBe('unopened')
    expect(core.decide(reserveOf(idAt(T0), [account]), T0).kind).toBe('unopened')
    core.open(opening({ account, spends }), T0)
    model.tell(account)
    model.money.hand(name, 1_234n)
    this.#tell('shared', home)
  }

  #act(): void {
    const dice = this.#dice.below(1_000)
    if (dice < 320) this.#reserve(this.#calls.fresh(this.#clockMs))
    else if (dice < 360) this.#again((sent) => this.#reserve(sent))
    else if (dice < 400) this.#decide(this.#calls.fresh(this.#clockMs))
    else if (dice < 600) this.#again((sent) => this.#settle(sent))
    else if (dice < 605) this.#settle(this.#calls.fresh(this.#clockMs - DAY - this.#dice.below(2)))
    else if (dice < 620) this.#settle(this.#calls.fresh(this.#clockMs))
    else if (dice < 680) this.#again((sent) => this.#release(sent))
    else if (dice < 690) this.#release(this.#calls.fresh(this.#clockMs))
    else if (dice < 810) this.#again((sent) => this.#renew(sent))
    else if (dice < 850) this.#readSome()
    else if (dice < 900) this.#edit()
    else if (dice < 915) this.#adjust()
    else if (dice < 935) this.#moves.move(this.#clockMs)
    else if (dice < 945) this.#evict(this.#dice.pick(HOMES))
    else this.#tend()
  }

  /** Mostly small steps; at times to an edge, past it, far ahead or back. */
  #tick(): void {
    const dice = this.#dice.below(1_000)
    const edge = this.#dice.below(3) - 1
    const home = this.#dice.pick(HOMES)
    const model = this.models[home]
    if (dice < 900) this.#clockMs += this.#dice.below(150)
    else if (dice < 940) this.#clockMs = model.nowMs - this.#dice.below(5_000)
    else if (dice < 970) {
      const states = model.states(this.#rows.all(home))
      this.#clockMs = (this.#any(states)?.resetAtMs ?? this.#clockMs) + edge
    } else if (dice < 985) {
      const [, call] = this.#any(model.held) ?? []
      this.#clockMs = (call?.deadlineMs ?? this.#clockMs) + edge
    } else if (dice < 996) this.#clockMs += this.#dice.below(20_000)
    else this.#clockMs += 50_000 + this.#dice.below(20_000)
  }

  #reserve({ home, madeMs, request }: Sent): void {
    const answer = this.#systems[home].core.reserve(request, this.#clockMs)
    const { clamped, ...expected } = this.models[home].reserve({ ...request, madeMs })
    if (expected.kind === 'admitted' && this.models[home].isCharged(request.id)) {
      // Its settle came first, so nothing was held that could pay for a cap.
      this.#same(home, answer, { ...expected, outputTokens: (answer as Admitted).outputTokens })
    } else this.#same(home, answer, expected)
    this.#count(answer.kind === 'refused' ? answer.refusal.reason : answer.kind)
    if (clamped) this.#count('clamped')
    if (answer.kind === 'admitted' && answer.wouldRefuse) this.#count('observed')
  }

  #decide({ home, request }: Sent): void {
    const answer = this.#systems[home].core.decide(request, this.#clockMs)
    this.#same(home, answer, this.models[home].decide(request))
    this.#count(answer.kind)
  }

  #settle({ home, madeMs, request }: Sent): void {
    const { rows, model, defaults } = request
    const cost = { chargePico: this.#calls.pico(), tokens: this.#dice.below(120) }
    const settle = { ...settleOf(request.id, rows, cost), model: model!, defaults: defaults! }
    const answer = this.#systems[home].core.settle(settle, this.#clockMs)
    this.#same(home, answer, this.models[home].settle({ ...settle, madeMs }))
    this.#count(answer.kind)
  }

  #release({ home, request }: Sent): void {
    this.#systems[home].core.release(request.id, {}, this.#clockMs)
    this.models[home].release(request.id)
  }

  #renew({ home, request: { id } }: Sent): void {
    const pico = this.#calls.pico()
    const renewed = this.#systems[home].core.renew(id, pico, this.#clockMs)
    this.#same(home, renewed, this.models[home].renew(id, pico))
    this.#count(renewed ? 'renewed' : 'lapsed')
  }

  #readAll(home = this.#dice.pick(HOMES)): void {
    const rows = this.#rows.all(home)
    const read = this.#systems[home].core.read(rows, this.#clockMs)
    this.#same(home, read, this.models[home].read(rows))
    if (read?.some(({ heldPico }) => heldPico < 0n)) throw new Error('less than nothing')
  }

  /** Not all rows come along: the ledger knows those that it was told. */
  #readSome(): void {
    const home = this.#dice.pick(HOMES)
    const rows = this.#rows.all(home).filter(() => this.#dice.chance(0.3))
    const read = this.#systems[home].core.read(rows, this.#clockMs)
    this.#same(home, read, this.models[home].read(rows))
  }

  /** A row changes; the ledger is told of it, or late, or twice, or of an older one. */
  #edit(): void {
    const name = this.#dice.pick(this.#rows.names())
    // A key that is on its way arrives before anybody changes it.
    this.#moves.finish(name, this.#clockMs)
    const edits = this.#dice.chance(0.7) ? this.#rows.edit(name, this.models.A.nowMs) : []
    for (const home of edits.length > 0 ? this.#homesToLearn(name) : []) {
      const { money, nowMs } = this.models[home]
      for (const { scope, old, now } of edits) money.edit(scope, [old, now], nowMs)
      this.#tell(name, home)
      this.#count('edited')
    }
    if (this.#dice.chance(0.3)) return
    for (const home of this.#rows.homesOf(name)) this.#tell(name, home, this.#dice.chance(0.8))
  }

  /** Of a key's windows also the ledger learns where calls of it may be in flight. */
  #homesToLearn(name: string): readonly Home[] {
    return name.startsWith('k') ? HOMES : this.#rows.homesOf(name)
  }

  #tell(name: string, home: Home, isNewest = true): void {
    const row = isNewest ? this.#rows.newest(name) : this.#rows.some(name)
    this.#systems[home].core.tell(row, this.#clockMs)
    this.models[home].tell(row)
    this.#count('told')
  }

  /** Some spend is set, or an adjustment comes again. */
  #adjust(): void {
    const again = this.#dice.chance(0.3) ? this.#any(this.#adjusted) : undefined
    const { home, request } = again ?? this.#adjustment()
    const answer = this.#systems[home].core.adjust({ ...request, detail: {} }, this.#clockMs)
    this.#same(home, answer, this.models[home].adjust(request))
    this.#adjusted.push({ home, request })
    this.#count(answer.kind)
  }

  #adjustment() {
    const home = this.#dice.pick(HOMES)
    const rows = this.#rows.all(home)
    const row = this.#dice.pick(rows.filter(({ kind }) => kind !== 'budget'))
    const spent = this.models[home].read([row])[0]!.spentPico
    const below = Number(spent < 0n ? 0n : spent) + 2
    const toPico = BigInt(this.#dice.chance(0.5) ? 0 : this.#dice.below(below))
    const request = { id: this.#calls.newId(this.#clockMs), row, rows, toPico, detail: {} }
    return { home, request }
  }

  /** A tombstone first, so that the clock of the new life starts where this one stands. */
  #evict(home: Home): void {
    this.#release({ ...this.#calls.fresh(this.#clockMs), home })
    this.#systems[home].evict(this.models[home].nowMs)
    this.#count('evicted')
  }

  #tend(): void {
    for (const home of HOMES) {
      this.#systems[home].core.expire(this.#clockMs)
      this.models[home].expire()
      this.#systems[home].tend?.(this.models[home].nowMs)
    }
  }

  #same(home: Home, actual: unknown, expected: unknown): void {
    compare(actual, expected, this.models[home].money)
  }

  /** Something about a call that was sent before: repeated, reordered, or late. */
  #again(act: (sent: Sent) => void): void {
    const sent = this.#calls.sent()
    if (sent && !this.#isForgotten(sent)) act(sent)
  }

  #isForgotten({ home, request }: Sent): boolean {
    const call = this.models[home].calls.get(request.id)
    if (call?.state !== 'settled' && call?.state !== 'released') return false
    return this.models[home].nowMs - call.endedMs! > this.#options.echoMs
  }

  #any<T>(items: readonly T[]): T | undefined {
    return items.length > 0 ? this.#dice.pick(items) : undefined
  }

  #count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1
  }
}
