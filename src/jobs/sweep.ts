import type { Db } from '../db/connect.ts'
import { type EndedWindow, endedWindows, moveWindows } from '../db/windows.ts'
import { scheduleOf } from '../db/policy.ts'
import { log } from '../log.ts'
import { parsePico } from '../money.ts'
import { type Now, rollWindow } from '../windows.ts'

const ROUNDS_MAX = 20

/**
 * Moves Postgres' copy of windows that ended: the next reset, and a spend of 0. Ledgers roll by
 * themselves; this is for those who read the tables. Idempotent, and bounded per run.
 */
export async function sweep(db: Db, now: Now): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const ended = await endedWindows(db, now.nowMs)
    if (ended.length === 0) return
    await moveWindows(
      db,
      ended.map((row) => ({ ...row, ...rolled(row, now) })),
    )
    log('info', 'windows_moved', { count: ended.length })
  }
}

/** As the ledger has it: a window that was open when its duration changed goes on. */
export function rolled(row: Omit<EndedWindow, 'kind' | 'id' | 'teamId'>, now: Now) {
  const { maxBudget, spend, spendWindowAt, spendWindowEndAt } = row
  const known = spendWindowAt && {
    startMs: spendWindowAt.getTime(),
    endMs: spendWindowEndAt?.getTime() ?? null,
    spentPico: parsePico(spend ?? '0'),
  }
  const limitPico = maxBudget === null ? null : parsePico(maxBudget)
  const { spentPico, ...window } = rollWindow({ ...scheduleOf(row), limitPico }, known, now)
  return { window, spentPico }
}
