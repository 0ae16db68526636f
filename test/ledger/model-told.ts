import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { Stale } from '../../src/ledger/types.ts'

/** The rows that the ledger was told; of each the newest. */
export class Told {
  #told = new Map<string, PolicyRow>()

  tell(row: PolicyRow): void {
    const known = this.#of(row)
    if (!known || row.version > known.version) this.#told.set(`${row.kind}:${row.id}`, row)
  }

  #of({ kind, id }: Pick<PolicyRow, 'kind' | 'id'>): PolicyRow | undefined {
    return this.#told.get(`${kind}:${id}`)
  }

  /** What was told that is newer than what a request brings, and budgets that it lacks. */
  stale(rows: readonly PolicyRow[]): Stale | null {
    const newer = rows.flatMap((row) => {
      const told = this.#of(row)
      const isNews = told !== undefined && (told.version > row.version || hasLeft(told, row))
      const { budgetId } = isNews ? told : row
      const budget = budgetId ? this.#of({ kind: 'budget', id: budgetId }) : undefined
      const lacks = budget && !budget.deleted && !rows.some((one) => isBudget(one, budget.id))
      return [...(isNews ? [told] : []), ...(lacks ? [budget] : [])]
    })
    return newer[0] ? { kind: 'stale', row: newer[0], rows: newer } : null
  }

  /** These rows with what the ledger can add to them. */
  complete(rows: readonly PolicyRow[]): PolicyRow[] {
    const account = [...this.#told.values()].find(({ kind }) => kind === 'account')
    const named = rows.flatMap(({ budgetId }) =>
      budgetId ? (this.#of({ kind: 'budget', id: budgetId }) ?? []) : [],
    )
    return [...rows, ...named, ...(account ? [account] : [])].filter(
      (row, i, all) => all.findIndex(({ kind, id }) => kind === row.kind && id === row.id) === i,
    )
  }
}

function isBudget({ kind, id }: PolicyRow, budget: string): boolean {
  return kind === 'budget' && id === budget
}

/** The ledger knows that it is another account's by now; the request does not. */
function hasLeft(told: PolicyRow, row: PolicyRow): boolean {
  const same = told.version === row.version && row.accountId !== undefined
  return same && told.accountId !== row.accountId
}
