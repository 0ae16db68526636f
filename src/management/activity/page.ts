import type { Db } from '../../db/connect.ts'
import {
  type DailyFilter,
  dailyRows,
  dailyTotals,
  daySums,
  type Dimension,
} from '../../db/history/daily.ts'
import { keyNames, teamAliases } from '../../db/history/names.ts'
import { dayOfRows, dayOfSums, type EntityKind, teamIdOf } from './days.ts'
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

/** Of each day's keys, models and so on those that cost most. */
const NAMES_MAX = 100
const ENTITIES = { team: 'accountId', user: 'userId' } as const satisfies Record<
  EntityKind,
  Dimension
>

/** The same in one piece, summed by the database. */
export async function activityInOnePiece(db: Db, filter: DailyFilter, entities: EntityKind) {
  const entity = ENTITIES[entities]
  const of = ['model', 'modelGroup', 'provider', 'keyHash', entity] as const
  const [totals, sums] = await Promise.all([
    dailyTotals(db, filter),
    daySums(db, filter, { of, namesMax: NAMES_MAX }),
  ])
  const namesOf = (wanted: Dimension) =>
    sums.flatMap(({ dimension, name }) => (dimension === wanted ? name : []))
  const names = {
    keys: await keyNames(db, namesOf('keyHash')),
    teams: await teamAliases(db, namesOf('accountId').map(teamIdOf)),
  }
  const days = [...Map.groupBy(sums, ({ day: date }) => date)].toReversed()
  return {
    results: days.map(([date, theirs]) => dayOfSums(date, theirs, { names, entities })),
    metadata: { ...totalFields(totals), page: 1, total_pages: 1, has_more: false },
  }
}
