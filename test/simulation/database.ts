import type { dailySpend, spendLogs } from '../../drizzle/schema.ts'
import type { AccountRef } from '../../src/db/accounts.ts'
import type { KeyRecord } from '../../src/db/keys.ts'
import type { SpendBatch } from '../../src/db/spend.ts'
import type { Entry, Opening, PolicyRow } from '../../src/ledger/types.ts'

export type LogRow = typeof spendLogs.$inferSelect
export type DailyRow = Omit<typeof dailySpend.$inferSelect, 'spendPico'> & { spendPico: bigint }

/** What Postgres keeps of a scope's window, and under which guard. */
export interface Spent {
  spendPico: bigint
  windowMs: number
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
  policy: PolicyRow
}

export const NOTHING_SPENT: Readonly<Spent> = { spendPico: 0n, windowMs: 0, epoch: 0, seq: 0 }

/** Postgres as the statements of src/db use it; the contract test holds the two together. */
export class SimulatedDatabase {
  readonly accounts = new Map<string, SimulatedAccount>()
  readonly keys = new Map<string, SimulatedKey>()
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
    for (const { scope, window } of batch.spends) {
      const key = this.keys.get(scope.replace('key:', ''))
      const owner = scope === 'account' ? account : key
      if (!owner || owner.accountId !== account.accountId) continue
      const said = [window.startMs, batch.epoch, batch.seq] as const
      if (!isBefore([owner.windowMs, owner.epoch, owner.seq], said)) continue
      const { startMs: windowMs, spentPico: spendPico } = window
      Object.assign(owner, { spendPico, windowMs, epoch: batch.epoch, seq: batch.seq })
    }
  }

  /** db/accounts.ts openAccount, for keys that were deleted less than a day ago. */
  openAccount({ accountId, generation }: AccountRef): Opening | null {
    const account = this.accounts.get(accountId)
    if (account?.generation !== generation) return null
    const epoch = ++account.ledgerEpoch
    const keys = [...this.keys].filter(([, key]) => key.accountId === accountId)
    const spends = [
      spendOf('account', account),
      ...keys.map(([hash, key]) => spendOf(`key:${hash}`, key)),
    ].filter(({ spentPico }) => spentPico !== 0n)
    const changed = keys.map(([, { policy }]) => policy).filter(({ deleted }) => deleted)
    return { epoch, account: account.policy, spends, changed }
  }

  /** db/keys.ts findKey, for keys of teams. */
  findKey(hash: string): KeyRecord | null {
    const key = this.keys.get(hash)
    const account = key && this.accounts.get(key.accountId)
    if (!key || key.policy.deleted || !account) return null
    const { accountId, generation, policy } = account
    return {
      hash,
      name: hash,
      alias: key.policy.alias,
      teamId: accountId.replace('team:', ''),
      teamAlias: policy.alias,
      userId: null,
      accountId,
      generation,
      key: key.policy,
      account: policy,
    }
  }

  #addToDay(row: LogRow): void {
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

function spendOf(scope: string, { windowMs, spendPico }: Spent) {
  return { scope, budget: 'main', startMs: windowMs, spentPico: spendPico }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i])
  return at >= 0 && a[at]! < b[at]!
}

function logRow({ accountId, generation }: SpendBatch, entry: Entry): LogRow {
  const endedAt = new Date(entry.endedMs ?? entry.reservedMs)
  const { promptTokens, completionTokens, ...detail } = entry.detail
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
    spendPico: entry.chargePico,
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
    detail,
  }
}
