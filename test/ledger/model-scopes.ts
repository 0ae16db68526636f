import type {
  BudgetPolicy,
  Enforcement,
  Limits,
  PolicyDefaults,
  PolicyRow,
  RatePolicy,
} from '../../src/ledger/policy.ts'

export interface ModelScope {
  readonly name: string
  readonly kind: 'key' | 'member' | 'account'
  readonly row: PolicyRow
  readonly model: string | null
  readonly enforcement: Enforcement
  readonly budgets: readonly BudgetPolicy[]
  readonly rates: RatePolicy
}

export interface Rows {
  readonly rows: readonly PolicyRow[]
  readonly defaults?: PolicyDefaults
}

const KINDS = ['key', 'member', 'account'] as const

/** Every scope of these rows, in order of refusal. */
export function everyScope({ rows, defaults }: Rows, nowMs: number): ModelScope[] {
  const account = rows.find(({ kind }) => kind === 'account')
  return KINDS.flatMap((kind) =>
    rows.filter((row) => row.kind === kind).flatMap((row) => scopesOfRow(row)),
  )

  function scopesOfRow(row: PolicyRow): ModelScope[] {
    const kind = row.kind as ModelScope['kind']
    const shared = rows.find(
      ({ kind: k, id, deleted }) => k === 'budget' && id === row.budgetId && !deleted,
    )
    const sources: Limits[] = [row]
    if (shared) sources.push(shared)
    if (kind === 'member' && account?.memberLimits) sources.push(account.memberLimits)
    const enforcement =
      row.enforcement ?? account?.enforcement ?? defaults?.enforcement ?? 'headroom'
    const isFree = kind === 'member' && defaults?.memberRates === false
    const common = { kind, row, enforcement }
    const own = {
      ...common,
      name: nameOf(row),
      model: null,
      budgets: [mainOf(sources, row, nowMs), ...windowsOf(sources)],
      rates: ratesOf(sources, isFree),
    }
    const models = { ...shared?.modelLimits, ...row.modelLimits }
    const perModel = Object.entries(models).map(([model, limits]) => ({
      ...common,
      name: `${nameOf(row)}/${model}`,
      model,
      budgets: limits.budgets,
      rates: ratesOf([limits], isFree),
    }))
    return [own, ...perModel]
  }
}

export function nameOf({ kind, id }: Pick<PolicyRow, 'kind' | 'id'>): string {
  return kind === 'account' ? 'account' : `${kind}:${id}`
}

/** Those that a call of this model counts in. */
export function scopesOfCall(call: Rows, model: string | null, nowMs: number): ModelScope[] {
  return everyScope(call, nowMs).filter(
    (scope) => scope.model === null || (model !== null && means(scope.model, model)),
  )
}

/** The patterns of this world end in a star. */
export function means(pattern: string, model: string): boolean {
  return pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : pattern === model
}

function mainOf(sources: readonly Limits[], row: PolicyRow, nowMs: number): BudgetPolicy {
  const mains = sources.flatMap(({ budgets }) => budgets.filter(({ id }) => id === 'main'))
  const timed = mains.find(({ duration }) => duration !== null)
  const limits = mains.flatMap(({ limitPico }) => limitPico ?? [])
  const more = row.increase && row.increase.untilMs > nowMs ? row.increase.pico : 0n
  const limitPico = limits[0] === undefined ? null : limits[0] + more
  const { duration, anchorMs } = timed ?? { duration: null, anchorMs: 0 }
  return { id: 'main', limitPico, duration, anchorMs }
}

function windowsOf(sources: readonly Limits[]): BudgetPolicy[] {
  const windows = sources.map(({ budgets }) => budgets.filter(({ id }) => id !== 'main'))
  return windows.find((some) => some.length > 0) ?? []
}

/** Members may be free to ask as often as they like, though not for more at a time. */
function ratesOf(sources: readonly Limits[], isFree: boolean): RatePolicy {
  const first = (field: keyof RatePolicy): number | null =>
    sources.map(({ rates }) => rates[field]).find((limit) => limit !== null) ?? null
  return {
    requestsPerMinute: isFree ? null : first('requestsPerMinute'),
    tokensPerMinute: isFree ? null : first('tokensPerMinute'),
    parallelRequests: first('parallelRequests'),
  }
}
