import { dailySums, type Metrics } from '../../db/history/daily.ts'
import { refusalsByDay } from '../../db/refusals.ts'
import { daysBetween, daysOf } from '../spend/fields.ts'
import type { Global } from './spend.ts'

const MODELS_MAX = 10
const DAYS_MAX = 400

type Day = Pick<Metrics, 'requests' | 'promptTokens' | 'completionTokens'> & {
  readonly day: string
}

/** Calls and tokens by day, and how many calls budgets and limits refused. */
export async function globalActivity({ db, input, nowMs }: Global) {
  const days = daysOf(input, nowMs)
  const [rows, refusals] = await Promise.all([
    dailySums(db, days, { of: ['day'], limit: DAYS_MAX }),
    refusalsByDay(db, days),
  ])
  const refused = new Map(refusals.map(({ day, calls }) => [day, calls]))
  const idle = refusals.filter(({ day }) => !rows.some((row) => row.day === day))
  const activity = activityOf([...rows, ...idle.map(({ day }) => ({ ...NO_CALLS, day }))])
  return {
    ...activity,
    daily_data: activity.daily_data.map((row) => {
      return { ...row, refused_requests: refused.get(row.day) ?? 0 }
    }),
    sum_refused_requests: refusals.reduce((sum, { calls }) => sum + calls, 0),
  }
}

const NO_CALLS = { requests: 0, promptTokens: 0, completionTokens: 0 }

/** The same of the models that were called most. */
export async function globalActivityByModel({ db, input, nowMs }: Global) {
  const days = daysOf(input, nowMs)
  const top = await dailySums(db, days, {
    of: ['modelGroup'],
    limit: MODELS_MAX,
    order: 'requests',
  })
  const names = top.map(({ modelGroup }) => modelGroup)
  const rows = await dailySums(
    db,
    { ...days, modelGroups: names },
    { of: ['day', 'modelGroup'], limit: MODELS_MAX * daysBetween(days.from, days.to).length },
  )
  const byModel = Map.groupBy(rows, ({ modelGroup }) => modelGroup)
  return names.map((model) => ({ model, ...activityOf(byModel.get(model) ?? []) }))
}

function activityOf(rows: readonly Day[]) {
  const daily = rows
    .toSorted((a, b) => (a.day < b.day ? -1 : 1))
    .map((row) => ({
      date: monthDay(row.day),
      day: row.day,
      api_requests: row.requests,
      total_tokens: row.promptTokens + row.completionTokens,
    }))
  return {
    daily_data: daily,
    sum_api_requests: daily.reduce((sum, row) => sum + row.api_requests, 0),
    sum_total_tokens: daily.reduce((sum, row) => sum + row.total_tokens, 0),
  }
}

/** As LiteLLM prints days here: "Jan 22". */
function monthDay(day: string): string {
  return MONTH_DAY.format(new Date(day))
}

const MONTH_DAY = new Intl.DateTimeFormat('en-US', {
  month: 'short',
  day: '2-digit',
  timeZone: 'UTC',
})
