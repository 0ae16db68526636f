import type { AccountRef } from '../../src/db/accounts.ts'
import { driveTellings } from '../../src/jobs/drive-tellings.ts'
import type { Db } from '../../src/db/connect.ts'
import { planFaults } from './faults.ts'
import type { Town } from './town.ts'
import { fineWeather } from './weather.ts'

const MINUTE = 60_000
const CALLS_MAX = 24
/** Longer than any deadline, retry and pause. */
const HEALING_MS = 30 * MINUTE
/** Cron is at work until then; what is left after it nobody drives on. */
const CRON_AFTER_MS = 10 * MINUTE

/** Clients call, admins edit, and everything that may fail does. */
export async function live(town: Town): Promise<void> {
  const { dice, scheduler, clients } = town
  const lengthMs = dice.between(2, 15) * MINUTE
  for (let n = dice.between(5, CALLS_MAX); n > 0; n--) {
    const atMs = dice.below(lengthMs)
    // Some come together.
    const burst = dice.chance(0.1) ? dice.between(2, 6) : 1
    for (let i = 0; i < burst; i++) {
      const act = () => clients.call(dice.pick(town.workers))
      scheduler.after(atMs + dice.below(30), null, act)
    }
  }
  planFaults(town, lengthMs)
  planCron(town, lengthMs)
  await scheduler.run(scheduler.nowMs + lengthMs)
}

/** Everything works again, and whatever waits has its time. */
export async function heal({ scheduler, weather, objects }: Town): Promise<void> {
  Object.assign(weather, fineWeather())
  for (const host of objects.values()) host.heal()
  await scheduler.run(scheduler.nowMs + HEALING_MS)
}

/** Each minute: what the admin gave up is driven on. */
function planCron(town: Town, lengthMs: number): void {
  const { scheduler } = town
  const life = town.newLife('cron')
  const drive = (): void => {
    const link = town.link()
    const ledgerOf = (ref: AccountRef) => town.ledgerOf(ref)
    const deps = { db: link as unknown as Db, ledgerOf }
    // A job that failed is logged, and the next minute's goes on.
    driveTellings(deps).catch(() => undefined)
  }
  for (let ms = MINUTE; ms <= lengthMs + CRON_AFTER_MS; ms += MINUTE) {
    scheduler.after(ms, life, drive)
  }
}
