import { Bar, Money } from '../parts/amounts.tsx'
import { type Day, Days } from '../parts/days.tsx'
import { Live, Page, type Viewer } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import { nameOf, type Team } from './teams.tsx'

interface Top {
  readonly name: string
  readonly spend: number
}

interface OverviewProps {
  readonly viewer: Viewer
  readonly today: number
  readonly month: number
  readonly requests: number
  readonly days: readonly Day[]
  readonly teams: readonly Top[]
  readonly models: readonly Top[]
  /** Teams that have used most of their budget. */
  readonly near: readonly Team[]
}

export function Overview(props: OverviewProps) {
  const { viewer, today, month, requests, days, teams, models, near } = props
  return (
    <Page title="Overview" viewer={viewer} at="/ui" script="live.js">
      <h1>Overview</h1>
      <Live id="now">
        <section class="card figures" aria-label="Figures">
          <Figure name="Spent today">
            <Money usd={today} />
          </Figure>
          <Figure name="Spent in 30 days">
            <Money usd={month} />
          </Figure>
          <Figure name="Calls in 30 days">
            <span class="number">{requests.toLocaleString('en-US')}</span>
          </Figure>
        </section>
        <section class="card" aria-label="Spend by day">
          <Days days={days} />
          <p class="note">The last 30 days, in UTC.</p>
        </section>
        <h2>Teams near their budget</h2>
        <Table
          label="Teams near their budget"
          empty="No team has used 80 % of its budget."
          rows={near}
          columns={[
            {
              name: 'Team',
              of: (team) => (
                <a href={`/ui/teams/${encodeURIComponent(team.team_id)}`}>{nameOf(team)}</a>
              ),
            },
            {
              name: 'Budget used',
              of: (team) => <Bar spend={team.spend} held={team.held} limit={team.max_budget} />,
            },
            { name: 'Spent', isNumber: true, of: (team) => <Money usd={team.spend} /> },
          ]}
        />
        <h2>Teams that spent most</h2>
        <Ranking label="Teams that spent most" rows={teams} />
        <h2>Models that cost most</h2>
        <Ranking label="Models that cost most" rows={models} />
      </Live>
    </Page>
  )
}

function Figure({ name, children }: { readonly name: string; readonly children: unknown }) {
  return (
    <div>
      <p class="note">{name}</p>
      <p class="figure">{children}</p>
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
