import type { KeyDetails } from '../../../src/db/key-details.ts'
import { budgetPolicy, keyPolicy, teamPolicy } from '../../../src/db/policy.ts'
import type { TeamDetails } from '../../../src/db/teams.ts'
import { unlimitedRow } from '../../../src/ledger/policy.ts'
import type { Pico } from '../../../src/money.ts'
import type { AccountRef } from '../../../src/db/accounts.ts'
import type { SimulatedDatabase } from './database.ts'
import { keyRowOf, memberRowOf, type MemberRow, teamIdOf } from './tables.ts'

/** db/key-details.ts getKeyDetails, for keys of teams. */
export function getKeyDetails(database: SimulatedDatabase, hash: string): KeyDetails | null {
  const key = database.keys.get(hash)
  const account = key && database.accountRow(key.row.accountId)
  if (!key || !account) return null
  const team = database.teams.get(key.row.teamId ?? '')
  const named = database.budgets.get(key.row.budgetId ?? '')
  const budget = named && !named.deletedAt ? named : null
  const payer = team ? teamPolicy(team) : unlimitedRow('account', account.accountId)
  const rows = [keyPolicy(key.row), payer, ...(budget ? [budgetPolicy(budget)] : [])]
  return { key: keyRowOf(key), account, budget, rows }
}

/** db/teams.ts getTeam. */
export function getTeam(database: SimulatedDatabase, teamId: string): TeamDetails | null {
  const team = database.teams.get(teamId)
  const account = database.accountRow(`team:${teamId}`)
  if (!team || team.deletedAt || !account) return null
  return { team, account, members: membersOf(database, teamId) }
}

/** db/members.ts selectMembers. */
export function membersOf(database: SimulatedDatabase, teamId: string): MemberRow[] {
  return database.members
    .filter(({ row }) => row.teamId === teamId && !row.deletedAt)
    .map(memberRowOf)
    .toSorted(
      (a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.userId < b.userId ? -1 : 1),
    )
}

/** db/members.ts findMember, by id. */
export function findMember(
  database: SimulatedDatabase,
  { teamId, userId }: { readonly teamId: string; readonly userId: string | null },
): MemberRow | null {
  const member = database.member(teamId, userId)
  return member ? memberRowOf(member) : null
}

interface LowerCopy {
  readonly account: AccountRef
  readonly row: { readonly kind: 'key' | 'member'; readonly id: string }
  readonly toPico: Pico
}

/** db/spend-reset.ts lowerCopy. */
export function lowerCopy(database: SimulatedDatabase, { account, row, toPico }: LowerCopy) {
  const { accountId, generation } = account
  const known = database.accounts.get(accountId)
  const hasNoLedger = known?.generation === generation && known.ledgerEpoch === 0
  const key = database.keys.get(row.id)
  const isMine = key?.row.accountId === accountId && !key.row.moving
  const member = database.member(teamIdOf(accountId), row.id)
  const owner = row.kind === 'member' ? member : isMine ? key : undefined
  if (!owner || !hasNoLedger || owner.spendPico < toPico) return false
  const { windowMs, spendPico } = owner
  database.lowered.push({ ...row, accountId, windowMs, pico: toPico - spendPico })
  owner.spendPico = toPico
  return true
}
