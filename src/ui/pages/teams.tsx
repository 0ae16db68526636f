import { Bar, Money, When } from '../parts/amounts.tsx'
import { Page, type Viewer } from '../parts/page.tsx'

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
    <Page title="Teams" viewer={viewer} at="/ui/teams">
      <div class="head">
        <h1>Teams</h1>
        {viewer.isAdmin && (
          <a class="button" href="/ui/teams/new">
            Create team
          </a>
        )}
      </div>
      <Search asked={asked} />
      {list.teams.length === 0 ? <Nothing asked={asked} isAdmin={viewer.isAdmin} /> : null}
      {list.teams.length > 0 && (
        <div class="scroll" tabindex={0} role="region" aria-label="Teams">
          <table>
            <thead>
              <tr>
                <th scope="col">Team</th>
                <th scope="col">Budget used</th>
                <th scope="col" class="end">
                  Spent
                </th>
                <th scope="col" class="end">
                  Limit
                </th>
                <th scope="col">Resets</th>
              </tr>
            </thead>
            <tbody>
              {list.teams.map((team) => (
                <Row team={team} nowMs={nowMs} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pages list={list} asked={asked} />
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

function Nothing({ asked, isAdmin }: { readonly asked: TeamsQuery; readonly isAdmin: boolean }) {
  if (asked.search) return <p>No team has “{asked.search}” in its name.</p>
  return (
    <p>
      There is no team yet.
      {isAdmin && ' A team has a budget and keys: create the first one.'}
    </p>
  )
}

function Row({ team, nowMs }: { readonly team: Team; readonly nowMs: number }) {
  const { spend, held, max_budget: limit, budget_reset_at: resetAt } = team
  return (
    <tr>
      <th scope="row">
        <a href={`/ui/teams/${encodeURIComponent(team.team_id)}`}>{nameOf(team)}</a>
        {team.blocked && <span class="note"> blocked</span>}
      </th>
      <td>
        <Bar spend={spend} held={held} limit={limit} />
      </td>
      <td class="end">
        <Money usd={spend} />
      </td>
      <td class="end">{limit === null ? '–' : <Money usd={limit} />}</td>
      <td>{resetAt === null ? 'never' : <When at={resetAt} nowMs={nowMs} />}</td>
    </tr>
  )
}

function Pages({ list, asked }: { readonly list: TeamList; readonly asked: TeamsQuery }) {
  const { page, total_pages: last } = list
  if (last <= 1) return null
  const at = (number: number) =>
    `?${new URLSearchParams({ ...asked, page: String(number) }).toString()}`
  return (
    <nav class="row" aria-label="Pages of teams">
      {page > 1 && <a href={at(page - 1)}>Previous</a>}
      <span>
        Page {page} of {last}
      </span>
      {page < last && <a href={at(page + 1)}>Next</a>}
    </nav>
  )
}
