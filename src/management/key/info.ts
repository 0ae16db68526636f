import { spentEver, spentLastDay } from '../../db/daily-spend.ts'
import type { KeyDetails } from '../../db/key-details.ts'
import type { ListedKey } from '../../db/key-list.ts'
import { keyPolicy } from '../../db/policy.ts'
import { scopeOf } from '../../ledger/scopes.ts'
import { picoToUsd } from '../../money.ts'
import type { Now } from '../../windows.ts'
import { forecast } from '../forecast.ts'
import { copiedSpend, type Known, type LiveDeps, standings } from '../live.ts'
import { mainBudget, usageFields } from '../usage.ts'
import { keyRow, tokenFields } from './row.ts'

/** A key's row with what its ledger says now. */
export async function liveKeyRow(deps: LiveDeps, details: KeyDetails, now: Now) {
  return (await live(deps, details, now)).shown
}

/** The same, and how fast its budget is spent. */
export async function keyInfo(deps: LiveDeps, details: KeyDetails, now: Now) {
  const { account, key, rows } = details
  const { shown, row, stands } = await live(deps, details, now)
  const main = mainBudget(row, rows, now.nowMs)
  const whose = { accountId: account.accountId, keyHash: key.token }
  const paced = {
    standing: stands(scopeOf(row), main),
    limitPico: main.limitPico,
    lastDayPico: await spentLastDay(deps.db, whose, now.nowMs),
    madeMs: key.createdAt.getTime(),
  }
  const total_spend = picoToUsd(await spentEver(deps.db, key.token))
  return { ...shown, total_spend, forecast: forecast(paced, now.nowMs) }
}

/** For lists, without a ledger's word. */
export function copiedKeyRow({ key, budget }: ListedKey, now: Now) {
  return {
    ...keyRow(key, { ...copiedSpend(keyPolicy(key), key, now), budget }, now),
    ...tokenFields(key),
  }
}

async function live(deps: LiveDeps, { key, account, budget, rows }: KeyDetails, now: Now) {
  const row = rows[0] ?? keyPolicy(key)
  const known = rows.map((each): Known => [each, each === row ? key : null])
  const stands = await standings(deps, account, { known, ...now })
  const usage = usageFields({ row, rows, standings: stands, ...now })
  return { row, stands, shown: keyRow(key, { ...usage, budget }, now) }
}
