import type { AccountRow } from '../../../src/db/accounts.ts'
import type { MovingKey } from '../../../src/db/key-move.ts'
import type { Balance } from '../../../src/ledger/types.ts'
import type { SimulatedDatabase } from './database.ts'
import {
  type BudgetRow,
  isOfKey,
  keyRowOf,
  type KeyRow,
  NOTHING_SPENT,
  openingOf,
  type SimulatedKey,
} from './tables.ts'
import { noteBudgets, noteKeys } from './tellings.ts'

/** db/key-move.ts getMovingKey. */
export function getMovingKey(database: SimulatedDatabase, token: string): MovingKey | null {
  const key = database.keys.get(token)
  const target = key?.row.moving?.account_id
  if (key && target !== undefined && !database.accounts.has(target)) {
    const made = { accountId: target, generation: 1, ledgerEpoch: 0 }
    database.accounts.set(target, { ...NOTHING_SPENT, ...made })
  }
  const from = key && database.accountRow(key.row.accountId)
  const to = database.accountRow(target ?? '')
  if (!key || !from || !to) return null
  return { key: keyRowOf(key), from, to, copy: copyOf(database, key, from) }
}

function copyOf(database: SimulatedDatabase, key: SimulatedKey, from: AccountRow): Balance {
  const { token, traffic, moving } = key.row
  const others = database.windows.filter(
    ({ accountId, generation, scope }) =>
      isOfKey(scope, token) && accountId === from.accountId && generation === from.generation,
  )
  const spends = [
    openingOf(`key:${token}`, 'main', key),
    ...others.map((window) => openingOf(window.scope, window.budget, window)),
  ]
  return {
    version: moving?.version ?? key.row.version,
    traffic: traffic ?? [],
    spends: spends.filter(({ spentPico }) => spentPico !== 0n),
  }
}

/** db/key-move.ts finishMove. */
export function finishMove(
  database: SimulatedDatabase,
  { key: { token, version }, from, to }: MovingKey,
  brought: Balance,
): { readonly key: KeyRow; readonly budget: BudgetRow | null } | null {
  const key = database.keys.get(token)
  if (!key) return null
  const { moving } = key.row
  const isUnchanged = [from, to].every(({ accountId, generation, ledgerEpoch }) => {
    const account = database.accounts.get(accountId)
    const hasLedger = (account?.ledgerEpoch ?? 0) > 0
    return account?.generation === generation && hasLedger === ledgerEpoch > 0
  })
  if (moving && key.row.version === version && isUnchanged) {
    write(database, key, { moving, from, to, brought })
  }
  if (key.row.accountId !== to.accountId) return null
  noteKeys(database, [key.row])
  noteBudgets(database, [key.row])
  if (key.row.moving !== null) return null
  return { key: keyRowOf(key), budget: database.budgets.get(key.row.budgetId ?? '') ?? null }
}

interface Move {
  readonly moving: NonNullable<KeyRow['moving']>
  readonly from: AccountRow
  readonly to: AccountRow
  readonly brought: Balance
}

function write(database: SimulatedDatabase, key: SimulatedKey, move: Move): void {
  const { moving, from, to, brought } = move
  const { token } = key.row
  const now = new Date(database.nowMs())
  const isMain = (scope: string, budget: string) => scope === `key:${token}` && budget === 'main'
  const main = brought.spends.find(({ scope, budget }) => isMain(scope, budget))
  const others = brought.spends.filter((spend) => spend !== main)
  const team = database.teams.get(moving.team_id ?? '')
  const { spentPico: spendPico = 0n, startMs: windowMs = 0, endMs = null } = main ?? {}
  Object.assign(key, { ...NOTHING_SPENT, spendPico, windowMs, endMs })
  key.row = {
    ...key.row,
    accountId: moving.account_id,
    teamId: moving.team_id,
    userId: moving.user_id,
    moving: null,
    updatedAt: now,
    traffic: [...brought.traffic],
    deletedAt: key.row.deletedAt ?? team?.deletedAt ?? null,
    version: database.nextVersion(),
  }
  const { accountId, generation } = to
  const written = others.map(({ scope, budget, startMs, endMs: end = null, spentPico }) => {
    const window = { spendPico: spentPico, windowMs: startMs, endMs: end, epoch: 0, seq: 0 }
    return { ...window, accountId, generation, scope, budget }
  })
  const isWritten = (scope: string, budget: string, of: number): boolean =>
    of === generation && written.some((one) => one.scope === scope && one.budget === budget)
  const isKept = (scope: string, budget: string): boolean =>
    others.some((one) => one.scope === scope && one.budget === budget)
  database.windows = database.windows.filter((row) => {
    if (!isOfKey(row.scope, token)) return true
    if (row.accountId === from.accountId) return false
    if (row.accountId !== accountId) return true
    const { scope, budget } = row
    return isKept(scope, budget) && !isWritten(scope, budget, row.generation)
  })
  database.windows.push(...written)
}
