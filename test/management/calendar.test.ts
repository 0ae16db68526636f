import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { keys, teams } from '../../drizzle/schema.ts'
import { sha256Hex } from '../../src/ids.ts'
import { sweep } from '../../src/jobs/sweep.ts'
import { ROLLING } from '../../src/windows.ts'
import { db } from '../setup/database.ts'
import { chat, get, newKey, newTeam, post } from '../setup/worker.ts'
import { COST, spend, spentTeam } from './tenant.ts'

const DAY_MS = 86_400_000
const CALENDAR = { budget_reset_alignment: 'calendar' }

interface Row {
  readonly spend: number
  readonly budget_reset_at: string | null
  readonly budget_limits: readonly { readonly reset_at: string }[]
  readonly budget_limits_usage: Readonly<Record<string, { readonly current_spend: number }>>
}

const team = async (id: string): Promise<Row> =>
  (await get<{ team_info: Row }>(`/team/info?team_id=${id}`)).team_info
const keyInfo = async (key: string): Promise<Row> =>
  (await get<{ info: Row }>(`/key/info?key=${key}`)).info

const instant = (text: string | null) => (text === null ? Number.NaN : Date.parse(text))
/** The next midnight, Monday and 1st in UTC: the test's own arithmetic. */
function edges() {
  const now = new Date()
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
  return {
    midnight: Date.UTC(year, month, day + 1),
    monday: Date.UTC(year, month, day + ((8 - now.getUTCDay()) % 7 || 7)),
    first: Date.UTC(year, month + 1, 1),
  }
}

describe('a team whose windows lie in the calendar', () => {
  it.each([
    ['1d', 'midnight'],
    ['24h', 'midnight'],
    ['7d', 'monday'],
    ['1w', 'monday'],
    ['30d', 'first'],
    ['1mo', 'first'],
  ] as const)('of %s resets at the next %s', async (budget_duration, edge) => {
    const before = edges()[edge]
    const made = await newTeam({ ...CALENDAR, max_budget: 1, budget_duration })
    const [row] = await db.select().from(teams).where(eq(teams.teamId, made.team_id))
    expect([before, edges()[edge]]).toContain(instant(made.budget_reset_at))
    expect(row!.budgetResetAt!.getTime()).toBe(instant(made.budget_reset_at))
    await spend(await newKey({ team_id: made.team_id }))
    expect(await team(made.team_id)).toMatchObject({
      spend: COST,
      budget_reset_at: made.budget_reset_at,
    })
  })

  it('has further windows there too, each with its reset and its spend', async () => {
    const budget_limits = [
      { budget_duration: '1d', max_budget: 5 },
      { budget_duration: '1mo', max_budget: 9 },
    ]
    const { team_id } = await spentTeam({ ...CALENDAR, budget_limits })
    const { budget_limits: shown, budget_limits_usage: used } = await team(team_id)
    const { midnight, first } = edges()
    expect(shown.map(({ reset_at }) => instant(reset_at))).toEqual([midnight, first])
    expect(used).toEqual({ '1d': { current_spend: COST }, '1mo': { current_spend: COST } })
  })
})

describe('a budget row that is older than one of its windows', () => {
  it('limits a key that takes it by what the key spent until now, too', async () => {
    const { budget_id } = await post<{ budget_id: string }>('/budget/new', {
      max_budget: COST,
      budget_duration: '3s',
    })
    const { key } = await spentTeam()
    await scheduler.wait(3_100)
    await post('/key/update', { key, budget_id })
    expect(await keyInfo(key)).toMatchObject({ spend: COST })
    expect((await chat(key)).status).toBe(400)
    await scheduler.wait(3_000)
    expect((await chat(key)).status).toBe(200)
  })
})

describe('an alignment that is changed', () => {
  it('keeps what was spent, and resets as LiteLLM would from now on', async () => {
    const { team_id, key } = await spentTeam({ max_budget: 2 * COST, budget_duration: '30d' })
    await post('/team/update', { team_id, ...CALENDAR })
    const aligned = await team(team_id)
    expect([aligned.spend, instant(aligned.budget_reset_at)]).toEqual([COST, edges().first])
    await spend(key)
    expect((await chat(key)).status).toBe(400)

    const fromMs = Date.now()
    await post('/team/update', { team_id, budget_reset_alignment: 'rolling' })
    const rolling = await team(team_id)
    expect(rolling.spend).toBe(2 * COST)
    const lateMs = instant(rolling.budget_reset_at) - 30 * DAY_MS - fromMs
    expect(lateMs).toBeGreaterThanOrEqual(0)
    expect(lateMs).toBeLessThan(10_000)
    expect((await chat(key)).status).toBe(400)
  })

  it('that is sent again moves nothing', async () => {
    const { team_id } = await newTeam({ budget_duration: '30d', budget_reset_alignment: 'rolling' })
    const { budget_reset_at } = await team(team_id)
    await post('/team/update', { team_id, budget_reset_alignment: 'rolling', max_budget: 3 })
    expect((await team(team_id)).budget_reset_at).toBe(budget_reset_at)
  })

  it('of a key is in Postgres as it is in the ledger once cron was there', async () => {
    const { key } = await spentTeam({}, { max_budget: 9, budget_duration: '30d' })
    await post('/key/update', { key, ...CALENDAR })
    await sweep(db, { nowMs: Date.now(), resets: ROLLING })
    const [row] = await db
      .select()
      .from(keys)
      .where(eq(keys.token, await sha256Hex(key)))
    const { spend: spent, budget_reset_at } = await keyInfo(key)
    expect([spent, instant(budget_reset_at)]).toEqual([COST, edges().first])
    expect(row?.budgetResetAt?.getTime()).toBe(edges().first)
  })

  it('of a shared budget row reaches the keys that name it', async () => {
    const { budget_id } = await post<{ budget_id: string }>('/budget/new', {
      max_budget: 2 * COST,
      budget_duration: '1d',
    })
    const { team_id } = await newTeam()
    const key = await newKey({ team_id, budget_id })
    await spend(key)
    await post('/budget/update', { budget_id, ...CALENDAR })
    const { spend: spent } = await keyInfo(key)
    expect(spent).toBe(COST)
    await spend(key)
    const refused = await chat(key)
    expect(refused.status).toBe(400)
    expect(instant(refused.headers.get('x-tollgate-reset-at'))).toBe(edges().midnight)
  })
})
