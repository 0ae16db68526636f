import type { AccountRef } from '../db/accounts.ts'
import type { Db } from '../db/connect.ts'
import type { LedgerClient } from '../ledger/client.ts'
import { allHubs } from '../ledger/object/hubs.ts'
import { describe, log } from '../log.ts'
import { reconcileActive } from './reconcile-active.ts'
import { driveTellings } from './drive-tellings.ts'
import type { priceStoreOf, StoreState } from '../pricing/file/price-store.ts'
import { refreshPriceFile } from './refresh-price-file.ts'
import { sweep } from './sweep.ts'
import type { Config } from '../config/config.ts'

/** As wrangler.toml names them. */
export const NIGHTLY = '17 3 * * *'

export interface CronDeps {
  readonly config: Config
  readonly db: Db
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
  readonly hubs: Env['METRICS_HUB']
  readonly priceStore: () => ReturnType<typeof priceStoreOf>
}

/** Each minute: ended windows, changes untold, outboxes, the price file if due; nightly: the books. */
export async function runCron(deps: CronDeps, cron: string, nowMs: number): Promise<void> {
  const jobs: [string, () => Promise<unknown>][] =
    cron === NIGHTLY
      ? [['reconcile', () => reconcileActive(deps, nowMs)]]
      : [
          ['sweep', () => sweep(deps.db, { nowMs, resets: deps.config.settings.resets })],
          ['tellings', () => driveTellings(deps)],
          ['outboxes', () => wakeOutboxes(deps.hubs)],
          ['prices', () => refreshPriceFile({ ...deps, store: storeOf(deps), fetch }, nowMs)],
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

/** Made for each call: a stub belongs to the request that made it. */
function storeOf({ priceStore }: CronDeps) {
  return {
    state: async () => priceStore().state(),
    read: async (url: string, known: string | null) => priceStore().read(url, known),
    write: async (state: StoreState, text: string) => priceStore().write(state, text),
    postpone: async (url: string, nextMs: number) => priceStore().postpone(url, nextMs),
  }
}
