import type { AccountSnapshot } from '../ledger/snapshot.ts'
import { type Pico, picoToUsd, pythonFloat } from '../money.ts'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = readonly (readonly [name: string, value: string])[]

interface Sample {
  readonly labels: Labels
  readonly value: number
}

interface Metric {
  readonly name: string
  readonly help: string
  readonly samples: readonly Sample[]
}

export interface Scrape {
  readonly accounts: readonly AccountSnapshot[]
  readonly stale: number
  /** LiteLLM renamed the team's label; its page still shows the older one. */
  readonly teamLabels: 'docs' | 'v1.84'
  readonly nowMs: number
}

/** The ledgers' state as Prometheus reads it. Numbers print as Python's client prints them. */
export function render(scrape: Scrape): string {
  const teams = scrape.accounts
    .filter(({ accountId }) => accountId.startsWith('team:'))
    .toSorted((a, b) => (a.accountId < b.accountId ? -1 : 1))
  return [...teamMetrics(teams, scrape), staleness(scrape.stale)].map(renderMetric).join('')
}

function teamMetrics(teams: readonly AccountSnapshot[], scrape: Scrape): Metric[] {
  const metric = (
    name: string,
    help: string,
    valueOf: (team: AccountSnapshot) => number | null,
  ): Metric => ({ name, help, samples: samples(teams, scrape, valueOf) })
  return [
    metric('litellm_remaining_team_budget_metric', 'Remaining budget for team', remaining),
    metric('litellm_team_max_budget_metric', 'Maximum budget set for team', ({ limitPico }) =>
      limitPico === null ? null : picoToUsd(limitPico),
    ),
    metric(
      'litellm_team_budget_remaining_hours_metric',
      'Remaining hours until the budget of team resets',
      (team) => remainingHours(team, scrape.nowMs),
    ),
    metric('tollgate_team_held_usd', 'Money set aside for calls in flight', ({ heldPico }) =>
      picoToUsd(heldPico),
    ),
    metric('tollgate_team_overshoot_usd', 'Spend above the budget of the open window', overshoot),
  ]
}

function samples(
  teams: readonly AccountSnapshot[],
  { teamLabels }: Scrape,
  valueOf: (team: AccountSnapshot) => number | null,
): Sample[] {
  return teams.flatMap((team) => {
    const value = valueOf(team)
    return value === null ? [] : [{ labels: labelsOf(team, teamLabels), value }]
  })
}

function labelsOf({ accountId, alias }: AccountSnapshot, era: Scrape['teamLabels']): Labels {
  const id = accountId.slice('team:'.length)
  const name = alias ?? 'None'
  if (era === 'docs')
    return [
      ['team_alias', name],
      ['team_id', id],
    ]
  return [
    ['team', id],
    ['team_alias', name],
  ]
}

/** Never clamped: below zero is how far the last call went past the budget. */
function remaining({ limitPico, spentPico }: AccountSnapshot): number {
  return limitPico === null ? Infinity : picoToUsd(limitPico - spentPico)
}

function overshoot({ limitPico, spentPico }: AccountSnapshot): number | null {
  if (limitPico === null) return null
  const over: Pico = spentPico - limitPico
  return over > 0n ? picoToUsd(over) : 0
}

function remainingHours({ endMs = null }: AccountSnapshot, nowMs: number): number | null {
  return endMs === null ? null : (endMs - nowMs) / 3_600_000
}

function staleness(stale: number): Metric {
  return {
    name: 'tollgate_stale_ledgers',
    help: 'Ledgers with news that did not answer this scrape and are shown as of an earlier one',
    samples: [{ labels: [], value: stale }],
  }
}

function renderMetric({ name, help, samples: rows }: Metric): string {
  const lines = rows.map(({ labels, value }) => `${name}${renderLabels(labels)} ${number(value)}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

function renderLabels(labels: Labels): string {
  if (labels.length === 0) return ''
  return `{${labels.map(([name, value]) => `${name}="${escape(value)}"`).join(',')}}`
}

function escape(value: string): string {
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
}

/** Prometheus' spelling of infinity; Python's client writes the same. */
function number(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : pythonFloat(value)
}
