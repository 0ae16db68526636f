import type { Db } from '../db/connect.ts'
import { type EndedWindow, endedWindows, moveWindows } from '../db/windows.ts'
import { openWindow, parseDuration, type Window } from '../duration.ts'
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
    await moveWindows(
      db,
      ended.map((row) => ({ ...row, window: windowOf(row, nowMs) })),
    )
    log('info', 'windows_moved', { count: ended.length })
  }
}

/** As the ledger has it: a window that was open when its duration changed goes on. */
function windowOf(row: EndedWindow, nowMs: number): Window {
  const { budgetDuration, budgetAnchorAt, spendWindowAt, spendWindowEndAt } = row
  const duration = budgetDuration === null ? null : parseDuration(budgetDuration)
  const known = spendWindowAt && {
    startMs: spendWindowAt.getTime(),
    endMs: spendWindowEndAt?.getTime() ?? null,
  }
  return openWindow({ duration, anchorMs: budgetAnchorAt.getTime() }, known, nowMs)
}
