import type { Api } from '../api.ts'
import { lastDays } from '../spend.ts'

/** A month is never longer. */
const DAYS = 31

export interface Top {
  readonly name: string
  readonly spend: number
}

/** What everybody did, by day in UTC, the oldest first. */
export interface Activity {
  readonly days: readonly string[]
  readonly usd: readonly number[]
  readonly requests: readonly number[]
  /** By budgets and limits. */
  readonly refused: readonly number[]
  /** Since the first of this one. */
  readonly month: { readonly usd: number; readonly requests: number; readonly refused: number }
}

interface Answers {
  readonly spend: readonly { readonly date: string; readonly spend: number }[]
  readonly activity: {
    readonly daily_data: readonly {
      readonly day: string
      readonly api_requests: number
      readonly refused_requests: number
    }[]
  }
}

/** Throws an ApiProblem. */
export async function activityOf(api: Api, nowMs: number): Promise<Activity> {
  const days = lastDays(DAYS, nowMs)
  const span = { start_date: days[0], end_date: days.at(-1) }
  const [spend, activity] = await Promise.all([
    api.get<Answers['spend']>('/global/spend/logs', span),
    api.get<Answers['activity']>('/global/activity', span),
  ])
  const spends = new Map(spend.map((row) => [row.date, row.spend]))
  const asked = new Map(activity.daily_data.map((row) => [row.day, row]))
  const by = {
    usd: days.map((day) => spends.get(day) ?? 0),
    requests: days.map((day) => asked.get(day)?.api_requests ?? 0),
    refused: days.map((day) => asked.get(day)?.refused_requests ?? 0),
  }
  const month = days.at(-1)?.slice(0, 'YYYY-MM'.length) ?? ''
  const ofMonth = (values: readonly number[]) =>
    values.reduce((sum, value, i) => (days[i]?.startsWith(month) ? sum + value : sum), 0)
  return {
    days,
    ...by,
    month: {
      usd: ofMonth(by.usd),
      requests: ofMonth(by.requests),
      refused: ofMonth(by.refused),
    },
  }
}

const TOP = '5'

/** What cost most in these days. Throws an ApiProblem. */
export async function topOf(api: Api, days: readonly string[]) {
  const span = { start_date: days[0], end_date: days.at(-1), limit: TOP }
  interface ByTeam {
    readonly total_spend_per_team: readonly {
      readonly team_id: string
      readonly total_spend: number
    }[]
  }
  interface ByModel {
    readonly model: string
    readonly total_spend: number
  }
  const [teams, models] = await Promise.all([
    api.get<ByTeam>('/global/spend/teams', span),
    api.get<readonly ByModel[]>('/global/spend/models', span),
  ])
  return {
    teams: teams.total_spend_per_team
      .slice(0, Number(TOP))
      .map(({ team_id: name, total_spend: spend }): Top => ({ name, spend })),
    models: models.map(({ model, total_spend: spend }): Top => ({
      name: model || 'unknown',
      spend,
    })),
  }
}
