import { parseDuration } from '../../src/duration.ts'
import type { BudgetPolicy, Enforcement, Limits, PolicyRow } from '../../src/ledger/policy.ts'
import { accountRow, budgetRow, keyRow, memberRow, rates, T0 } from './build.ts'
import type { Dice } from '../simulation/dice.ts'

/** Before the world began: no window is cut off at its start. */
const ANCHOR = T0 - 12_345

export type Home = 'A' | 'B'
export const HOMES = ['A', 'B'] as const
export const KEYS = ['k1', 'k2', 'k3'] as const
/** Keys and whose they are; one is nobody's. */
const USERS: Readonly<Record<string, string | undefined>> = { k1: 'u1', k2: 'u2' }
const SHARED = 'shared'
const MODES: readonly (Enforcement | null)[] = [
  null,
  null,
  'headroom',
  'strict',
  'strict',
  'observe',
]

/** Where durations of its own hang on each row, and how long they are at first. */
const WINDOWS = {
  account: { main: '1m', two: '2s', 'm/*': '10s' },
  k1: { main: '2s', 'm/one': null },
  k2: {},
  k3: { main: null },
  u1: { main: '10s' },
  u2: {},
  shared: { main: '1m', 'm/*': '2s' },
} as const satisfies Record<string, Readonly<Record<string, string | null>>>

/** A budget whose windows lie otherwise from now on. */
export interface Edit {
  readonly scope: string
  readonly old: BudgetPolicy
  readonly now: BudgetPolicy
}

/** The rows of Postgres in a random world: two accounts, their members, and keys that move. */
export class RandomRows {
  #dice: Dice
  #version = 0
  #versions = new Map<string, PolicyRow[]>()
  #policies = new Map<string, BudgetPolicy>()
  #homes: Record<string, Home> = { k1: 'A', k2: 'A', k3: 'B' }

  /** Amounts are multiples of this; where it is coarse, sums often meet their limits exactly. */
  readonly grain: bigint

  constructor(dice: Dice, grain: bigint) {
    this.#dice = dice
    this.grain = grain
    for (const name of this.names()) this.#add(name, T0)
  }

  names(): string[] {
    const members = HOMES.flatMap((home) => ['u1', 'u2'].map((user) => `${home}/${user}`))
    return [...HOMES, ...members, ...KEYS, SHARED]
  }

  newest(name: string): PolicyRow {
    return this.#versions.get(name)!.at(-1)!
  }

  /** Mostly the newest row, at times an older one, as a stale cache would send it. */
  some(name: string): PolicyRow {
    const versions = this.#versions.get(name)!
    const back = this.#dice.chance(0.9) ? 1 : 2 + this.#dice.below(2)
    return versions.at(-back) ?? versions.at(-1)!
  }

  home(key: string): Home {
    return this.#homes[key]!
  }

  /** Where this row is told: where somebody may ask for it. */
  homesOf(name: string): readonly Home[] {
    if (name === SHARED) return HOMES
    return [this.#homes[name] ?? (name[0] as Home)]
  }

  /** What a call with this row of a key carries beside it, and to which ledger it goes. */
  callOf(key: PolicyRow): { readonly home: Home; readonly rows: PolicyRow[] } {
    const home = key.accountId!.slice(-1) as Home
    const user = USERS[key.id]
    const member = user === undefined ? [] : [this.some(`${home}/${user}`)]
    const isShared = [key, ...member].some(({ budgetId }) => budgetId)
    const shared = isShared ? [this.some(SHARED)] : []
    return { home, rows: [key, ...member, this.some(home), ...shared] }
  }

  /** The newest rows of all that has to do with an account. */
  all(home: Home): PolicyRow[] {
    const keys = KEYS.filter((key) => this.#homes[key] === home)
    return [home, `${home}/u1`, `${home}/u2`, ...keys, SHARED].map((name) => this.newest(name))
  }

  /** Another version of a row, at times with other durations. */
  edit(name: string, nowMs: number): readonly Edit[] {
    const edits = this.#dice.chance(0.2) ? this.#editDuration(name, nowMs) : []
    this.#add(name, nowMs)
    return edits
  }

  move(key: string, nowMs: number): PolicyRow {
    this.#homes[key] = this.#homes[key] === 'A' ? 'B' : 'A'
    this.#add(key, nowMs)
    return this.newest(key)
  }

  #editDuration(name: string, nowMs: number): Edit[] {
    const places = Object.keys(WINDOWS[kindOf(name)]).filter(() => name !== SHARED)
    if (places.length === 0) return []
    const place = this.#dice.pick(places)
    // A member without a duration of its own would have the account's, which is no edit.
    const lengths = ['2s', '10s', '1m', ...(name.includes('/') ? [] : [null])]
    const old = this.#policies.get(`${name}#${place}`)!
    const duration = durationOf(this.#dice.pick(lengths))
    const now = { ...old, duration, anchorMs: nowMs }
    this.#policies.set(`${name}#${place}`, now)
    const owner = { account: 'account', k1: 'key:k1', k3: 'key:k3', u1: 'member:u1' }
    const scope = owner[kindOf(name) as keyof typeof owner]
    return [{ scope: place.startsWith('m/') ? `${scope}/${place}` : scope, old, now }]
  }

  #add(name: string, nowMs: number): void {
    const versions = this.#versions.get(name) ?? []
    this.#versions.set(name, [...versions, this.#row(name, nowMs)])
  }

  #row(name: string, nowMs: number): PolicyRow {
    const common = { ...this.#limits(name), ...this.#state(nowMs), version: ++this.#version }
    // Without the budget its keys' windows would be others, which is no edit of a duration.
    if (name === SHARED) return budgetRow({ ...common, deleted: false })
    const mode = { enforcement: this.#dice.pick(MODES) }
    const isLifted = this.#dice.chance(0.3)
    const lift = {
      pico: BigInt(this.#dice.below(5_000)),
      untilMs: nowMs + this.#dice.below(60_000),
    }
    const row = { ...common, ...mode, increase: isLifted ? lift : null }
    const home = this.#homes[name]
    if (home) {
      const budgetId = name === 'k2' ? SHARED : null
      return keyRow({ ...row, id: name, accountId: `team:${home}`, budgetId })
    }
    if (name.includes('/')) {
      // One member has a budget beside what the account has for members.
      const budgetId = name === 'B/u2' ? SHARED : null
      return memberRow({ ...row, id: name.slice(2), budgetId })
    }
    const memberLimits = this.#some({ id: 'main', duration: durationOf('10s') })
    return accountRow({ ...row, id: `team:${name}`, memberLimits })
  }

  /** What seldom stands in the way of a call. */
  #state(nowMs: number) {
    const isLate = this.#version > 10
    return {
      blocked: isLate && this.#dice.chance(0.03),
      deleted: isLate && this.#dice.chance(0.02),
      expiresAtMs: this.#dice.chance(0.02) ? nowMs + this.#dice.below(10_000) : null,
      models: this.#dice.chance(0.03) ? ['m/*'] : [],
    }
  }

  #limits(name: string): Limits & Pick<PolicyRow, 'modelLimits'> {
    const budgets: BudgetPolicy[] = []
    const modelLimits: Record<string, Limits> = {}
    for (const [place, length] of Object.entries(WINDOWS[kindOf(name)])) {
      const known = this.#policies.get(`${name}#${place}`)
      const id = place.startsWith('m/') ? 'main' : place
      const policy = known ?? {
        id,
        limitPico: null,
        duration: durationOf(length),
        anchorMs: ANCHOR,
      }
      this.#policies.set(`${name}#${place}`, policy)
      if (place.startsWith('m/')) modelLimits[place] = this.#some(policy)
      else budgets.push({ ...policy, limitPico: this.#limit() })
    }
    if (budgets.length > 0) return { budgets, rates: this.#rates(), modelLimits }
    return { ...this.#some({ id: 'main', duration: null }), modelLimits }
  }

  #some(policy: Partial<BudgetPolicy> & Pick<BudgetPolicy, 'id' | 'duration'>): Limits {
    const main = { anchorMs: ANCHOR, ...policy, limitPico: this.#limit() }
    return { budgets: [main], rates: this.#rates() }
  }

  #limit(): bigint | null {
    if (this.#dice.chance(0.6)) return null
    const pico = BigInt(this.#dice.below(this.#dice.chance(0.5) ? 4_000 : 40_000))
    return pico - (pico % this.grain)
  }

  #rates() {
    const maybe = (below: number): number | null =>
      this.#dice.chance(0.25) ? this.#dice.below(below) : null
    return rates({
      requestsPerMinute: maybe(60),
      tokensPerMinute: maybe(8_000),
      parallelRequests: maybe(20),
    })
  }
}

function kindOf(name: string): keyof typeof WINDOWS {
  if (name.includes('/')) return name.slice(2) as 'u1'
  return name.length === 1 ? 'account' : (name as 'k1')
}

function durationOf(length: string | null) {
  return length === null ? null : parseDuration(length)
}
