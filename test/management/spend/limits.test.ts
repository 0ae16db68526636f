import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { spendLogs } from '../../../drizzle/schema.ts'
import { db } from '../../setup/database.ts'
import { call, get, MASTER } from '../../setup/worker.ts'
import { ago, TODAY } from './tenant.ts'

const LOOKED_MAX = 20_000
const CHUNK = 10_000

interface Page {
  readonly data: readonly { readonly model: string }[]
  readonly total: number
  readonly total_pages: number
}

describe('very many calls', () => {
  it('are looked through up to a number, and nobody takes that for all of them', async () => {
    const teamId = crypto.randomUUID()
    for (let from = 1; from <= LOOKED_MAX + 2; from += CHUNK) {
      const to = Math.min(from + CHUNK - 1, LOOKED_MAX + 2)
      await db.execute(sql`
        insert into ${spendLogs} (day, entry_id, revision, account_id, state, started_at, ended_at,
          spend_pico, model, status)
        select ${TODAY}::date, ${teamId}::text || '-' || n, 0, ${`team:${teamId}`}::text, 'settled',
          now(), ${TODAY}::timestamptz + n * interval '1 millisecond', 1,
          case when n <= 3 then 'early' else 'late' end, 'success'
        from generate_series(${from}::int, ${to}::int) as n`)
    }
    const path = `/spend/logs/v2?team_id=${teamId}&start_date=${ago(0)}&end_date=${TODAY}`
    const first = await get<Page>(`${path}&page_size=100`)
    expect(first).toMatchObject({ total: LOOKED_MAX + 1, total_pages: 201 })
    const last = await get<Page>(`${path}&page_size=100&page=200`)
    expect(last.data).toHaveLength(100)
    expect(last.data.at(-1)).toMatchObject({ model: 'early' })
    for (const page of [201, 1_000_000]) {
      const beyond = await call('GET', `${path}&page_size=100&page=${page}`, { key: MASTER })
      expect(beyond.status).toBe(400)
      expect(await beyond.json()).toMatchObject({ error: { param: 'page' } })
    }
    const early = await get<Page>(`${path}&model=early`)
    expect(early).toMatchObject({ total: 2, total_pages: 2 })
    expect(early.data).toHaveLength(1)
    const logs = `/spend/logs?team_id=${teamId}&end_user=nobody`
    const response = await call('GET', logs, { key: MASTER })
    expect(await response.json()).toEqual([])
    const cursor = response.headers.get('x-tollgate-next-cursor')
    expect(cursor).toMatch(/-3$/)
    const rest = await call('GET', `${logs}&cursor=${cursor}`, { key: MASTER })
    expect(rest.headers.get('x-tollgate-next-cursor')).toBe(null)
  })
})
