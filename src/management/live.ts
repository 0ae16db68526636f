import type { AccountRef, AccountRow } from '../db/accounts.ts'
import type { Db } from '../db/connect.ts'
import { listWindowSpends } from '../db/window-spends.ts'
import type { LedgerClient } from '../ledger/client.ts'
import type { BudgetPolicy, PolicyRow, ScopeId } from '../ledger/policy.ts'
import { allScopes, MAIN, scopeOf } from '../ledger/scopes.ts'
import type { ScopeState } from '../ledger/types.ts'
import { describe, log } from '../log.ts'
import { parsePico, type Pico, picoToUsd } from '../money.ts'
import { type Now, rollWindow, type Window, windowAt } from '../windows.ts'

/** What is spent and held in one window. */
export interface Standing {
  readonly spentPico: Pico
  readonly heldPico: Pico
  readonly startMs: number
  /** Null: never. */
  readonly resetAtMs: number | null
}

/** Where any budget of some rows stands at this instant. */
export type Standings = (scope: ScopeId, budget: BudgetPolicy) => Standing

/** Postgres' copy of a window's spend. */
export interface SpendCopy {
  readonly spend: string
  readonly spendWindowAt: Date
  readonly spendWindowEndAt: Date | null
}

/** A row with the columns that hold its main window's spend. */
export type Known = readonly [PolicyRow, SpendCopy | null]

export interface LiveDeps {
  readonly db: Db
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
}

/**
 * The ledger's word at this instant; Postgres' copy if there is no ledger, which is then not made,
 * or if it can't be reached. The rows have to include those that the others take limits from.
 */
export async function standings(
  deps: LiveDeps,
  account: AccountRow,
  request: Now & { readonly known: readonly Known[] },
): Promise<Standings> {
  const { known } = request
  const states = await liveStates(
    deps,
    account,
    known.map(([row]) => row),
  )
  const live = new Map(states?.map((state) => [keyOf(state.scope, state.budget), state]))
  const copies = states ? new Map<string, SpendCopy>() : await copiesOf(deps.db, account, known)
  return (scope, budget) => {
    const state = live.get(keyOf(scope, budget.id))
    if (state) return state
    const copy = copies.get(keyOf(scope, budget.id))
    return copiedStanding(budget, copy, request)
  }
}

async function liveStates(
  { ledgerOf }: LiveDeps,
  account: AccountRow,
  rows: readonly PolicyRow[],
): Promise<readonly ScopeState[] | null> {
  if (account.ledgerEpoch === 0) return null
  try {
    return await ledgerOf(account).read(rows)
  } catch (error) {
    log('warn', 'live_read_failed', { account: account.accountId, error: describe(error) })
    return null
  }
}

async function copiesOf(
  db: Db,
  account: AccountRow,
  known: readonly Known[],
): Promise<Map<string, SpendCopy>> {
  const copies = new Map<string, SpendCopy>()
  for (const [row, copy] of known) {
    if (copy) copies.set(keyOf(scopeOf(row), MAIN.id), copy)
  }
  const rows = known.map(([row]) => row)
  const hasOthers = allScopes({ rows }, 0).some(
    ({ kind, model, budgets }) => kind === 'member' || model !== null || budgets.length > 1,
  )
  for (const copy of hasOthers ? await listWindowSpends(db, account) : []) {
    const key = keyOf(copy.scope, copy.budget)
    // Who spent here before they were a member has a main window there; their row is the newer one.
    if (Number(copies.get(key)?.spend ?? 0) === 0) copies.set(key, copy)
  }
  return copies
}

/** It counts only in the window that it was written for. */
export function copiedStanding(
  rule: BudgetPolicy,
  copy: SpendCopy | undefined,
  now: Now,
): Standing {
  if (!copy) return standingOf(windowAt(rule, now), 0n)
  const startMs = copy.spendWindowAt.getTime()
  const endMs = copy.spendWindowEndAt?.getTime() ?? null
  const rolled = rollWindow(rule, { startMs, endMs, spentPico: parsePico(copy.spend) }, now)
  return standingOf(rolled, rolled.spentPico)
}

function standingOf({ startMs, endMs }: Window, spentPico: Pico): Standing {
  return { spentPico, heldPico: 0n, startMs, resetAtMs: endMs }
}

/** A row's main budget as LiteLLM answers with it. */
export function spendFields({ spentPico, heldPico }: Pick<Standing, 'spentPico' | 'heldPico'>) {
  return { spend: picoToUsd(spentPico), held: picoToUsd(heldPico) }
}

/** Without a ledger's word, for lists: these may lag. */
export function copiedSpend(row: PolicyRow, copy: SpendCopy, now: Now) {
  const main = row.budgets.find(({ id }) => id === MAIN.id) ?? MAIN
  return spendFields(copiedStanding(main, copy, now))
}

function keyOf(scope: ScopeId, budget: string): string {
  return `${budget} ${scope}`
}
