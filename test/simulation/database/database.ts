import { NeonDbError } from '@neondatabase/serverless'
import type { AccountRef, AccountRow } from '../../../src/db/accounts.ts'
import type { KeyRecord } from '../../../src/db/keys.ts'
import {
  budgetPolicy,
  keyPolicy,
  memberPolicy,
  plainMember,
  teamPolicy,
} from '../../../src/db/policy.ts'
import type { DayRefusals } from '../../../src/db/refusals.ts'
import type { ScopeSpend, SpendBatch } from '../../../src/db/spend.ts'
import { type PolicyRow, unlimitedRow } from '../../../src/ledger/policy.ts'
import { partsOf, scopeOf } from '../../../src/ledger/scopes.ts'
import type { Entry } from '../../../src/ledger/store.ts'
import type { Opening } from '../../../src/ledger/types.ts'
import { addToCustomer, addToDay, logRow } from './logs.ts'
import {
  accountRowOf,
  type BudgetRow,
  type CustomerRow,
  type DailyRow,
  type LogRow,
  NOTHING_SPENT,
  openingOf,
  type SimulatedAccount,
  type SimulatedKey,
  type SimulatedMember,
  type SimulatedTelling,
  type SimulatedWindow,
  type Spent,
  teamIdOf,
  type TeamRow,
  tellingName,
} from './tables.ts'

/** Longer than any cache keeps a row, as db/accounts.ts has it. */
const CACHED_MAX_MS = 25 * 3_600_000
const TRAFFIC_MAX_MS = 60_000

/** Postgres as the statements of src/db use it; the contract test holds the two together. */
export class SimulatedDatabase {
  readonly accounts = new Map<string, SimulatedAccount>()
  readonly teams = new Map<string, TeamRow>()
  readonly keys = new Map<string, SimulatedKey>()
  readonly members: SimulatedMember[] = []
  readonly budgets = new Map<string, BudgetRow>()
  windows: SimulatedWindow[] = []
  readonly tellings = new Map<string, SimulatedTelling>()
  readonly logs = new Map<string, LogRow>()
  /** What each log row was made of; no table has this. */
  readonly entries = new Map<string, { readonly accountId: string; readonly entry: Entry }>()
  readonly daily = new Map<string, DailyRow>()
  readonly customers = new Map<string, CustomerRow>()
  /** By day and ledger. */
  readonly refusals = new Map<string, number>()
  /** Calls whose log rows Postgres refuses, as it does some texts. */
  readonly poison = new Set<string>()
  /** Copies of spends that were lowered while there was no ledger; nor this. */
  readonly lowered: Lowered[] = []
  readonly nowMs: () => number
  #version = 1_000

  constructor(nowMs: () => number) {
    this.nowMs = nowMs
  }

  nextVersion(): number {
    return ++this.#version
  }

  /** db/refusals.ts writeRefusals. */
  writeRefusals({ accountId, generation }: AccountRef, days: readonly DayRefusals[]): void {
    for (const { day, calls } of days) {
      const name = `${day}/${accountId}/${generation}`
      this.refusals.set(name, Math.max(calls, this.refusals.get(name) ?? 0))
    }
  }

  /** db/spend.ts writeSpend. */
  writeSpend(batch: SpendBatch): void {
    if (batch.entries.some(({ detail }) => this.poison.has(String(detail['callId'])))) {
      throw Object.assign(new NeonDbError('no such text'), { code: '22P05' })
    }
    for (const entry of batch.entries) {
      const row = logRow(batch, entry)
      const name = `${row.day}/${row.entryId}/${row.revision}`
      if (this.logs.has(name)) continue
      this.logs.set(name, row)
      this.entries.set(name, { accountId: batch.accountId, entry })
      addToDay(this.daily, row)
      addToCustomer(this.customers, row)
    }
    const account = this.accounts.get(batch.accountId)
    if (account?.generation !== batch.generation) return
    for (const spend of batch.spends) {
      const { startMs: windowMs, endMs = null, spentPico: spendPico } = spend
      const owner = this.#ownerOf(account, spend)
      const said = [windowMs, batch.epoch, batch.seq] as const
      if (!owner || !isBefore([owner.windowMs, owner.epoch, owner.seq], said)) continue
      Object.assign(owner, { spendPico, windowMs, endMs, epoch: batch.epoch, seq: batch.seq })
    }
  }

  /** The row that a budget's spend is written on; null: there is none. */
  #ownerOf(account: SimulatedAccount, { scope, budget }: ScopeSpend): Spent | null {
    const { kind, id, model } = partsOf(scope)
    const { accountId, generation } = account
    if (budget === 'main' && model === null) {
      if (kind === 'account') return account
      const key = this.keys.get(id)
      if (kind === 'key') return key?.row.accountId === accountId ? key : null
      const member = this.member(teamIdOf(accountId), id)
      if (member) return member
    }
    const ref = { accountId, generation, scope, budget }
    const known = this.window(ref)
    // Before all windows: a new row is written whatever its window is.
    const made = { ...NOTHING_SPENT, windowMs: -1, ...ref }
    if (!known) this.windows.push(made)
    return known ?? made
  }

  member(teamId: string | null, userId: string | null): SimulatedMember | undefined {
    return this.members.find(({ row }) => row.teamId === teamId && row.userId === userId)
  }

  window(wanted: AccountRef & { readonly scope: string; readonly budget: string }) {
    return this.windows.find(
      (row) =>
        row.accountId === wanted.accountId &&
        row.generation === wanted.generation &&
        row.scope === wanted.scope &&
        row.budget === wanted.budget,
    )
  }

  keysOf(accountId: string): SimulatedKey[] {
    return [...this.keys.values()].filter(({ row }) => row.accountId === accountId)
  }

  accountRow(accountId: string): AccountRow | undefined {
    const account = this.accounts.get(accountId)
    return account && accountRowOf(account)
  }

  /** db/accounts.ts openAccount. */
  openAccount({ accountId, generation }: AccountRef): Opening | null {
    const account = this.accounts.get(accountId)
    if (account?.generation !== generation) return null
    const epoch = ++account.ledgerEpoch
    const team = this.teams.get(teamIdOf(accountId))
    const keys = this.keysOf(accountId)
    const members = this.members.filter(({ row }) => row.teamId === team?.teamId)
    const ofMembers = members
      .filter(({ spendPico, seq }) => spendPico !== 0n || seq > 0)
      .map((member) => openingOf(scopeOf(memberPolicy(member.row)), 'main', member))
    const hasRow = new Set(ofMembers.map(({ scope }) => scope))
    const ofWindows = this.windows
      .filter((row) => row.accountId === accountId && row.generation === generation)
      .map((window) => openingOf(window.scope, window.budget, window))
      .filter(({ scope, budget }) => budget !== 'main' || !hasRow.has(scope))
    const spends = [
      openingOf('account', 'main', account),
      ...keys.map((key) => openingOf(scopeOf(keyPolicy(key.row)), 'main', key)),
      ...ofMembers,
      ...ofWindows,
    ].filter(({ spentPico }) => spentPico !== 0n)
    const traffic = keys
      .filter(({ row }) => row.updatedAt.getTime() > this.nowMs() - TRAFFIC_MAX_MS)
      .flatMap(({ row }) => row.traffic ?? [])
    const policy = team ? teamPolicy(team) : unlimitedRow('account', accountId)
    const changed = this.#changed({ accountId, generation }, members)
    return { epoch, account: policy, spends, changed, traffic }
  }

  #changed(ref: AccountRef, members: readonly SimulatedMember[]): PolicyRow[] {
    const nowMs = this.nowMs()
    const isRecent = (row: KeyRow | BudgetRow | SimulatedMember['row']): boolean => {
      const [deletedMs, updatedMs] = [row.deletedAt?.getTime() ?? 0, row.updatedAt.getTime()]
      const isChanged = updatedMs > row.createdAt.getTime()
      return Math.max(deletedMs, isChanged ? updatedMs : 0) > nowMs - CACHED_MAX_MS
    }
    const isMine = ({ row }: SimulatedKey): boolean => row.accountId === ref.accountId
    const keys = [...this.keys.values()].filter((key) => {
      return (isMine(key) && isRecent(key.row)) || isNoted(this.tellings, ref, key.row.token)
    })
    const named = new Set(this.keysOf(ref.accountId).map(({ row }) => row.budgetId))
    const budgets = [...this.budgets.values()].filter(({ budgetId }) => named.has(budgetId))
    return [
      ...keys.map(({ row }) => keyPolicy(row)),
      ...members.filter(({ row }) => isRecent(row)).map(({ row }) => memberPolicy(row)),
      ...budgets.filter(isRecent).map(budgetPolicy),
    ]
  }

  /** db/keys.ts findKey, for keys of teams. */
  findKey(hash: string): KeyRecord | null {
    const row = this.keys.get(hash)?.row
    const account = row && this.accounts.get(row.accountId)
    if (!row || row.deletedAt || !account) return null
    const { accountId, generation } = account
    const { teamId, userId } = row
    const team = teamId === null ? undefined : this.teams.get(teamId)
    const member = this.member(teamId, userId)
    const budget = this.budgets.get(row.budgetId ?? '')
    const absent = teamId !== null && userId !== null ? plainMember(userId) : null
    return {
      hash,
      name: row.keyName,
      alias: row.keyAlias,
      teamId,
      teamAlias: team?.teamAlias ?? null,
      userId,
      accountId,
      generation,
      key: keyPolicy(row),
      account: team ? teamPolicy(team) : unlimitedRow('account', accountId),
      member: member ? memberPolicy(member.row) : absent,
      budget: budget && !budget.deletedAt ? budgetPolicy(budget) : null,
    }
  }
}

type KeyRow = SimulatedKey['row']

interface Lowered {
  readonly kind: 'key' | 'member'
  readonly id: string
  readonly accountId: string
  readonly windowMs: number
  readonly pico: bigint
}

/** Keys that left, or come back, as what waits to be told has them. */
function isNoted(tellings: SimulatedDatabase['tellings'], ref: AccountRef, rowId: string): boolean {
  return tellings.has(tellingName({ ...ref, kind: 'key', rowId }))
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i])
  return at >= 0 && a[at]! < b[at]!
}
