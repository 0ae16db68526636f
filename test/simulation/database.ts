import type { dailySpend, spendLogs } from '../../drizzle/schema.ts'
import type { AccountRef } from '../../src/db/accounts.ts'
import type { KeyRecord } from '../../src/db/keys.ts'
import { plainMember } from '../../src/db/policy.ts'
import type { ScopeSpend, SpendBatch } from '../../src/db/spend.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import { partsOf, scopeOf } from '../../src/ledger/scopes.ts'
import type { Entry } from '../../src/ledger/store.ts'
import type { Opening, OpeningSpend } from '../../src/ledger/types.ts'
import { picoToDecimal } from '../../src/money.ts'

export type LogRow = typeof spendLogs.$inferSelect
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
  policy: PolicyRow
}

export interface SimulatedKey extends Spent {
  readonly accountId: string
  readonly userId?: string
  policy: PolicyRow
  /** Since it was made. */
  isChanged?: boolean
}

export interface SimulatedMember extends Spent {
  readonly accountId: string
  policy: PolicyRow
  isChanged?: boolean
}

export interface SimulatedWindow extends Spent, AccountRef {
  readonly scope: string
  readonly budget: string
}

export const NOTHING_SPENT: Readonly<Spent> = {
  spendPico: 0n,
  windowMs: 0,
  endMs: null,
  epoch: 0,
  seq: 0,
}

/** Postgres as the statements of src/db use it; the contract test holds the two together. */
export class SimulatedDatabase {
  readonly accounts = new Map<string, SimulatedAccount>()
  readonly keys = new Map<string, SimulatedKey>()
  readonly members: SimulatedMember[] = []
  readonly windows: SimulatedWindow[] = []
  readonly logs = new Map<string, LogRow>()
  readonly daily = new Map<string, DailyRow>()

  /** db/spend.ts writeSpend. */
  writeSpend(batch: SpendBatch): void {
    const fresh: LogRow[] = []
    for (const entry of batch.entries) {
      const row = logRow(batch, entry)
      const name = `${row.day}/${row.entryId}/${row.revision}`
      if (this.logs.has(name)) continue
      this.logs.set(name, row)
      fresh.push(row)
    }
    for (const row of fresh) this.#addToDay(row)
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
      if (kind === 'key') return key?.accountId === accountId ? key : null
      const member = this.#member(accountId, id)
      if (member) return member
    }
    const ref = { accountId, generation, scope, budget }
    const known = this.windows.find((window) => isSame(window, ref))
    // Before all windows: a new row is written whatever its window is.
    const made = { ...NOTHING_SPENT, windowMs: -1, ...ref }
    if (!known) this.windows.push(made)
    return known ?? made
  }

  #member(accountId: string, userId: string): SimulatedMember | undefined {
    return this.members.find((row) => row.accountId === accountId && row.policy.id === userId)
  }

  /** db/accounts.ts openAccount, for rows that changed less than a day ago. */
  openAccount({ accountId, generation }: AccountRef): Opening | null {
    const account = this.accounts.get(accountId)
    if (account?.generation !== generation) return null
    const epoch = ++account.ledgerEpoch
    const isMine = (row: { readonly accountId: string }): boolean => row.accountId === accountId
    const owners = [...[...this.keys.values()].filter(isMine), ...this.members.filter(isMine)]
    const windows = this.windows.filter((row) => isMine(row) && row.generation === generation)
    const spends = [
      spendOf('account', 'main', account),
      ...owners.map((owner) => spendOf(scopeOf(owner.policy), 'main', owner)),
      ...windows.map((window) => spendOf(window.scope, window.budget, window)),
    ].filter(({ spentPico }) => spentPico !== 0n)
    const changed = owners
      .filter(({ isChanged = false, policy }) => isChanged || policy.deleted)
      .map(({ policy }) => policy)
    return { epoch, account: account.policy, spends, changed, traffic: [] }
  }

  /** db/keys.ts findKey, for keys of teams. */
  findKey(hash: string): KeyRecord | null {
    const key = this.keys.get(hash)
    const account = key && this.accounts.get(key.accountId)
    if (!key || key.policy.deleted || !account) return null
    const { accountId, generation, policy } = account
    const { userId = null } = key
    const member = userId === null ? null : this.#member(accountId, userId)?.policy
    return {
      hash,
      name: hash,
      alias: key.policy.alias,
      teamId: accountId.replace('team:', ''),
      teamAlias: policy.alias,
      userId,
      accountId,
      generation,
      key: key.policy,
      account: policy,
      member: member === undefined ? plainMember(userId ?? '') : member,
      budget: null,
    }
  }

  #addToDay(row: LogRow): void {
    if (row.state === 'adjusted') return
    const { day, accountId, model } = row
    const [keyHash, userId, modelGroup] = [
      row.keyHash ?? '',
      row.userId ?? '',
      row.modelGroup ?? '',
    ]
    const group = { day, accountId, keyHash, userId, modelGroup, model: model ?? '' }
    const named = { ...group, provider: row.provider ?? '' }
    const name = Object.values(named).join('\n')
    const sums = this.daily.get(name) ?? { ...named, ...NO_SUMS }
    const isCall = row.revision === 0
    this.daily.set(name, {
      ...sums,
      spendPico: sums.spendPico + row.spendPico,
      requests: sums.requests + Number(isCall),
      successfulRequests: sums.successfulRequests + Number(isCall && row.status === 'success'),
      failedRequests: sums.failedRequests + Number(isCall && row.status !== 'success'),
      promptTokens: sums.promptTokens + row.promptTokens,
      completionTokens: sums.completionTokens + row.completionTokens,
    })
  }
}

const NO_SUMS = {
  spendPico: 0n,
  requests: 0,
  successfulRequests: 0,
  failedRequests: 0,
  promptTokens: 0,
  completionTokens: 0,
}

function isSame<T extends object>(row: T, wanted: Partial<T>): boolean {
  return Object.entries(wanted).every(([name, value]) => row[name as keyof T] === value)
}

function spendOf(scope: string, budget: string, row: Spent): OpeningSpend {
  const { windowMs: startMs, endMs, spendPico: spentPico } = row
  return { scope, budget, startMs, endMs, spentPico }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i])
  return at >= 0 && a[at]! < b[at]!
}

function logRow({ accountId, generation }: SpendBatch, entry: Entry): LogRow {
  const endedAt = new Date(entry.endedMs ?? entry.reservedMs)
  const { promptTokens, completionTokens, ...detail } = entry.detail
  const scopes = entry.charged.map(([scope]) => scope)
  const isAdjusted = entry.state === 'adjusted'
  const adjustment = { adjusted_usd: picoToDecimal(entry.chargePico), scope: scopes[0] ?? null }
  const text = (name: string): string | null => {
    const value = detail[name]
    return value === undefined || value === null ? null : String(value)
  }
  return {
    day: endedAt.toISOString().slice(0, 10),
    entryId: entry.id,
    revision: entry.revision,
    accountId,
    generation,
    state: entry.state,
    startedAt: new Date(entry.reservedMs),
    endedAt,
    spendPico: isAdjusted && !scopes.includes('account') ? 0n : entry.chargePico,
    promptTokens: Number(promptTokens ?? 0),
    completionTokens: Number(completionTokens ?? 0),
    totalTokens: entry.tokens,
    keyHash: text('keyHash'),
    teamId: text('teamId'),
    userId: text('userId'),
    endUser: text('endUser'),
    callType: text('callType'),
    modelGroup: text('modelGroup'),
    model: text('model'),
    modelId: text('modelId'),
    provider: text('provider'),
    callId: text('callId'),
    responseId: text('responseId'),
    status: text('status'),
    usageSource: text('usageSource'),
    detail: isAdjusted ? { ...detail, ...adjustment } : detail,
  }
}
