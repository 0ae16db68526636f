import type { SpendBatch } from '../../../src/db/spend.ts'
import type { Entry } from '../../../src/ledger/store.ts'
import { picoToDecimal } from '../../../src/money.ts'
import type { CustomerRow, DailyRow, LogRow } from './tables.ts'

/** An entry as db/spend.ts logs it. */
export function logRow({ accountId, generation }: SpendBatch, entry: Entry): LogRow {
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

export function addToDay(daily: Map<string, DailyRow>, row: LogRow): void {
  if (row.state === 'adjusted') return
  const { day, accountId, model } = row
  const [keyHash, userId, modelGroup] = [row.keyHash ?? '', row.userId ?? '', row.modelGroup ?? '']
  const group = { day, accountId, keyHash, userId, modelGroup, model: model ?? '' }
  const named = { ...group, provider: row.provider ?? '' }
  const name = Object.values(named).join('\n')
  const sums = daily.get(name) ?? { ...named, ...NO_SUMS }
  const isCall = row.revision === 0
  daily.set(name, {
    ...sums,
    spendPico: sums.spendPico + row.spendPico,
    requests: sums.requests + Number(isCall),
    successfulRequests: sums.successfulRequests + Number(isCall && row.status === 'success'),
    failedRequests: sums.failedRequests + Number(isCall && row.status !== 'success'),
    promptTokens: sums.promptTokens + row.promptTokens,
    completionTokens: sums.completionTokens + row.completionTokens,
  })
}

export function addToCustomer(customers: Map<string, CustomerRow>, row: LogRow): void {
  const { endUser, day, accountId } = row
  if (row.state === 'adjusted' || !endUser) return
  const name = [endUser, day, accountId].join('\n')
  const sums = customers.get(name) ?? { endUser, day, accountId, spendPico: 0n, requests: 0 }
  customers.set(name, {
    ...sums,
    spendPico: sums.spendPico + row.spendPico,
    requests: sums.requests + Number(row.revision === 0),
  })
}

const NO_SUMS = {
  spendPico: 0n,
  requests: 0,
  successfulRequests: 0,
  failedRequests: 0,
  promptTokens: 0,
  completionTokens: 0,
}
