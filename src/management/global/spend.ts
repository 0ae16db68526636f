import type { Db } from '../../db/connect.ts'
import { dailySums, dailyTotals } from '../../db/history/daily.ts'
import { keyNames } from '../../db/history/names.ts'
import { picoToUsd } from '../../money.ts'
import { hashOf } from '../key/fields.ts'
import { daysOf } from '../spend/fields.ts'
import type { GlobalInput } from './fields.ts'

export interface Global {
  readonly db: Db
  readonly nowMs: number
  readonly input: GlobalInput
}

/** More days than a request may name. */
const DAYS_MAX = 400

export async function globalSpend({ db, input, nowMs }: Global) {
  const { pico } = await dailyTotals(db, daysOf(input, nowMs))
  return { spend: picoToUsd(pico), max_budget: null }
}

export async function globalSpendByDay({ db, input, nowMs }: Global) {
  const keyHash = input.api_key === undefined ? undefined : await hashOf(input.api_key)
  const filter = { ...daysOf(input, nowMs), keyHash }
  const rows = await dailySums(db, filter, { of: ['day'], limit: DAYS_MAX })
  return rows
    .map(({ day, pico }) => ({ date: day, spend: picoToUsd(pico) }))
    .toSorted((a, b) => (a.date < b.date ? -1 : 1))
}

export async function globalSpendByKey({ db, input, nowMs }: Global) {
  const { limit } = input
  const rows = await dailySums(db, daysOf(input, nowMs), { of: ['keyHash'], limit })
  const names = await keyNames(
    db,
    rows.map(({ keyHash }) => keyHash),
  )
  return rows.map(({ keyHash, pico }) => ({
    api_key: keyHash,
    key_alias: names.get(keyHash)?.keyAlias ?? null,
    key_name: names.get(keyHash)?.keyName ?? null,
    total_spend: picoToUsd(pico),
  }))
}

export async function globalSpendByModel({ db, input, nowMs }: Global) {
  const { limit } = input
  const rows = await dailySums(db, daysOf(input, nowMs), { of: ['model'], limit })
  return rows.map(({ model, pico, promptTokens, completionTokens }) => ({
    model,
    total_spend: picoToUsd(pico),
    total_tokens: promptTokens + completionTokens,
  }))
}

export async function globalSpendByProvider({ db, input, nowMs }: Global) {
  const { limit } = input
  const rows = await dailySums(db, daysOf(input, nowMs), { of: ['provider'], limit })
  return rows.map(({ provider, pico }) => ({
    provider: provider || 'unknown',
    spend: picoToUsd(pico),
  }))
}
