import type { Db } from '../db/connect.ts'
import { endedWindows, type MovedWindow, moveWindows } from '../db/windows.ts'
import { parseDuration, windowAt } from '../duration.ts'
import { log } from '../log.ts'

const ROUNDS_MAX = 20

/**
 * Moves Postgres' copy of windows that ended: the next reset, and a spend of 0. Ledgers roll by
 * themselves; this is for those who read the tables. Idempotent, and bounded per run.
 */
export async function sweep(db: Db, nowMs: number): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const ended = await endedWindows(db, nowMs)
    if (ended.length === 0) return
    const moved = ended.map(({ kind, id, budgetDuration, budgetAnchorAt }): MovedWindow => {
      const duration = budgetDuration === null ? null : parseDuration(budgetDuration)
      return { kind, id, ...windowAt(duration, budgetAnchorAt.getTime(), nowMs) }
    })
    await moveWindows(db, moved)
    log('info', 'windows_moved', { count: moved.length })
  }
}
