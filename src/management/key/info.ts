import { keyPolicy } from '../../db/policy.ts'
import type { KeyDetails } from '../../db/key-details.ts'
import { type Known, type LiveDeps, standings } from '../live.ts'
import { usageFields } from '../usage.ts'
import { keyRow } from './row.ts'
import type { Now } from '../../windows.ts'

/** A key's row with what its ledger says now. */
export async function liveKeyRow(deps: LiveDeps, details: KeyDetails, now: Now) {
  const { key, account, budget, rows } = details
  const row = rows[0] ?? keyPolicy(key)
  const known = rows.map((each): Known => [each, each === row ? key : null])
  const stands = await standings(deps, account, { known, ...now })
  const usage = usageFields({ row, rows, standings: stands, ...now })
  return keyRow(key, { ...usage, budget }, now)
}
