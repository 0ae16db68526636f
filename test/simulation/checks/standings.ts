import {
  budgetPolicy,
  keyPolicy,
  memberPolicy,
  plainMember,
  teamPolicy,
} from '../../../src/db/policy.ts'
import type { BudgetPolicy, PolicyRow } from '../../../src/ledger/policy.ts'
import { allScopes, partsOf, type Scope } from '../../../src/ledger/scopes.ts'
import type { ScopeState } from '../../../src/ledger/types.ts'
import type { SimulatedAccount } from '../database/tables.ts'
import type { Town } from '../town.ts'

/** One budget of one scope in one account: what its ledger says, and what it should. */
export interface Standing {
  readonly account: SimulatedAccount
  readonly scope: Scope
  readonly budget: BudgetPolicy
  readonly state: ScopeState
  /** The same after the ledger slept. */
  readonly woken: ScopeState
}

/** Null: there is no ledger. */
export async function standingsOf(
  town: Town,
  account: SimulatedAccount,
): Promise<Standing[] | null> {
  const host = town.hostOf(account)
  const rows = rowsOf(town, account.accountId)
  const read = () => host.call('read', [rows]) as Promise<readonly ScopeState[] | null>
  const states = await read()
  host.evict()
  const later = await read()
  if (!states || !later) return null
  return allScopes({ rows }, town.scheduler.nowMs).flatMap((scope) =>
    scope.budgets.map((budget) => {
      const isThis = (one: ScopeState) => one.scope === scope.id && one.budget === budget.id
      const [state, woken] = [states.find(isThis)!, later.find(isThis)!]
      return { account, scope, budget, state, woken }
    }),
  )
}

/** All that may have a scope there: keys also after they left, users also without being members. */
export function rowsOf({ database }: Town, accountId: string): PolicyRow[] {
  const teamId = accountId.replace('team:', '')
  const keys = [...database.keys.values()].map(({ row }) => keyPolicy(row))
  const logged = [...database.logs.values()].filter((row) => row.accountId === accountId)
  const users = new Set(logged.flatMap(({ userId }) => userId ?? []))
  const members = [...users].map((userId) => {
    const member = database.member(teamId, userId)
    return member ? memberPolicy(member.row) : plainMember(userId)
  })
  const team = teamPolicy(database.teams.get(teamId)!)
  return [...keys, ...members, team, ...[...database.budgets.values()].map(budgetPolicy)]
}

/** Postgres' copy; undefined: it has none, null: the key is another account's. */
export function copyOf(
  { database }: Town,
  { account, scope, budget }: Pick<Standing, 'account' | 'scope' | 'budget'>,
) {
  const { kind, id, model } = partsOf(scope.id)
  const { accountId } = account
  const key = database.keys.get(id)
  if (kind === 'key' && key?.row.accountId !== accountId) return null
  if (budget.id === 'main' && model === null) {
    if (kind === 'account') return account
    if (kind === 'key') return key
    const member = database.member(accountId.replace('team:', ''), id)
    if (member) return member
  }
  return database.window({ ...account, scope: scope.id, budget: budget.id })
}
