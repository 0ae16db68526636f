import type { AccountRef } from '../../../src/db/accounts.ts'
import { budgetPolicy, keyPolicy, memberPolicy, teamPolicy } from '../../../src/db/policy.ts'
import type { Telling } from '../../../src/db/tellings.ts'
import type { PolicyRow } from '../../../src/ledger/policy.ts'
import type { SimulatedDatabase } from './database.ts'
import type { SimulatedTelling, KeyRow } from './tables.ts'
import { teamIdOf, tellingName } from './tables.ts'

/** As db/tellings.ts has it. */
const NOTES_KEPT_MS = 25 * 3_600_000

type Noted = Omit<SimulatedTelling, 'generation' | 'createdAt'>

/** db/tellings.ts note: whom there is no ledger to tell, a later opening does. */
function note(database: SimulatedDatabase, rows: readonly Noted[], always = false): void {
  for (const row of rows) {
    const account = database.accounts.get(row.accountId)
    if (!account || (account.ledgerEpoch === 0 && !always)) continue
    const { generation } = account
    const name = tellingName({ ...row, generation })
    const known = database.tellings.get(name)
    const createdAt = new Date(database.nowMs())
    if (known) known.version = row.version
    else database.tellings.set(name, { ...row, generation, createdAt })
  }
}

export function noteKeys(database: SimulatedDatabase, rows: readonly KeyRow[]): void {
  note(
    database,
    rows.map(({ accountId, token: rowId, version }) => ({
      accountId,
      kind: 'key',
      rowId,
      version,
    })),
  )
}

export function noteMoving(database: SimulatedDatabase, row: KeyRow): void {
  const { accountId, token: rowId, version, moving } = row
  if (moving) note(database, [{ accountId, kind: 'key', rowId, version }], true)
}

export function noteTeam(database: SimulatedDatabase, teamId: string): void {
  const team = database.teams.get(teamId)
  const accountId = `team:${teamId}`
  if (!team || team.deletedAt) return
  note(database, [{ accountId, kind: 'account', rowId: accountId, version: team.version }])
}

export function noteMember(database: SimulatedDatabase, teamId: string, userId: string): void {
  const row = database.member(teamId, userId)?.row
  if (!row || row.deletedAt) return
  const accountId = `team:${teamId}`
  note(database, [{ accountId, kind: 'member', rowId: userId, version: row.version }])
}

/** One for each account with such keys. */
export function noteBudgets(database: SimulatedDatabase, rows: readonly KeyRow[]): void {
  for (const { accountId, budgetId, deletedAt } of rows) {
    const budget = database.budgets.get(budgetId ?? '')
    if (!budget || deletedAt) continue
    const { budgetId: rowId, version } = budget
    note(database, [{ accountId, kind: 'budget', rowId, version }])
  }
}

/** db/tellings.ts forgetNotes. */
export function forgetNotes(database: SimulatedDatabase): void {
  for (const [name, telling] of database.tellings) {
    const isOld = telling.createdAt.getTime() < database.nowMs() - NOTES_KEPT_MS
    if (!isOld || hasLedger(database, telling) || isMoving(database, telling)) continue
    database.tellings.delete(name)
  }
}

/** db/tellings.ts pendingTellings. */
export function pendingTellings(database: SimulatedDatabase, limit: number): Telling[] {
  const waiting = [...database.tellings.values()].filter((telling) => {
    return isMoving(database, telling) || hasLedger(database, telling)
  })
  return waiting.slice(0, limit).flatMap((telling): Telling[] => {
    const { accountId, generation } = telling
    const row = rowOf(database, telling)
    return row ? [{ accountId, generation, row, isMoving: isMoving(database, telling) }] : []
  })
}

function hasLedger({ accounts }: SimulatedDatabase, { accountId, generation }: AccountRef) {
  const account = accounts.get(accountId)
  return account?.generation === generation && account.ledgerEpoch > 0
}

function isMoving({ keys }: SimulatedDatabase, { kind, rowId }: SimulatedTelling): boolean {
  return kind === 'key' && (keys.get(rowId)?.row.moving ?? null) !== null
}

function rowOf(
  database: SimulatedDatabase,
  { accountId, kind, rowId }: SimulatedTelling,
): PolicyRow | null {
  const { keys, teams, budgets } = database
  const [key, team] = [keys.get(rowId), teams.get(teamIdOf(rowId))]
  const [member, budget] = [database.member(teamIdOf(accountId), rowId), budgets.get(rowId)]
  if (kind === 'key' && key) return keyPolicy(key.row)
  if (kind === 'account' && team) return teamPolicy(team)
  if (kind === 'member' && member) return memberPolicy(member.row)
  return kind === 'budget' && budget ? budgetPolicy(budget) : null
}

/** db/tellings.ts confirmTellings. */
export function confirmTellings(
  database: SimulatedDatabase,
  { accountId, generation }: AccountRef,
  rows: readonly PolicyRow[],
): void {
  for (const { kind, id, version } of rows) {
    const name = tellingName({ accountId, generation, kind, rowId: id })
    const known = database.tellings.get(name)
    if (!known || known.version > version || isMoving(database, known)) continue
    database.tellings.delete(name)
  }
}
