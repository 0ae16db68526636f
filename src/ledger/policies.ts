import type { PolicyRow, ScopeId } from './policy.ts'
import { allScopes, partsOf, rulesOf } from './scopes.ts'
import type { LedgerStore, WindowRule } from './store.ts'
import type { Opening, Stale, Unopened } from './types.ts'
import type { Resets } from '../windows.ts'

/** Who is sent to open a ledger has this long; after it the next asker is sent. */
const OPENING_MS = 2_000
const OPENING_POLL_MS = 25

/** The rows that the ledger was told of: callers bring theirs, and may bring older ones. */
export class Policies {
  /** How windows lie that rows say nothing about. */
  readonly resets: Resets
  #store: LedgerStore
  #opening: Pick<Opening, 'epoch' | 'account'> | null
  #openingUntilMs = 0

  constructor(store: LedgerStore, resets: Resets) {
    this.#store = store
    this.resets = resets
    this.#opening = latest(store)
  }

  get epoch(): number {
    return this.#opening?.epoch ?? 0
  }

  /** The account's own row; null: the ledger has not taken over yet. */
  get account(): PolicyRow | null {
    return this.#opening?.account ?? null
  }

  /** What an asker is told: to open the ledger, or to wait for the one who was sent before. */
  unopened(nowMs: number): Unopened {
    if (nowMs < this.#openingUntilMs) return { kind: 'unopened', waitMs: OPENING_POLL_MS }
    this.#openingUntilMs = nowMs + OPENING_MS
    return { kind: 'unopened', waitMs: 0 }
  }

  open(opening: Opening, nowMs: number): void {
    this.#store.saveOpening(opening, nowMs)
    for (const row of opening.changed ?? []) this.tell(row, nowMs)
    this.#opening = latest(this.#store)
  }

  /** Null if this or a newer version of the row was told before; else whether it lends anew. */
  tell(row: PolicyRow, nowMs: number): { readonly lendsAnew: boolean } | null {
    const known = this.#told(row)
    if (known && !this.#isNewer(row, known)) return null
    this.#store.saveTold(row, nowMs)
    if (row.kind === 'account' && this.#opening) this.#opening = { ...this.#opening, account: row }
    return { lendsAnew: !known || windowsLent(known) !== windowsLent(row) }
  }

  /** What was told that is newer than these rows, and the budgets that it names; null: nothing. */
  stale(rows: readonly PolicyRow[]): Stale | null {
    const newer: PolicyRow[] = []
    for (const row of rows) {
      const told = this.#told(row)
      const isNews = told && this.#isNewer(told, row)
      if (isNews) newer.push(told)
      const budget = this.#budgetBeside(isNews ? told : row, rows)
      if (budget) newer.push(budget)
    }
    const [row] = newer
    return row ? { kind: 'stale', row, rows: newer } : null
  }

  /** The budget that a row names, if it was told of and did not come along. */
  #budgetBeside({ budgetId }: PolicyRow, rows: readonly PolicyRow[]): PolicyRow | null {
    if (!budgetId || rows.some(({ kind, id }) => kind === 'budget' && id === budgetId)) return null
    const budget = this.#store.told('budget', budgetId)
    return budget?.deleted ? null : budget
  }

  /** The rows, with the account and the budgets that they name if the ledger knows them. */
  complete(rows: readonly PolicyRow[]): PolicyRow[] {
    const { account } = this
    const all =
      rows.some(({ kind }) => kind === 'account') || !account ? [...rows] : [...rows, account]
    for (const { budgetId } of rows) {
      if (!budgetId || all.some(({ kind, id }) => kind === 'budget' && id === budgetId)) continue
      const budget = this.#store.told('budget', budgetId)
      if (budget) all.push(budget)
    }
    return all
  }

  /** How the windows of a row lie; none if a row that lends it limits is not known. */
  rulesOf(row: PolicyRow, nowMs: number): WindowRule[] {
    const rows = this.complete([row])
    const { budgetId } = row
    const isWhole = !budgetId || rows.some(({ kind, id }) => kind === 'budget' && id === budgetId)
    if (!isWhole) return []
    return rulesOf(allScopes({ rows }, nowMs).filter((scope) => scope.row === row))
  }

  /** The same for a scope, from the row that was told of it. */
  toldRules(scope: ScopeId, nowMs: number): WindowRule[] {
    const { kind, id } = partsOf(scope)
    const row =
      kind === 'account'
        ? this.account
        : kind === 'key' || kind === 'member'
          ? this.#store.told(kind, id)
          : null
    return row ? this.rulesOf(row, nowMs).filter((rule) => rule.scope === scope) : []
  }

  /**
   * A key leaves with the version that Postgres has under its old account until it has arrived: of
   * the two the one that names another account is the newer.
   */
  #isNewer(a: PolicyRow, b: PolicyRow): boolean {
    if (a.version !== b.version) return a.version > b.version
    return this.#isElsewhere(a) && !this.#isElsewhere(b)
  }

  #isElsewhere({ kind, accountId }: PolicyRow): boolean {
    return kind === 'key' && accountId !== undefined && accountId !== this.account?.id
  }

  #told({ kind, id }: PolicyRow): PolicyRow | null {
    return kind === 'account' && this.account ? this.account : this.#store.told(kind, id)
  }
}

/** How the windows lie that others take from this row: an account's members, a budget row's keys. */
function windowsLent({ kind, memberLimits, budgets, modelLimits, deleted }: PolicyRow): string {
  const lent =
    kind === 'account' ? [memberLimits] : [{ budgets }, ...Object.values(modelLimits ?? {})]
  const windows = lent.flatMap((limits) =>
    (limits?.budgets ?? []).map(({ limitPico: _limit, ...lies }) => lies),
  )
  return JSON.stringify([deleted, windows])
}

function latest(store: LedgerStore): Pick<Opening, 'epoch' | 'account'> | null {
  const opening = store.opening()
  const told = opening && store.told('account', opening.account.id)
  return told && told.version > opening.account.version ? { ...opening, account: told } : opening
}
