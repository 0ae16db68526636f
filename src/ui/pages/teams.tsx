import { Bar, Money, When } from '../parts/amounts.tsx'
import { Live, Page, type Viewer } from '../parts/page.tsx'
import { type Column, Pager, Table } from '../parts/table.tsx'

/** Of the API's team rows, what the pages show. */
export interface Team {
  readonly team_id: string
  readonly team_alias: string | null
  readonly blocked: boolean
  readonly spend: number
  readonly held?: number | null
  readonly max_budget: number | null
  readonly budget_duration: string | null
  readonly budget_reset_at: string | null
  readonly budget_enforcement?: string | null
  readonly models: readonly string[]
  readonly tpm_limit: number | null
  readonly rpm_limit: number | null
}

export interface TeamList {
  readonly teams: readonly Team[]
  readonly total: number
  readonly page: number
  readonly total_pages: number
}

export interface TeamsQuery {
  readonly search: string
  readonly sort: string
}

interface TeamsProps {
  readonly viewer: Viewer
  readonly list: TeamList
  readonly asked: TeamsQuery
  readonly nowMs: number
}

export const nameOf = ({ team_alias: alias, team_id: id }: Pick<Team, 'team_alias' | 'team_id'>) =>
  alias || id

const SORTS = [
  ['created_at', 'newest first'],
  ['team_alias', 'by name'],
] as const

export function Teams({ viewer, list, asked, nowMs }: TeamsProps) {
  return (
    <Page title="Teams" viewer={viewer} at="/ui/teams" script="live.js">
      <div class="head">
        <h1>Teams</h1>
        {viewer.isAdmin && (
          <a class="button" href="/ui/teams/new">
            Create team
          </a>
        )}
      </div>
      <Search asked={asked} />
      <Live id="teams">
        <Table
          label="Teams"
          empty={emptyText(asked, viewer)}
          rows={list.teams}
          columns={columns(nowMs)}
        />
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

function Search({ asked }: { readonly asked: TeamsQuery }) {
  return (
    <form class="row card" method="get" role="search">
      <div class="field">
        <label for="search">Name</label>
        <input id="search" name="search" type="search" value={asked.search} />
      </div>
      <div class="field">
        <label for="sort">Order</label>
        <select id="sort" name="sort">
          {SORTS.map(([value, text]) => (
            <option value={value} selected={value === asked.sort}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <button class="quiet">Show</button>
    </form>
  )
}

function emptyText({ search }: TeamsQuery, { isAdmin }: Viewer): string {
  if (search) return `No team has “${search}” in its name.`
  const hint = isAdmin ? ' A team has a budget and keys: create the first one.' : ''
  return `There is no team yet.${hint}`
}

function columns(nowMs: number): readonly Column<Team>[] {
  return [
    {
      name: 'Team',
      of: (team) => (
        <>
          <a href={`/ui/teams/${encodeURIComponent(team.team_id)}`}>{nameOf(team)}</a>
          {team.blocked && <span class="note"> blocked</span>}
        </>
      ),
    },
    {
      name: 'Budget used',
      of: (team) => <Bar spend={team.spend} held={team.held} limit={team.max_budget} />,
    },
    { name: 'Spent', isNumber: true, of: (team) => <Money usd={team.spend} /> },
    {
      name: 'Limit',
      isNumber: true,
      of: (team) => (team.max_budget === null ? '–' : <Money usd={team.max_budget} />),
    },
    {
      name: 'Resets',
      of: ({ budget_reset_at: at }) => (at === null ? 'never' : <When at={at} nowMs={nowMs} />),
    },
  ]
}
