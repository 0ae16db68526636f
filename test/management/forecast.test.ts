import { describe, expect, it } from 'vitest'
import { dailySpend } from '../../drizzle/schema.ts'
import { spentLastDay } from '../../src/db/daily-spend.ts'
import { forecast } from '../../src/management/forecast.ts'
import { db } from '../setup/database.ts'
import { get } from '../setup/worker.ts'
import { COST, spentTeam } from './tenant.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const USD = 1_000_000_000_000n
const NOON = Date.UTC(2026, 9, 15, 12)
const iso = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z')

/** Half a month is over, 30 of 60 USD are spent, 4 of them in the last day. */
const PACED = {
  standing: {
    spentPico: 30n * USD,
    heldPico: 0n,
    startMs: NOON - 15 * DAY,
    resetAtMs: NOON + 15 * DAY,
  },
  limitPico: 60n * USD,
  lastDayPico: 4n * USD,
  madeMs: 0,
}

describe('a forecast', () => {
  it('says when the budget ends at the pace of the last day, and of the window', () => {
    expect(forecast(PACED, NOON)).toEqual({
      last_day: { spend_per_hour: 4 / 24, budget_ends_at: iso(NOON + 7.5 * DAY) },
      // Exactly at the reset is not before it.
      window: { spend_per_hour: 30 / (15 * 24), budget_ends_at: null },
    })
  })

  it.each([
    ['there is no limit', { limitPico: null }, null],
    ['nothing is spent', { lastDayPico: 0n }, null],
    ['it is spent up', { limitPico: 30n * USD }, iso(NOON)],
    ['the reset comes first', { lastDayPico: USD }, null],
  ])('when %s', (_name, rest, ends) => {
    expect(forecast({ ...PACED, ...rest }, NOON).last_day.budget_ends_at).toBe(ends)
  })

  it('of a budget that never resets ends some day, or not within the time that is', () => {
    const standing = { ...PACED.standing, startMs: 0, resetAtMs: null }
    const paced = { ...PACED, standing, madeMs: NOON - 30 * DAY }
    expect(forecast(paced, NOON).window).toEqual({
      spend_per_hour: 30 / (30 * 24),
      budget_ends_at: iso(NOON + 30 * DAY),
    })
    const slow = { ...paced, standing: { ...standing, spentPico: 1n }, lastDayPico: 1n }
    expect(forecast(slow, NOON).last_day.budget_ends_at).toBeNull()
  })

  it('takes the pace of what is young from its own age, and of no less than a minute', () => {
    const young = { ...PACED, lastDayPico: 6n * USD, madeMs: NOON - 2 * HOUR }
    expect(forecast(young, NOON).last_day.spend_per_hour).toBe(3)
    expect(forecast({ ...young, madeMs: NOON }, NOON).last_day.spend_per_hour).toBe(360)
  })
})

describe('what was spent in the last day', () => {
  it("is today's sum and the share of yesterday's that is not longer ago", async () => {
    const accountId = `team:${crypto.randomUUID()}`
    const sum = (day: string, keyHash: string, spendPico: string) => {
      const none = { userId: '', modelGroup: '', model: '', provider: '' }
      return { ...none, day, accountId, keyHash, spendPico }
    }
    await db
      .insert(dailySpend)
      .values([
        sum('2026-10-13', 'a', '1000'),
        sum('2026-10-14', 'a', '100'),
        sum('2026-10-15', 'a', '10'),
        sum('2026-10-15', 'b', '7'),
      ])
    expect(await spentLastDay(db, { accountId }, NOON + 6 * HOUR)).toBe(42n)
    expect(await spentLastDay(db, { accountId, keyHash: 'a' }, NOON - 12 * HOUR)).toBe(110n)
    expect(await spentLastDay(db, { accountId: 'team:nobody' }, NOON)).toBe(0n)
  })
})

it('teams and keys show their forecast', async () => {
  const { team_id, key } = await spentTeam({ max_budget: 1, budget_duration: '30d' }, {})
  const { team_info } = await get<{ team_info: object }>(`/team/info?team_id=${team_id}`)
  const { info } = await get<{ info: object }>(`/key/info?key=${key}`)
  const window = { spend_per_hour: expect.closeTo(COST * 60, 12), budget_ends_at: null }
  expect(team_info).toMatchObject({ forecast: { window, last_day: { budget_ends_at: null } } })
  expect(info).toMatchObject({ forecast: { window } })
})
