import type { PolicyRow } from '../../src/ledger/policy.ts'
import type {
  AdjustRequest,
  DecideAnswer,
  ReserveAnswer,
  ReserveRequest,
  ScopeState,
  SettleRequest,
} from '../../src/ledger/types.ts'
import { BARE } from './build.ts'
import { Books, type Call } from './model-books.ts'
import type { Taken } from './model-minutes.ts'
import type { Purse } from './model-money.ts'
import { judge } from './model-refusals.ts'
import { Told } from './model-told.ts'
import { everyScope, type ModelScope, nameOf, scopesOfCall } from './model-scopes.ts'

const HOLD = 180_000
const DAY = 86_400_000
/** A reserve that comes later than this after its id was made is not waited for any more. */
const AWAITED = 45_000

/** What a key that moves takes along. */
export interface Luggage {
  readonly version: number
  readonly purses: readonly Purse[]
  readonly minutes: Taken
}

/** When the call's id was made. */
export interface Made {
  readonly madeMs: number
}

/**
 * The ledger as one would explain it on a napkin. It forgets nothing, rolls nothing and rebuilds
 * nothing: every charge is in a list under the name of its window, every request and every token
 * in a list with its time.
 */
export class Model extends Books {
  /** What the clock said last; it may have gone back. */
  clockMs = 0
  #adjusted = new Map<string, object>()
  #told = new Told()
  #left = new Map<string, Luggage>()
  #arrived = new Map<string, number>()

  advance(atMs: number): void {
    this.clockMs = atMs
    this.nowMs = Math.max(this.nowMs, atMs)
  }

  reserve(request: ReserveRequest & Made): ReserveAnswer & { readonly clamped?: boolean } {
    const { id } = request
    const known = this.calls.get(id)
    const isLate = !known && this.clockMs - request.madeMs > AWAITED
    if (isLate || known?.state === 'tombstone' || known?.state === 'released') {
      return { kind: 'refused', refusal: { ...BARE, reason: 'released' } }
    }
    const scopes = this.#scopes(request)
    if (known) return this.#admitted(scopes, known, null)
    this.expire()
    const stale = this.#told.stale(request.rows)
    if (stale) return stale
    const { refusal, wouldRefuse, ...cost } = judge(this, scopes, request)
    if (refusal) return { kind: 'refused', refusal }
    const limits = scopes.map(({ rates }) => rates.tokensPerMinute ?? Infinity)
    const call: Call = {
      ...this.#stub(scopes),
      ...cost,
      state: 'held',
      holdTokens: Math.min(request.expectedTokens, ...limits),
      deadlineMs: this.nowMs + HOLD,
    }
    this.calls.set(id, call)
    this.live.add(id)
    for (const { name } of scopes) this.minutes.request(name, { id, atMs: this.nowMs, amount: 1 })
    return { ...this.#admitted(scopes, call, wouldRefuse), clamped: cost.clamped }
  }

  decide(request: ReserveRequest): DecideAnswer {
    this.expire()
    const stale = this.#told.stale(request.rows)
    if (stale) return stale
    const scopes = this.#scopes(request)
    const { refusal, wouldRefuse, holdPico, outputTokens } = judge(this, scopes, request)
    const standing = { scopes: this.statesOf(scopes), rates: this.ratesOf(scopes) }
    return { kind: 'decided', refusal, wouldRefuse, holdPico, outputTokens, ...standing }
  }

  /** Whether its settle came before any reserve of it. */
  isCharged(id: string): boolean {
    const call = this.calls.get(id)
    return call?.state === 'settled' && call.deadlineMs === 0
  }

  renew(id: string, seen: bigint): boolean {
    const call = this.calls.get(id)
    if (call?.state !== 'held') return false
    call.seen = seen
    call.deadlineMs = this.nowMs + HOLD
    return true
  }

  settle(request: SettleRequest & Made) {
    const { id, chargePico, tokens } = request
    const scopes = this.#scopes(request)
    const call = this.calls.get(id)
    if (!call) {
      if (this.nowMs - request.madeMs >= DAY) return { kind: 'unknown' }
      this.calls.set(id, { ...this.#stub(scopes), state: 'settled' })
      this.money.charge(this.windowsOf(scopes), chargePico)
      for (const { name } of scopes) {
        this.minutes.request(name, { id, atMs: this.nowMs, amount: 1 })
        this.minutes.token(name, { id, atMs: this.nowMs, amount: tokens })
      }
    } else if (call.state === 'held') this.#end(id, 'settled', { pico: chargePico, tokens })
    else if (call.state !== 'settled') {
      this.#correct(call, chargePico, () => this.windowsOf(scopes))
    }
    this.expire()
    return { kind: 'settled', scopes: this.statesOf(scopes) }
  }

  release(id: string): void {
    const call = this.calls.get(id)
    if (!call) this.calls.set(id, this.#stub([]))
    else if (call.state === 'held') this.#end(id, 'released', { pico: 0n, tokens: 0 })
    else if (call.state === 'expired') this.#correct(call, 0n, () => [])
    this.expire()
  }

  expire(): void {
    for (const [id, call] of this.held) {
      if (call.deadlineMs > this.nowMs) continue
      const pico = call.seen > call.holdPico ? call.seen : call.holdPico
      this.#end(id, 'expired', { pico, tokens: call.holdTokens })
    }
  }

  tell(row: PolicyRow): void {
    this.#told.tell(row)
  }

  read(rows: readonly PolicyRow[]): ScopeState[] {
    this.expire()
    return this.states(rows)
  }

  states(rows: readonly PolicyRow[]): ScopeState[] {
    const scopes = everyScope({ rows: this.#told.complete(rows) }, this.nowMs)
    return this.statesOf(scopes.filter(({ row }) => rows.includes(row)))
  }

  adjust({ id, row, rows, toPico }: AdjustRequest) {
    this.expire()
    const known = this.#adjusted.get(id)
    if (known) return known
    const scopes = everyScope({ rows: this.#told.complete(rows) }, this.nowMs)
    const scope = scopes.find(({ name }) => name === nameOf(row))!
    const { name } = this.money.window(scope.name, scope.budgets[0]!, this.nowMs)
    const spentPico = this.money.spent(name)
    if (toPico > spentPico) return { kind: 'too_much', spentPico }
    this.money.charge([name], toPico - spentPico)
    const answer = { kind: 'adjusted', beforePico: spentPico, afterPico: toPico }
    this.#adjusted.set(id, answer)
    return answer
  }

  /** A key goes; once for one version of its row. */
  leave(key: PolicyRow): Luggage {
    this.expire()
    this.tell(key)
    const known = this.#left.get(key.id)
    if (known && known.version >= key.version) return known
    const scope = nameOf(key)
    const purses = this.money.take(scope, this.nowMs)
    const luggage = { version: key.version, purses, minutes: this.minutes.take(scope, this.nowMs) }
    this.#left.set(key.id, luggage)
    return luggage
  }

  arrive(key: PolicyRow, { version, purses, minutes }: Luggage): void {
    const isNew = version > (this.#arrived.get(key.id) ?? -1)
    this.#arrived.set(key.id, Math.max(version, this.#arrived.get(key.id) ?? -1))
    if (isNew) {
      this.money.bring(purses)
      this.minutes.bring(minutes)
    }
    this.tell(key)
  }

  #admitted(scopes: ModelScope[], call: Call, wouldRefuse: object | null): ReserveAnswer {
    const { holdPico, outputTokens } = call
    const tight = scopes.some((scope) =>
      this.standings(scope).some(
        ({ limitPico, spentPico, heldPico }) =>
          limitPico !== null && spentPico + heldPico + holdPico >= limitPico,
      ),
    )
    const standing = { scopes: this.statesOf(scopes), rates: this.ratesOf(scopes) }
    const told = { heldPico: holdPico, outputTokens, wouldRefuse }
    return { kind: 'admitted', tight, ...standing, ...told } as ReserveAnswer
  }

  #end(id: string, state: Call['state'], cost: { pico: bigint; tokens: number }): void {
    const call = this.calls.get(id)!
    this.live.delete(id)
    call.state = state
    call.endedMs = this.nowMs
    call.chargePico = cost.pico
    if (state !== 'released') call.windows = this.windowsOf(call.scopes)
    this.money.charge(call.windows, cost.pico)
    const stamp = { id, atMs: this.nowMs, amount: cost.tokens }
    for (const { name } of call.scopes) this.minutes.token(name, stamp)
  }

  #correct(call: Call, pico: bigint, otherwise: () => string[]): void {
    if (call.corrected) return
    call.corrected = true
    const windows = call.state === 'expired' ? call.windows : otherwise()
    this.money.charge(windows, pico - call.chargePico)
  }

  #scopes(request: ReserveRequest | SettleRequest): ModelScope[] {
    return scopesOfCall(request, request.model ?? null, this.nowMs)
  }

  #stub(scopes: readonly ModelScope[]): Call {
    return {
      state: 'tombstone',
      corrected: false,
      deadlineMs: 0,
      endedMs: this.nowMs,
      seen: 0n,
      chargePico: 0n,
      windows: [],
      holdPico: 0n,
      holdTokens: 0,
      outputTokens: null,
      scopes,
    }
  }
}
