import { Money } from '../parts/amounts.tsx'
import { Chart } from '../parts/chart.tsx'
import { Live, LIVE_CHARTS, Page, Parts } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import { TeamBar } from '../team/list.tsx'
import { nameOf, pathOf, type Team } from '../team/rows.ts'
import type { Viewer } from '../viewer.ts'
import type { Activity, Top } from './activity.ts'

interface OverviewProps {
  readonly viewer: Viewer
  readonly activity: Activity
  readonly teams: readonly Top[]
  readonly models: readonly Top[]
  /** Teams that have used most of their budget. */
  readonly near: readonly Team[]
}

export function Overview({ viewer, activity, teams, models, near }: OverviewProps) {
  return (
    <Page title="Overview" viewer={viewer} at="/ui" scripts={LIVE_CHARTS}>
      <h1>Overview</h1>
      <Live id="figures">
        <Figures activity={activity} />
      </Live>
      <Live id="charts">
        <Charts activity={activity} />
      </Live>
      <h2>Teams near their budget</h2>
      <Near near={near} />
      <Live id="top">
        <div class="two">
          <div>
            <h2>Teams that spent most</h2>
            <Ranking label="Teams that spent most" rows={teams} />
          </div>
          <div>
            <h2>Models that cost most</h2>
            <Ranking label="Models that cost most" rows={models} />
          </div>
        </div>
      </Live>
      <p class="note">Days and months are UTC. Charts and lists are of the last 30 days.</p>
    </Page>
  )
}

/** Teams near their budget, as they are now. */
function Near({ near }: Pick<OverviewProps, 'near'>) {
  return (
    <Live id="near">
      <Table
        label="Teams near their budget"
        empty="No team has used 80 % of its budget."
        rows={near}
        columns={[
          { name: 'Team', of: (team) => <a href={pathOf(team.team_id)}>{nameOf(team)}</a> },
          { name: 'Budget used', of: (team) => <TeamBar team={team} /> },
          { name: 'Spent', isNumber: true, of: (team) => <Money usd={team.spend} /> },
        ]}
      />
    </Live>
  )
}

/** The same alone. */
export function OverviewNow({ viewer, near }: Pick<OverviewProps, 'viewer' | 'near'>) {
  return (
    <Parts viewer={viewer}>
      <Near near={near} />
    </Parts>
  )
}

const count = (value: number | undefined) => (value ?? 0).toLocaleString('en-US')

function Figures({ activity }: Pick<OverviewProps, 'activity'>) {
  const { usd, requests, refused, month } = activity
  return (
    <section class="card figures" aria-label="Figures">
      <Figure name="Spent today">
        <Money usd={usd.at(-1) ?? 0} />
      </Figure>
      <Figure name="Spent this month">
        <Money usd={month.usd} />
      </Figure>
      <Figure name="Calls today">{count(requests.at(-1))}</Figure>
      <Figure name="Calls this month">{count(month.requests)}</Figure>
      <Figure name="Refused today">{count(refused.at(-1))}</Figure>
      <Figure name="Refused this month">{count(month.refused)}</Figure>
    </section>
  )
}

function Charts({ activity: { days, usd, requests, refused } }: Pick<OverviewProps, 'activity'>) {
  return (
    <div class="two">
      <section class="card">
        <Chart
          label="Spent by day"
          days={days}
          unit="usd"
          series={[{ name: 'Spent', color: '--spent', values: usd }]}
        />
      </section>
      <section class="card">
        <Chart
          label="Calls, and refusals by budgets and limits"
          days={days}
          unit="count"
          series={[
            { name: 'Calls', color: '--spent', values: requests },
            { name: 'Refused', color: '--full', values: refused },
          ]}
        />
      </section>
    </div>
  )
}

function Figure({ name, children }: { readonly name: string; readonly children: unknown }) {
  return (
    <div>
      <p class="note">{name}</p>
      <p class="figure number">{children}</p>
    </div>
  )
}

function Ranking({ label, rows }: { readonly label: string; readonly rows: readonly Top[] }) {
  return (
    <Table
      label={label}
      empty="Nothing was spent yet."
      rows={rows}
      columns={[
        { name: 'Name', of: ({ name }) => name },
        { name: 'Spent', isNumber: true, of: ({ spend }) => <Money usd={spend} /> },
      ]}
    />
  )
}
