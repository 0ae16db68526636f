import { expect } from 'vitest'
import { pico, usd } from './amounts.ts'
import type { Database, Row } from './database.ts'
import { eventually } from './eventually.ts'

export interface Books {
  /** A team's log rows in Postgres, oldest first. */
  logRows: (teamId: string) => Promise<Row[]>
  /** Waits until Postgres has this many of them. */
  delivered: (teamId: string, count: number) => Promise<Row[]>
  /** Waits until nothing is held and all four books say the same amount in picodollars. */
  agreeOn: (teamId: string, amount: bigint | (() => bigint)) => Promise<void>
}

type LedgerSpend = (teamId: string) => Promise<{ spend: number; held: number }>

export function startBooks(database: Database, ledgerSpend: LedgerSpend): Books {
  const logRows = (teamId: string): Promise<Row[]> =>
    database.rows('SELECT * FROM spend_logs WHERE account_id = $1 ORDER BY entry_id, revision', [
      `team:${teamId}`,
    ])
  return {
    logRows,
    delivered: (teamId, count) =>
      eventually(async () => {
        const rows = await logRows(teamId)
        expect(rows).toHaveLength(count)
        return rows
      }),
    agreeOn: (teamId, expected) =>
      eventually(async () => {
        const amount = typeof expected === 'bigint' ? expected : expected()
        const sums = await postgresSums(database, `team:${teamId}`)
        const { spend, held } = await ledgerSpend(teamId)
        const postgres = { logs: amount, daily: amount, account: amount }
        expect({ ...sums, spend, held }).toEqual({ ...postgres, spend: usd(amount), held: 0 })
      }),
  }
}

async function postgresSums(database: Database, accountId: string) {
  const [row] = await database.rows(
    `SELECT
      (SELECT coalesce(sum(spend_pico), 0) FROM spend_logs WHERE account_id = $1) AS logs,
      (SELECT coalesce(sum(spend_pico), 0) FROM daily_spend WHERE account_id = $1) AS daily,
      (SELECT spend FROM accounts WHERE account_id = $1) AS account`,
    [accountId],
  )
  const { logs, daily, account } = row ?? {}
  return { logs: BigInt(logs ?? -1), daily: BigInt(daily ?? -1), account: pico(account ?? '-1') }
}
