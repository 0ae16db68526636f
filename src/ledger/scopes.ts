import { isNamed } from './access.ts'
import type {
  BudgetPolicy,
  CallPolicy,
  Enforcement,
  Limits,
  PolicyDefaults,
  PolicyRow,
  RatePolicy,
  ScopeId,
} from './policy.ts'
import { UNLIMITED_RATES } from './policy.ts'
import type { WindowRule } from './store.ts'

/** What limits hang on for one call: a row's own limits, or those for the model it asks for. */
export interface Scope extends Limits {
  readonly id: ScopeId
  readonly kind: 'key' | 'member' | 'account'
  readonly row: PolicyRow
  /** The name or pattern that these limits are for; null: for every call. */
  readonly model: string | null
  readonly enforcement: Enforcement
  readonly rules: readonly WindowRule[]
}

/** Every scope has a main budget, also without a limit: its spend needs a window. */
export const MAIN: BudgetPolicy = { id: 'main', limitPico: null, duration: null, anchorMs: 0 }

const NONE: Limits = { budgets: [MAIN], rates: UNLIMITED_RATES }
const DEFAULTS: PolicyDefaults = { enforcement: 'headroom', memberRates: true }
/** In order of refusal. */
const KINDS = ['key', 'member', 'account'] as const

/**
 * The scopes that a call counts in, in order of refusal: key, member, account, each followed by its
 * own limits for the model. Limits that a row lacks come from its budget row, and a member's then
 * from the account.
 */
export function scopesOf(policy: CallPolicy, nowMs: number): Scope[] {
  const { model = null } = policy
  return compose(policy, nowMs, (pattern) => model !== null && isNamed(pattern, model))
}

/** The same for every model that has limits of its own. */
export function allScopes(policy: CallPolicy, nowMs: number): Scope[] {
  return compose(policy, nowMs, () => true)
}

function compose(
  { rows, defaults = DEFAULTS }: CallPolicy,
  nowMs: number,
  isWanted: (model: string) => boolean,
): Scope[] {
  const account = rows.find(({ kind }) => kind === 'account')
  const inherited = account?.enforcement ?? defaults.enforcement
  const scopes: Scope[] = []
  for (const kind of KINDS) {
    for (const row of rows) {
      if (row.kind !== kind) continue
      const limited = kind === 'member' && !defaults.memberRates ? withoutRates : same
      const bases = basesOf(row, rows, account)
      const owner = { kind, row, lent: lentBy(bases), enforcement: row.enforcement ?? inherited }
      const own = limited(increased(merged(row, bases), row, nowMs))
      scopes.push(newScope(owner, own, null))
      for (const [model, limits] of modelLimits(row, bases)) {
        if (isWanted(model)) scopes.push(newScope(owner, limited(limits), model))
      }
    }
  }
  return scopes
}

interface Owner extends Pick<Scope, 'kind' | 'row' | 'enforcement'> {
  /** The newest version of the rows that lend it limits. */
  readonly lent: number
}

function newScope(
  { kind, row, lent, enforcement }: Owner,
  { budgets, rates }: Limits,
  model: string | null,
): Scope {
  const scope = scopeOf(row, model ?? undefined)
  const { version } = row
  const rules = budgets.map((budget) => newRule({ scope, version, lent }, budget))
  return { id: scope, kind, row, model, enforcement, budgets, rates, rules }
}

function newRule(
  { scope, version, lent }: Pick<WindowRule, 'scope' | 'version'> & { readonly lent: number },
  { id: budget, duration, anchorMs, sinceMs, alignment, limitPico }: BudgetPolicy,
): WindowRule {
  const rule = { scope, version, lent, budget, duration, anchorMs, limitPico }
  if (sinceMs === undefined && !alignment) return rule
  return { ...rule, sinceMs: sinceMs ?? anchorMs, alignment: alignment ?? null }
}

export function scopeOf({ kind, id }: Pick<PolicyRow, 'kind' | 'id'>, model?: string): ScopeId {
  // A user's id may contain a slash, a hash does not; what follows the first one is a model.
  const name = kind === 'member' ? encodeURIComponent(id) : id
  const owner = kind === 'account' ? 'account' : `${kind}:${name}`
  return model === undefined ? owner : `${owner}/${model}`
}

/** What a scope's id was made of. */
export function partsOf(scope: ScopeId) {
  const slash = scope.indexOf('/')
  const owner = slash < 0 ? scope : scope.slice(0, slash)
  const colon = owner.indexOf(':')
  const kind = colon < 0 ? owner : owner.slice(0, colon)
  const id = colon < 0 ? '' : owner.slice(colon + 1)
  return {
    kind,
    id: kind === 'member' ? decodeURIComponent(id) : id,
    model: slash < 0 ? null : scope.slice(slash + 1),
  }
}

export function rulesOf(scopes: readonly Scope[]): WindowRule[] {
  const all: WindowRule[] = []
  for (const { rules } of scopes) all.push(...rules)
  return all
}

interface Base extends Limits {
  readonly version: number
  readonly modelLimits?: Readonly<Record<string, Limits>>
}

const NO_BASES: readonly Base[] = []

/** Where a row's missing limits come from, the nearest first. */
function basesOf(
  row: PolicyRow,
  rows: readonly PolicyRow[],
  account: PolicyRow | undefined,
): readonly Base[] {
  const { budgetId = null } = row
  if (budgetId === null && row.kind !== 'member') return NO_BASES
  const shared =
    budgetId === null
      ? undefined
      : rows.find(({ kind, id, deleted }) => kind === 'budget' && id === budgetId && !deleted)
  const bases: Base[] = shared ? [shared] : []
  if (row.kind === 'member' && account?.memberLimits) {
    bases.push({ ...account.memberLimits, version: account.version })
  }
  return bases
}

function lentBy(bases: readonly Base[]): number {
  return bases.reduce((newest, { version }) => Math.max(newest, version), 0)
}

function merged(own: Limits, bases: readonly Limits[]): Limits {
  const limits = { budgets: own.budgets.length > 0 ? own.budgets : NONE.budgets, rates: own.rates }
  return bases.reduce<Limits>(
    (above, base) => ({
      budgets: mergeBudgets(above.budgets, base.budgets),
      rates: mergeRates(above.rates, base.rates),
    }),
    limits,
  )
}

/** A limit of one's own wins; so does a duration, which brings its windows; so do own windows. */
function mergeBudgets(own: readonly BudgetPolicy[], base: readonly BudgetPolicy[]): BudgetPolicy[] {
  const [mine, theirs] = [own.find(isMain) ?? MAIN, base.find(isMain) ?? MAIN]
  // It holds since it was taken, which may be long after it was made.
  const schedule = mine.duration ? mine : { ...theirs, sinceMs: mine.anchorMs }
  const main = { ...schedule, limitPico: mine.limitPico ?? theirs.limitPico }
  const windows = own.filter((budget) => !isMain(budget))
  return [main, ...(windows.length > 0 ? windows : base.filter((budget) => !isMain(budget)))]
}

function mergeRates(own: RatePolicy, base: RatePolicy): RatePolicy {
  return {
    requestsPerMinute: own.requestsPerMinute ?? base.requestsPerMinute,
    tokensPerMinute: own.tokensPerMinute ?? base.tokensPerMinute,
    parallelRequests: own.parallelRequests ?? base.parallelRequests,
  }
}

function isMain({ id }: BudgetPolicy): boolean {
  return id === 'main'
}

function modelLimits(row: PolicyRow, bases: readonly Base[]): [string, Limits][] {
  if (!row.modelLimits && bases.length === 0) return []
  const all = Object.assign(
    {},
    ...bases.map((base) => base.modelLimits).toReversed(),
    row.modelLimits,
  )
  return Object.entries<Limits>(all)
}

/** A temporary increase lifts the main budget while it lasts. */
function increased(limits: Limits, { increase }: PolicyRow, nowMs: number): Limits {
  if (!increase || increase.untilMs <= nowMs) return limits
  const budgets = limits.budgets.map((budget) =>
    isMain(budget) && budget.limitPico !== null
      ? { ...budget, limitPico: budget.limitPico + increase.pico }
      : budget,
  )
  return { ...limits, budgets }
}

/** What is limited per minute only; calls at a time always are. */
function withoutRates({ budgets, rates }: Limits): Limits {
  return { budgets, rates: { ...UNLIMITED_RATES, parallelRequests: rates.parallelRequests } }
}

function same(limits: Limits): Limits {
  return limits
}
