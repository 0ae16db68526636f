import type { BudgetPolicy, Enforcement, Limits, PolicyRow } from '../../../src/ledger/policy.ts'
import { scopeOf } from '../../../src/ledger/scopes.ts'
import type { ReserveRequest } from '../../../src/ledger/types.ts'
import { isFor } from '../start.ts'

/** One limit that a call is under, as docs/limits.md has it; not as the ledger composes it. */
export interface Binding {
  readonly scope: string
  readonly budget: BudgetPolicy
  readonly enforcement: Enforcement
}

type Source = Limits & Pick<PolicyRow, 'modelLimits'>

/** A key's own, else those of its budget row; a member's own, else the team's for members; the team's. */
export function bindingsOf({ rows, model, defaults }: ReserveRequest): Binding[] {
  const account = rows.find(({ kind }) => kind === 'account')
  return rows.flatMap((row) => {
    const { kind, enforcement: own, budgetId } = row
    if (kind === 'budget') return []
    const shared = rows.find((one) => one.kind === 'budget' && one.id === budgetId && !one.deleted)
    const lender: Source | undefined = kind === 'member' ? account?.memberLimits : shared
    const enforcement = own ?? account?.enforcement ?? defaults?.enforcement ?? 'headroom'
    const ofModels = { ...lender?.modelLimits, ...row.modelLimits }
    return [
      ...budgetsOf(row, lender).map((budget) => ({ scope: scopeOf(row), budget, enforcement })),
      ...Object.entries(ofModels)
        .filter(([name]) => isFor(name, model ?? ''))
        .flatMap(([name, { budgets }]) =>
          budgets.map((budget) => ({ scope: scopeOf(row, name), budget, enforcement })),
        ),
    ]
  })
}

/** The amount and the window of the main budget are taken each by itself, further windows together. */
function budgetsOf(row: Limits, lender: Limits | undefined): BudgetPolicy[] {
  const [mine, theirs] = [mainOf(row), mainOf(lender)]
  const rule = mine?.duration ? mine : (theirs ?? mine)
  const limitPico = mine?.limitPico ?? theirs?.limitPico ?? null
  const windows = furtherOf(row)
  return [
    ...(rule ? [{ ...rule, limitPico }] : []),
    ...(windows.length > 0 ? windows : furtherOf(lender)),
  ]
}

function mainOf(limits: Limits | undefined): BudgetPolicy | undefined {
  return limits?.budgets.find(({ id }) => id === 'main')
}

function furtherOf(limits: Limits | undefined): BudgetPolicy[] {
  return limits?.budgets.filter(({ id }) => id !== 'main') ?? []
}
