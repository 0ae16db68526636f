import type { Db } from '../../db/connect.ts'
import { type DailyFilter, dailyRows, dailyTotals } from '../../db/history/daily.ts'
import { keyNames, teamAliases } from '../../db/history/names.ts'
import { dayOfRows, type EntityKind, teamIdOf } from './days.ts'
import { totalFields } from './metrics.ts'

interface Asked {
  readonly filter: DailyFilter
  readonly entities: EntityKind
  readonly page: number
  readonly pageSize: number
}

/**
 * A page of LiteLLM's daily activity, the latest day first. A page is so many rows of a day, key
 * and model, so that a day may go on on the next one; the totals are of all pages.
 */
export async function activityPage(db: Db, { filter, entities, page, pageSize }: Asked) {
  const [totals, rows] = await Promise.all([
    dailyTotals(db, filter),
    dailyRows(db, filter, { limit: pageSize, offset: (page - 1) * pageSize }),
  ])
  const names = {
    keys: await keyNames(
      db,
      rows.map(({ keyHash }) => keyHash),
    ),
    teams: await teamAliases(
      db,
      rows.map(({ accountId }) => teamIdOf(accountId)),
    ),
  }
  const days = [...Map.groupBy(rows, ({ day }) => day)]
  const totalPages = Math.ceil(totals.rows / pageSize)
  return {
    results: days.map(([date, theirs]) => dayOfRows(date, theirs, { names, entities })),
    metadata: {
      ...totalFields(totals),
      page,
      total_pages: totalPages,
      has_more: page < totalPages,
    },
  }
}
