import { Bar, Money } from '../parts/amounts.tsx'
import type { FormField } from '../parts/form.tsx'
import { Head, Live, LIVE, Page } from '../parts/page.tsx'
import { Search } from '../parts/search.tsx'
import { type Column, Pager, Table } from '../parts/table.tsx'
import { When } from '../parts/times.tsx'
import { useViewer, type Viewer } from '../viewer.ts'
import { limitOf, nameOf, pathOf, type Team, type TeamList } from './rows.ts'

export interface TeamsQuery {
  readonly search: string
  readonly sort: string
}

interface TeamsProps {
  readonly viewer: Viewer
  readonly list: TeamList
  readonly asked: TeamsQuery
}

/** The API's columns, with the order that people mean by them. */
export const SORTS = [
  ['created_at', 'newest first', 'desc'],
  ['team_alias', 'by name', 'asc'],
  ['budget_used', 'nearest to its budget first', 'desc'],
  ['spend', 'most spent first', 'desc'],
  ['budget_reset_at', 'next reset first', 'asc'],
] as const

export function Teams({ viewer, list, asked }: TeamsProps) {
  return (
    <Page title="Teams" viewer={viewer} at="/ui/teams" scripts={LIVE}>
      <Head title="Teams">
        {viewer.isAdmin && (
          <a class="button" href="/ui/teams/new">
            Create team
          </a>
        )}
      </Head>
      <Search fields={FILTERS} values={{ ...asked }} />
      <Live id="teams">
        <Table label="Teams" empty={emptyText(asked, viewer)} rows={list.teams} columns={COLUMNS} />
      </Live>
      <Pager
        label="Pages of teams"
        page={list.page}
        pages={list.total_pages}
        asked={{ ...asked }}
      />
    </Page>
  )
}

const FILTERS: readonly FormField[] = [
  { name: 'search', label: 'Name' },
  {
    name: 'sort',
    label: 'Order',
    kind: 'choice',
    options: SORTS.map(([value, text]) => [value, text]),
  },
]

function emptyText({ search }: TeamsQuery, { isAdmin }: Viewer): string {
  if (search) return `No team has “${search}” in its name.`
  const hint = isAdmin ? ' A team has a budget and keys: create the first one.' : ''
  return `There is no team yet.${hint}`
}

/** A team's budget as a bar. */
export function TeamBar({ team }: { readonly team: Team }) {
  return <Bar spend={team.spend} held={team.held} limit={limitOf(team, useViewer().nowMs)} />
}

const COLUMNS: readonly Column<Team>[] = [
  {
    name: 'Team',
    of: (team) => (
      <>
        <a href={pathOf(team.team_id)}>{nameOf(team)}</a>
        {team.blocked && <span class="tag">blocked</span>}
      </>
    ),
  },
  {
    name: 'Budget used',
    of: (team) => <TeamBar team={team} />,
  },
  { name: 'Spent', isNumber: true, of: (team) => <Money usd={team.spend} /> },
  {
    name: 'Limit',
    isNumber: true,
    of: (team) => (team.max_budget === null ? '–' : <Money usd={team.max_budget} />),
  },
  {
    name: 'Resets',
    of: ({ budget_reset_at: at }) => (at === null ? 'never' : <When at={at} />),
  },
]
