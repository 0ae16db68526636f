import type { Api } from './api.ts'

const DAY_MS = 86_400_000

/** What was spent and asked, by day in UTC, the oldest first. */
export interface Spend {
  readonly days: readonly string[]
  readonly usd: readonly number[]
}

/** The last so many days, up to today. */
export function lastDays(count: number, nowMs: number): string[] {
  return Array.from({ length: count }, (_, i) => dayOf(nowMs - (count - 1 - i) * DAY_MS))
}

export const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

interface Activity {
  readonly results: readonly {
    readonly date: string
    readonly metrics: { readonly spend: number }
  }[]
}

/** What a team has spent in the last days, as far as the viewer may see it. Throws an ApiProblem. */
export async function teamSpend(api: Api, teamId: string, days: readonly string[]): Promise<Spend> {
  const { results } = await api.get<Activity>('/team/daily/activity/aggregated', {
    team_ids: teamId,
    start_date: days[0],
    end_date: days.at(-1),
  })
  const byDay = new Map(results.map(({ date, metrics }) => [date, metrics.spend]))
  return { days, usd: days.map((day) => byDay.get(day) ?? 0) }
}
