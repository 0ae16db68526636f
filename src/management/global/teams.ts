import { dailySums } from '../../db/history/daily.ts'
import { teamAliases } from '../../db/history/names.ts'
import { type Pico, picoToUsd } from '../../money.ts'
import { teamIdOf } from '../activity/days.ts'
import { daysBetween, daysOf } from '../spend/fields.ts'
import type { Global } from './spend.ts'

const TEAMS_MAX = 100
const TOP = 10
/** What calls cost that no team paid for, or a team without a name. */
const UNASSIGNED = 'Unassigned'

interface Spent {
  readonly alias: string
  readonly day: string
  readonly pico: Pico
}

/** By the aliases of the teams that spent most: their days, and what the first of them spent. */
export async function globalSpendByTeam({ db, input, nowMs }: Global) {
  const days = daysOf(input, nowMs)
  const top = await dailySums(db, days, { of: ['accountId'], limit: TEAMS_MAX })
  const accountIds = top.map(({ accountId }) => accountId)
  const limit = TEAMS_MAX * daysBetween(days.from, days.to).length
  const anyOf = [{ accountIds }]
  const rows = await dailySums(db, { ...days, anyOf }, { of: ['day', 'accountId'], limit })
  const aliases = await teamAliases(db, accountIds.map(teamIdOf))
  const spent = rows.map(({ day, accountId, pico }) => {
    return { alias: aliases.get(teamIdOf(accountId)) || UNASSIGNED, day, pico }
  })
  const byAlias = [...Map.groupBy(spent, ({ alias }) => alias)]
  const totals = byAlias
    .map(([alias, theirs]) => ({ alias, pico: sum(theirs) }))
    .toSorted((a, b) => (a.pico < b.pico ? 1 : -1))
  return {
    daily_spend: [...Map.groupBy(spent, ({ day }) => day)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([date, theirs]) => ({ ...ofDay(theirs), date })),
    teams: totals.map(({ alias }) => alias),
    total_spend_per_team: totals
      .slice(0, TOP)
      .map(({ alias, pico }) => ({ team_id: alias, total_spend: picoToUsd(pico) })),
  }
}

function ofDay(spent: readonly Spent[]): Record<string, number> {
  const byAlias = [...Map.groupBy(spent, ({ alias }) => alias)]
  return Object.fromEntries(byAlias.map(([alias, theirs]) => [alias, picoToUsd(sum(theirs))]))
}

function sum(spent: readonly Spent[]): Pico {
  return spent.reduce((total, { pico }) => total + pico, 0n)
}
