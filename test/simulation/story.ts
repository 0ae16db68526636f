import { parseDuration } from '../../src/duration.ts'
import { unlimitedRow } from '../../src/ledger/policy.ts'
import type { BudgetPolicy, PolicyRow, RatePolicy } from '../../src/ledger/policy.ts'
import { NOTHING_SPENT } from './database.ts'
import type { Dice } from './dice.ts'
import { planFaults } from './faults.ts'
import { ACCOUNT, T0 } from './start.ts'
import type { Town } from './town.ts'
import { fineWeather } from './weather.ts'

const MINUTE = 60_000
const CALLS_MAX = 24
/** Longer than any deadline, retry and pause. */
const HEALING_MS = 30 * MINUTE

/** A town's rows in Postgres; what the account had spent before there was a ledger is returned. */
export function settle({ dice, database }: Town): bigint {
  const { accountId, generation } = ACCOUNT
  const policy = { ...row(dice, 'account', accountId), alias: 'a' }
  const takesOver = dice.chance(0.3) && !policy.budgets[0]?.duration
  const spendPico = takesOver ? 1_234_567n : 0n
  const account = { ...NOTHING_SPENT, spendPico, accountId, generation, ledgerEpoch: 0, policy }
  database.accounts.set(accountId, account)
  for (let i = 0; i < dice.between(1, 3); i++) {
    const key = row(dice, 'key', `k${i}`)
    database.keys.set(key.id, { ...NOTHING_SPENT, accountId, policy: key })
  }
  return spendPico
}

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
  await scheduler.run(scheduler.nowMs + lengthMs)
}

/** Everything works again, and whatever waits has its time. */
export async function heal({ scheduler, weather, objects }: Town): Promise<void> {
  Object.assign(weather, fineWeather())
  for (const host of objects.values()) host.heal()
  await scheduler.run(scheduler.nowMs + HEALING_MS)
}

function row(dice: Dice, kind: PolicyRow['kind'], id: string): PolicyRow {
  return { ...unlimitedRow(kind, id), ...limits(dice), version: 1 }
}

/** A call holds some 100 µ$: limits are of a few calls up to more than there are. */
function limits(dice: Dice): { budgets: readonly BudgetPolicy[]; rates: RatePolicy } {
  const anchorMs = T0 - dice.below(MINUTE)
  const duration = dice.chance(0.5) ? null : parseDuration(dice.pick(['30s', '1m', '5m', '1h']))
  const limitPico = dice.chance(0.4) ? null : BigInt(dice.between(1, 3_000)) * 1_000_000n
  const parallel = dice.chance(0.15) ? dice.between(1, 4) : null
  const tokens = dice.chance(0.1) ? dice.between(50, 1_000) : null
  return {
    budgets: [{ id: 'main', limitPico, duration, anchorMs }],
    rates: { requestsPerMinute: null, tokensPerMinute: tokens, parallelRequests: parallel },
  }
}
