import type {
  budgets,
  dailyCustomers,
  dailySpend,
  keys,
  memberships,
  spendLogs,
  teams,
} from '../../../drizzle/schema.ts'
import type { AccountRef, AccountRow } from '../../../src/db/accounts.ts'
import type { OpeningSpend } from '../../../src/ledger/types.ts'
import { picoToDecimal } from '../../../src/money.ts'

export type TeamRow = typeof teams.$inferSelect
export type KeyRow = typeof keys.$inferSelect
export type MemberRow = typeof memberships.$inferSelect
export type BudgetRow = typeof budgets.$inferSelect
export type LogRow = typeof spendLogs.$inferSelect
export type CustomerRow = Omit<typeof dailyCustomers.$inferSelect, 'spendPico'> & {
  spendPico: bigint
}
export type DailyRow = Omit<typeof dailySpend.$inferSelect, 'spendPico'> & { spendPico: bigint }

/** What Postgres keeps of a budget's window, and under which guard. */
export interface Spent {
  spendPico: bigint
  windowMs: number
  endMs: number | null
  epoch: number
  seq: number
}

export interface SimulatedAccount extends Spent {
  readonly accountId: string
  readonly generation: number
  ledgerEpoch: number
}

/** What such a row has spent is beside it, not in it. */
export interface SimulatedKey extends Spent {
  row: KeyRow
}

export interface SimulatedMember extends Spent {
  row: MemberRow
}

export interface SimulatedWindow extends Spent, AccountRef {
  readonly scope: string
  readonly budget: string
}

/** A changed row that a ledger has to hear of. */
export interface SimulatedTelling extends AccountRef {
  readonly kind: 'account' | 'key' | 'member' | 'budget'
  readonly rowId: string
  version: number
  createdAt: Date
}

export const NOTHING_SPENT: Readonly<Spent> = {
  spendPico: 0n,
  windowMs: 0,
  endMs: null,
  epoch: 0,
  seq: 0,
}

const NEVER = new Date(0)

export function accountRowOf(account: SimulatedAccount): AccountRow {
  const { accountId, generation, ledgerEpoch } = account
  return { accountId, generation, ledgerEpoch, createdAt: NEVER, ...spentColumns(account) }
}

export function keyRowOf(key: SimulatedKey): KeyRow {
  return { ...key.row, ...spentColumns(key) }
}

export function memberRowOf(member: SimulatedMember): MemberRow {
  return { ...member.row, ...spentColumns(member) }
}

export function spentColumns({ spendPico, windowMs, endMs, epoch, seq }: Spent) {
  return {
    spend: picoToDecimal(spendPico),
    spendWindowAt: new Date(windowMs),
    spendWindowEndAt: endMs === null ? null : new Date(endMs),
    spendEpoch: epoch,
    spendSeq: seq,
  }
}

export function openingOf(scope: string, budget: string, row: Spent): OpeningSpend {
  const { windowMs: startMs, endMs, spendPico: spentPico } = row
  return { scope, budget, startMs, endMs, spentPico }
}

export function isOfKey(scope: string, token: string): boolean {
  return scope === `key:${token}` || scope.startsWith(`key:${token}/`)
}

export function teamIdOf(accountId: string): string {
  return accountId.startsWith('team:') ? accountId.slice('team:'.length) : ''
}

/** A telling's primary key. */
export function tellingName(
  telling: AccountRef & { readonly kind: string; readonly rowId: string },
): string {
  return [telling.accountId, telling.generation, telling.kind, telling.rowId].join('\n')
}
