import { z } from 'zod'
import { dailyTotals, daySums } from '../../db/history/daily.ts'
import { keyNames } from '../../db/history/names.ts'
import type { Asking } from '../access/teams.ts'
import { checkWholeSpan, day, wanted, numberUpTo, page } from '../spend/fields.ts'
import { visible } from '../spend/visible.ts'
import { dayOfSums } from './days.ts'
import { totalFields } from './metrics.ts'
import { activityPage } from './page.ts'

/** `GET /user/daily/activity` and `/user/daily/activity/aggregated`. */
export const UserActivityQuery = z
  .object({
    user_id: wanted,
    start_date: day.optional(),
    end_date: day.optional(),
    model: wanted,
    api_key: wanted,
    page,
    page_size: numberUpTo(1_000, 50),
  })
  .superRefine(checkWholeSpan)

interface Asked extends Asking {
  readonly input: z.infer<typeof UserActivityQuery>
}

/** What a user did by day, in teams and without one. */
export async function userActivity(request: Asked) {
  const { page: number, page_size: pageSize } = request.input
  const filter = await filterOf(request)
  return activityPage(request.db, { filter, entities: 'user', page: number, pageSize })
}

/** Of each day's keys, models and users those that cost most. */
const NAMES_MAX = 100
const DIMENSIONS = ['model', 'modelGroup', 'provider', 'keyHash', 'userId'] as const

/** The same in one piece, summed by the database. */
export async function aggregatedActivity(request: Asked) {
  const { db } = request
  const filter = await filterOf(request)
  const [totals, sums] = await Promise.all([
    dailyTotals(db, filter),
    daySums(db, filter, { of: DIMENSIONS, namesMax: NAMES_MAX }),
  ])
  const hashes = sums.flatMap(({ dimension, name }) => (dimension === 'keyHash' ? name : []))
  const names = { keys: await keyNames(db, hashes), teams: new Map() }
  const days = [...Map.groupBy(sums, ({ day: date }) => date)].toReversed()
  return {
    results: days.map(([date, theirs]) => dayOfSums(date, theirs, names)),
    metadata: { ...totalFields(totals), page: 1, total_pages: 1, has_more: false },
  }
}

async function filterOf(request: Asked) {
  const { input } = request
  const { api_key: apiKey, user_id: userId } = input
  const { teamId, ...whose } = await visible(request, { apiKey, userId })
  const accountIds = teamId === undefined ? undefined : [`team:${teamId}`]
  return {
    from: input.start_date ?? '',
    to: input.end_date ?? '',
    anyOf: [{ ...whose, accountIds }],
    model: input.model,
  }
}
