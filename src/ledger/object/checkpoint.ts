import type { Pico } from '../../money.ts'
import type { Charged, Entry } from '../store.ts'
import type { ScopeId } from '../policy.ts'
import type { WindowSum } from '../types.ts'
import { rowToSum, type SumRow } from './codec.ts'

/** Where folded entries have brought a scope's windows. */
export function checkpointOf(sql: SqlStorage, scope: ScopeId): WindowSum[] {
  const query = 'SELECT budget, start_ms, end_ms, version, spent FROM checkpoint WHERE scope = ?'
  return sql.exec<SumRow>(query, scope).toArray().map(rowToSum)
}

export function saveCheckpoint(sql: SqlStorage, scope: ScopeId, sum: WindowSum): void {
  sql.exec(
    `INSERT OR REPLACE INTO checkpoint (scope, budget, start_ms, end_ms, version, spent)
     VALUES (?, ?, ?, ?, ?, ?)`,
    scope,
    sum.budget,
    sum.startMs,
    sum.endMs ?? null,
    sum.version ?? 0,
    String(sum.spentPico),
  )
}

/** Adds entries to the checkpoint: a row per window, however many of them count in it. */
export function addToCheckpoint(sql: SqlStorage, entries: readonly Entry[]): void {
  for (const { charged, pico } of sumsOf(entries)) {
    const [scope, budget, startMs, endMs = null, version = 0] = charged
    const known = checkpointOf(sql, scope).find((sum) => sum.budget === budget)
    // History only: a later window is open.
    if (known && known.startMs > startMs) continue
    const before = known?.startMs === startMs ? known.spentPico : 0n
    if (known?.startMs === startMs && (known.version ?? 0) > version) {
      saveCheckpoint(sql, scope, { ...known, spentPico: before + pico })
      continue
    }
    saveCheckpoint(sql, scope, { budget, startMs, endMs, version, spentPico: before + pico })
  }
}

function sumsOf(entries: readonly Entry[]): Iterable<{ charged: Charged; pico: Pico }> {
  const sums = new Map<string, { charged: Charged; pico: Pico }>()
  for (const { charged: all, chargePico } of entries) {
    if (chargePico === 0n) continue
    for (const charged of all) {
      const [scope, budget, startMs] = charged
      const window = JSON.stringify([scope, budget, startMs])
      const known = sums.get(window)
      const newest = known && (known.charged[4] ?? 0) > (charged[4] ?? 0) ? known.charged : charged
      sums.set(window, { charged: newest, pico: (known?.pico ?? 0n) + chargePico })
    }
  }
  return sums.values()
}
