import { neon, neonConfig } from '@neondatabase/serverless'
import { setTimeout as sleep } from 'node:timers/promises'
import { COST_PICO } from './workload.ts'

const DELIVERY_MAX_MS = 30_000
const POLL_MS = 100

export interface Books {
  /**
   * Until Postgres has every call that was answered, so that what a round left behind does not
   * disturb the next. Throws if it has more or less, or if they cost anything else.
   */
  agreeOn: (calls: number) => Promise<void>
}

export function openBooks(databaseUrl: string, endpoint: string): Books {
  neonConfig.fetchEndpoint = endpoint
  const sql = neon(databaseUrl)
  const read = async (): Promise<{ rows: number; pico: bigint }> => {
    const query = sql`SELECT count(*) AS rows, coalesce(sum(spend_pico), 0) AS pico FROM spend_logs`
    const [row] = await query
    return { rows: Number(row?.['rows']), pico: BigInt(String(row?.['pico'])) }
  }
  return {
    agreeOn: async (calls) => {
      const deadlineMs = Date.now() + DELIVERY_MAX_MS
      let { rows, pico } = await read()
      while (rows < calls && Date.now() < deadlineMs) {
        await sleep(POLL_MS)
        ;({ rows, pico } = await read())
      }
      if (rows === calls && pico === BigInt(calls) * COST_PICO) return
      throw new Error(`${calls} calls were answered, Postgres has ${rows} of ${pico} picodollars`)
    },
  }
}
