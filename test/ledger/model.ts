import type { PolicyRow, Refusal, ReserveAnswer, ScopeState } from '../../src/ledger/types.ts'

const MINUTE = 60_000
const HOLD = 180_000
const DAY = 86_400_000
/** A reserve that comes later than this after its id was made is not waited for any more. */
const AWAITED = 45_000

export interface Money {
  readonly pico: bigint
  readonly tokens: number
}

/** When the call's id was made. */
export interface Made {
  readonly madeMs: number
}

interface Call {
  state: 'held' | 'settled' | 'released' | 'expired' | 'tombstone'
  corrected: boolean
  deadlineMs: number
  endedMs: number | null
  seen: bigint
  chargePico: bigint
  readonly hold: Money
  readonly rows: readonly PolicyRow[]
  windows: readonly string[]
}

interface Stamp {
  readonly atMs: number
  readonly amount: number
}

/**
 * The ledger as one would explain it on a napkin. It forgets nothing, rolls nothing and rebuilds
 * nothing: every charge is in a list, under the name of the window that it fell into, and what a
 * window has spent is the sum of the charges that bear its name.
 */
export class Model {
  nowMs = 0
  /** What the clock said last; it may have gone back. */
  clockMs = 0
  readonly calls = new Map<string, Call>()
  /** Every charge ever made. */
  readonly charges: { readonly window: string; readonly pico: bigint }[] = []
  #spent = new Map<string, bigint>()
  #requests = new Map<string, Stamp[]>()
  #tokens = new Map<string, Stamp[]>()
  #told = new Map<string, PolicyRow>()
  #lengthsMs: Readonly<Record<string, number>>
  #anchorMs: number

  constructor(anchorMs: number, lengthsMs: Readonly<Record<string, number>>) {
    this.#anchorMs = anchorMs
    this.#lengthsMs = lengthsMs
  }

  /** Durations never change in this world, so a window's name follows from its budget's. */
  windowStart(name: string): { readonly startMs: number; readonly endMs: number | null } {
    const length = this.#lengthsMs[name]
    if (length === undefined) return { startMs: 0, endMs: null }
    const startMs = this.nowMs - ((this.nowMs - this.#anchorMs) % length)
    return { startMs, endMs: startMs + length }
  }

  get held(): [string, Call][] {
    return [...this.#holds()]
  }

  advance(atMs: number): void {
    this.clockMs = atMs
    this.nowMs = Math.max(this.nowMs, atMs)
  }

  charge(windows: readonly string[], pico: bigint): void {
    for (const window of windows) {
      this.charges.push({ window, pico })
      this.#spent.set(window, (this.#spent.get(window) ?? 0n) + pico)
    }
  }

  windowsOf(rows: readonly PolicyRow[]): string[] {
    return rows.flatMap((row) =>
      row.budgets.map(({ id }) => {
        const name = `${scopeOf(row)}/${id}`
        return `${name}@${this.windowStart(name).startMs}`
      }),
    )
  }

  reserve(id: string, rows: readonly PolicyRow[], cost: Money & Made): ReserveAnswer {
    const known = this.calls.get(id)
    const isLate = !known && this.clockMs - cost.madeMs > AWAITED
    if (isLate || known?.state === 'tombstone' || known?.state === 'released') {
      return { kind: 'refused', refusal: bare('released', null) }
    }
    if (!known) {
      this.expire()
      const stale = rows
        .map((row) => this.#told.get(scopeOf(row)) ?? row)
        .find((told, i) => told.version > rows[i]!.version)
      if (stale) return { kind: 'stale', row: stale }
      const refusal = this.#refusal(rows, cost)
      if (refusal) return { kind: 'refused', refusal }
      this.#admit(id, rows, cost)
    }
    const tight = rows.some((row) =>
      row.budgets.some(({ id: budget, limitPico }) => {
        if (limitPico === null) return false
        const { spent, held } = this.standing(row, budget)
        return spent + held + cost.pico >= limitPico
      }),
    )
    return { kind: 'admitted', tight, scopes: this.states(rows) }
  }

  renew(id: string, seen: bigint): boolean {
    const call = this.calls.get(id)
    if (call?.state !== 'held') return false
    call.seen = seen
    call.deadlineMs = this.nowMs + HOLD
    return true
  }

  settle(id: string, rows: readonly PolicyRow[], cost: Money & Made) {
    const call = this.calls.get(id)
    if (!call) {
      if (this.nowMs - cost.madeMs >= DAY) return { kind: 'unknown' }
      this.calls.set(id, { ...this.#stub(rows), state: 'settled' })
      this.charge(this.windowsOf(rows), cost.pico)
      for (const row of rows) {
        stamp(this.#requests, row, { atMs: this.nowMs, amount: 1 })
        stamp(this.#tokens, row, { atMs: this.nowMs, amount: cost.tokens })
      }
    } else if (call.state === 'held') {
      this.#end(call, 'settled', cost, rows)
    } else if (call.state !== 'settled' && !call.corrected) {
      call.corrected = true
      const signed = cost.pico - call.chargePico
      this.charge(call.state === 'expired' ? call.windows : this.windowsOf(rows), signed)
    }
    this.expire()
    return { kind: 'settled', scopes: this.states(rows) }
  }

  release(id: string): void {
    const call = this.calls.get(id)
    if (!call) this.calls.set(id, this.#stub([]))
    else if (call.state === 'held') this.#end(call, 'released', { pico: 0n, tokens: 0 }, [])
    else if (call.state === 'expired' && !call.corrected) {
      call.corrected = true
      this.charge(call.windows, -call.chargePico)
    }
    this.expire()
  }

  tell(row: PolicyRow): void {
    const known = this.#told.get(scopeOf(row))
    if (!known || row.version > known.version) this.#told.set(scopeOf(row), row)
  }

  expire(): void {
    for (const [, call] of this.#holds()) {
      if (call.deadlineMs > this.nowMs) continue
      const pico = call.seen > call.hold.pico ? call.seen : call.hold.pico
      this.#end(call, 'expired', { pico, tokens: call.hold.tokens }, call.rows)
    }
  }

  states(rows: readonly PolicyRow[]): ScopeState[] {
    return rows.map((row) => {
      const { spent, held } = this.standing(row, 'main')
      const { startMs, endMs } = this.windowStart(`${scopeOf(row)}/main`)
      const limitPico = row.budgets[0]?.limitPico ?? null
      const money = { spentPico: spent, heldPico: held, limitPico }
      return { scope: scopeOf(row), ...money, startMs, resetAtMs: endMs }
    })
  }

  standing(row: PolicyRow, budget: string): { readonly spent: bigint; readonly held: bigint } {
    const scope = scopeOf(row)
    const name = `${scope}/${budget}`
    const spent = this.#spent.get(`${name}@${this.windowStart(name).startMs}`) ?? 0n
    let held = 0n
    for (const [, call] of this.#holds()) if (isIn(call, scope)) held += call.hold.pico
    return { spent, held }
  }

  *#holds(): Iterable<[string, Call]> {
    for (const id of this.#live) {
      const call = this.calls.get(id)!
      if (call.state === 'held') yield [id, call]
      else this.#live.delete(id)
    }
  }
  #live = new Set<string>()

  #refusal(rows: readonly PolicyRow[], cost: Money): Refusal | null {
    const checks: ((row: PolicyRow) => Refusal | null)[] = [
      (row) => (row.deleted ? bare('deleted', row) : null),
      (row) => (row.blocked ? bare('blocked', row) : null),
      (row) => ((row.expiresAtMs ?? Infinity) <= this.nowMs ? bare('expired', row) : null),
      (row) => this.#overBudget(row),
      (row) => this.#tooMany(row),
      (row) => this.#tooOften(row),
      (row) => this.#tooLarge(row, cost.tokens),
    ]
    for (const check of checks) {
      for (const row of rows) {
        const refusal = check(row)
        if (refusal) return refusal
      }
    }
    return null
  }

  #overBudget(row: PolicyRow): Refusal | null {
    for (const { id, limitPico } of row.budgets) {
      const { spent, held } = this.standing(row, id)
      if (limitPico === null || spent + held < limitPico) continue
      const money = { spentPico: spent, heldPico: held, limitPico }
      const resetAtMs = this.windowStart(`${scopeOf(row)}/${id}`).endMs
      return spent >= limitPico
        ? { ...bare('budget', row), ...money, resetAtMs }
        : { ...bare('held', row), ...money, resetAtMs, retryAfterMs: 1_000 }
    }
    return null
  }

  #tooMany(row: PolicyRow): Refusal | null {
    const limit = row.rates.parallelRequests
    const flying = this.held.filter(([, call]) => isIn(call, scopeOf(row))).length
    if (limit === null || flying + 1 <= limit) return null
    return { ...bare('parallel', row), limit, retryAfterMs: 1_000 }
  }

  #tooOften(row: PolicyRow): Refusal | null {
    const limit = row.rates.requestsPerMinute
    const last = this.#lastMinute(this.#requests, row)
    if (limit === null || last.length + 1 <= limit) return null
    return { ...bare('requests', row), limit, retryAfterMs: this.#wait(last, 1, limit) }
  }

  #tooLarge(row: PolicyRow, tokens: number): Refusal | null {
    const limit = row.rates.tokensPerMinute
    if (limit === null) return null
    const scope = scopeOf(row)
    const last = this.#lastMinute(this.#tokens, row)
    let flying = 0
    for (const [, call] of this.#holds()) if (isIn(call, scope)) flying += call.hold.tokens
    const wanted = Math.min(tokens, limit) + flying
    if (limit > 0 && sum(last) + wanted <= limit) return null
    const full = limit > 0 && wanted > limit
    const retryAfterMs = full ? 1_000 : this.#wait(last, wanted, limit)
    return { ...bare('tokens', row), limit, retryAfterMs }
  }

  /** The least wait after which what is then left of the last minute has room for `wanted`. */
  #wait(last: readonly Stamp[], wanted: number, limit: number): number {
    for (const { atMs } of last) {
      const left = last.filter((one) => one.atMs > atMs)
      if (sum(left) + wanted <= limit) return atMs + MINUTE - this.nowMs
    }
    return MINUTE
  }

  #lastMinute(stamps: Map<string, Stamp[]>, row: PolicyRow): Stamp[] {
    const all = stamps.get(scopeOf(row)) ?? []
    let from = all.length
    while (from > 0 && all[from - 1]!.atMs > this.nowMs - MINUTE) from--
    return all.slice(from)
  }

  #admit(id: string, rows: readonly PolicyRow[], cost: Money): void {
    const limits = rows.map(({ rates }) => rates.tokensPerMinute ?? Infinity)
    const hold = { pico: cost.pico, tokens: Math.min(cost.tokens, ...limits) }
    const deadlineMs = this.nowMs + HOLD
    this.calls.set(id, { ...this.#stub(rows), state: 'held', hold, deadlineMs, endedMs: null })
    this.#live.add(id)
    for (const row of rows) stamp(this.#requests, row, { atMs: this.nowMs, amount: 1 })
  }

  #end(call: Call, state: Call['state'], cost: Money, rows: readonly PolicyRow[]): void {
    call.state = state
    call.endedMs = this.nowMs
    call.chargePico = cost.pico
    call.windows = this.windowsOf(rows)
    this.charge(call.windows, cost.pico)
    for (const row of call.rows) {
      stamp(this.#tokens, row, { atMs: this.nowMs, amount: cost.tokens })
    }
  }

  #stub(rows: readonly PolicyRow[]): Call {
    return {
      state: 'tombstone',
      corrected: false,
      deadlineMs: 0,
      endedMs: this.nowMs,
      seen: 0n,
      chargePico: 0n,
      hold: { pico: 0n, tokens: 0 },
      rows,
      windows: [],
    }
  }
}

function scopeOf({ kind, id }: PolicyRow): string {
  return kind === 'account' ? 'account' : `key:${id}`
}

function isIn({ rows }: Call, scope: string): boolean {
  return rows.some((row) => scopeOf(row) === scope)
}

function stamp(stamps: Map<string, Stamp[]>, row: PolicyRow, one: Stamp): void {
  const scope = scopeOf(row)
  const list = stamps.get(scope) ?? []
  list.push(one)
  stamps.set(scope, list)
}

function sum(stamps: readonly Stamp[]): number {
  return stamps.reduce((total, { amount }) => total + amount, 0)
}

function bare(reason: Refusal['reason'], scope: PolicyRow | null): Refusal {
  const money = { spentPico: 0n, heldPico: 0n, limitPico: null, resetAtMs: null }
  return { reason, scope, ...money, limit: null, retryAfterMs: null }
}
