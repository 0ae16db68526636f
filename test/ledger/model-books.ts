import type { RateState, ScopeState } from '../../src/ledger/types.ts'
import { Minutes } from './model-minutes.ts'
import { Money } from './model-money.ts'
import type { Facts, Standing } from './model-refusals.ts'
import type { ModelScope } from './model-scopes.ts'

export interface Call {
  state: 'held' | 'settled' | 'released' | 'expired' | 'tombstone'
  corrected: boolean
  deadlineMs: number
  endedMs: number | null
  seen: bigint
  chargePico: bigint
  windows: readonly string[]
  readonly holdPico: bigint
  readonly holdTokens: number
  readonly outputTokens: number | null
  readonly scopes: readonly ModelScope[]
}

/** How everything stands: looked up, each time, in lists of all that ever happened. */
export class Books implements Facts {
  nowMs = 0
  readonly calls = new Map<string, Call>()
  readonly money = new Money()
  readonly minutes = new Minutes()
  /** Calls that are held. */
  protected readonly live = new Set<string>()

  get held(): [string, Call][] {
    return [...this.live].map((id) => [id, this.calls.get(id)!])
  }

  standings(scope: ModelScope): Standing[] {
    return scope.budgets.map((budget) => {
      const { name, endMs } = this.money.window(scope.name, budget, this.nowMs)
      const { id, limitPico } = budget
      const money = { spentPico: this.money.spent(name), heldPico: this.#heldPico(scope.name) }
      return { budget: id, ...money, limitPico, resetAtMs: endMs }
    })
  }

  parallel({ name, rates }: ModelScope) {
    return this.minutes.tooMany(this.#flying(name), rates.parallelRequests)
  }

  requests({ name, rates }: ModelScope) {
    return this.minutes.tooOften(name, rates.requestsPerMinute, this.nowMs)
  }

  tokens({ name, rates }: ModelScope, tokens: number) {
    const flying = this.#flying(name).reduce((sum, { holdTokens }) => sum + holdTokens, 0)
    return this.minutes.tooLarge(name, { limit: rates.tokensPerMinute, tokens, flying }, this.nowMs)
  }

  statesOf(scopes: readonly ModelScope[]): ScopeState[] {
    return scopes.flatMap((scope) => {
      const starts = scope.budgets.map((one) => this.money.window(scope.name, one, this.nowMs))
      return this.standings(scope).map(({ budget, resetAtMs, ...money }, i) => {
        const { startMs } = starts[i]!
        return { scope: scope.name, budget, ...money, startMs, resetAtMs }
      })
    })
  }

  ratesOf(scopes: readonly ModelScope[]): RateState[] {
    return scopes.flatMap(({ name, kind, row, model, rates }) => {
      if (Object.values(rates).every((limit) => limit === null)) return []
      const tokens = this.#flying(name).reduce((sum, { holdTokens }) => sum + holdTokens, 0)
      const left = this.minutes.left(name, { rates, flying: tokens }, this.nowMs)
      return [{ kind, id: row.id, model, ...left }]
    })
  }

  windowsOf(scopes: readonly ModelScope[]): string[] {
    return scopes.flatMap(({ name, budgets }) =>
      budgets.map((budget) => this.money.window(name, budget, this.nowMs).name),
    )
  }

  #flying(scope: string): Call[] {
    const calls = [...this.live].map((id) => this.calls.get(id)!)
    return calls.filter(({ scopes }) => scopes.some(({ name }) => name === scope))
  }

  #heldPico(scope: string): bigint {
    return this.#flying(scope).reduce((sum, { holdPico }) => sum + holdPico, 0n)
  }
}
