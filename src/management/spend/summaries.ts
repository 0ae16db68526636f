import type { Db } from '../../db/connect.ts'
import { type DaySum, daySums, type Dimension } from '../../db/history/daily.ts'
import { picoToUsd } from '../../money.ts'
import { daysBetween } from './fields.ts'
import type { Whose } from './visible.ts'

/** Of a day's keys, users and models those that cost most; the day's own sum has all of them. */
const NAMES_MAX = 100

interface Asked {
  readonly from: string
  readonly to: string
  readonly whose: Whose
}

/** What was spent by day, each with its keys, users and models; days after the last are zero. */
export async function summaries(db: Db, { from, to, whose }: Asked) {
  const { teamId, userId, keyHash } = whose
  const accountIds = teamId === undefined ? undefined : [`team:${teamId}`]
  const filter = { from, to, anyOf: [{ accountIds, userId, keyHash }] }
  const sums = await daySums(db, filter, { of: DIMENSIONS, namesMax: NAMES_MAX })
  const days = [...Map.groupBy(sums, ({ day }) => day)]
  const last = days.at(-1)?.[0]
  const missing = last === undefined ? [] : daysBetween(last, to).slice(1)
  return [
    ...days.map(([startTime, rows]) => summary(startTime, rows)),
    ...missing.map((startTime) => summary(startTime, [])),
  ]
}

const DIMENSIONS = ['keyHash', 'userId', 'model'] as const

function summary(startTime: string, rows: readonly DaySum[]) {
  const whole = rows.find(({ dimension }) => dimension === null)
  const by = (wanted: Dimension) =>
    Object.fromEntries(
      rows
        .filter(({ dimension }) => dimension === wanted)
        .map(({ name, pico }) => [name, picoToUsd(pico)]),
    )
  return {
    ...by('keyHash'),
    startTime,
    spend: picoToUsd(whole?.pico ?? 0n),
    users: by('userId'),
    models: by('model'),
  }
}
