import type { AccountRef } from '../db/accounts.ts'
import type { Db } from '../db/connect.ts'
import type { LedgerClient } from '../ledger/client.ts'
import { allHubs } from '../ledger/object/hubs.ts'
import { describe, log } from '../log.ts'
import { reconcileActive } from './reconcile-active.ts'
import { driveTellings } from './drive-tellings.ts'
import { sweep } from './sweep.ts'
import type { Config } from '../config/config.ts'

/** As wrangler.toml names them. */
export const NIGHTLY = '17 3 * * *'

export interface CronDeps {
  readonly config: Config
  readonly db: Db
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
  readonly hubs: Env['METRICS_HUB']
}

/** Each minute: ended windows, changes that a ledger was not told of, outboxes; nightly: the books. */
export async function runCron(deps: CronDeps, cron: string, nowMs: number): Promise<void> {
  const jobs: [string, () => Promise<unknown>][] =
    cron === NIGHTLY
      ? [['reconcile', () => reconcileActive(deps, nowMs)]]
      : [
          ['sweep', () => sweep(deps.db, { nowMs, resets: deps.config.settings.resets })],
          ['tellings', () => driveTellings(deps)],
          ['outboxes', () => wakeOutboxes(deps.hubs)],
        ]
  for (const [job, run] of jobs) {
    await run().catch((error: unknown) =>
      log('error', 'job_failed', { job, error: describe(error) }),
    )
  }
}

/** Ledgers with news are asked as a scrape asks them, so one that lost its alarm sets it again. */
async function wakeOutboxes(hubs: Env['METRICS_HUB']): Promise<void> {
  await Promise.all(allHubs(hubs).map((hub) => hub.wake()))
}
