import { Bar, Money, When } from '../parts/amounts.tsx'
import { Act, Field, type Filled } from '../parts/fields.tsx'
import { Alert, Page, type Viewer } from '../parts/page.tsx'
import { nameOf, type Team } from './teams.tsx'

export interface Key {
  readonly token: string
  readonly key_alias: string | null
  readonly key_name: string
  readonly spend: number
  readonly max_budget: number | null
  readonly blocked: boolean | null
  readonly expires: string | null
}

export interface TeamInfo {
  readonly team_id: string
  readonly team_info: Team & {
    readonly members_with_roles: readonly {
      readonly user_id: string | null
      readonly user_email: string | null
      readonly role: string
    }[]
  }
  readonly keys: readonly Key[]
}

interface TeamProps {
  readonly viewer: Viewer
  readonly info: TeamInfo
  /** Of the form that deletes, or of a change that was refused. */
  readonly filled: Filled
  readonly nowMs: number
}

export function TeamPage({ viewer, info, filled, nowMs }: TeamProps) {
  const { team_info: team, keys } = info
  const at = `/ui/teams/${encodeURIComponent(info.team_id)}`
  return (
    <Page title={nameOf(team)} viewer={viewer} at="/ui/teams">
      <div class="head">
        <h1>{nameOf(team)}</h1>
        <a class="button" href={`${at}/keys/new`}>
          Create key
        </a>
      </div>
      <Alert>{filled.problem?.field === null && filled.problem.message}</Alert>
      <Budget team={team} nowMs={nowMs} />
      <h2>Keys</h2>
      <Keys keys={keys} nowMs={nowMs} />
      <h2>Members</h2>
      <Members members={team.members_with_roles} />
      {viewer.isAdmin && <Settings at={at} team={team} filled={filled} />}
    </Page>
  )
}

function Budget({ team, nowMs }: { readonly team: Team; readonly nowMs: number }) {
  const { spend, held, max_budget: limit, budget_reset_at: resetAt } = team
  return (
    <section class="card" aria-label="Budget">
      <Bar spend={spend} held={held} limit={limit} />
      <dl>
        <dt>Spent</dt>
        <dd>
          <Money usd={spend} />
        </dd>
        <dt>Held by calls in flight</dt>
        <dd>
          <Money usd={held ?? 0} />
        </dd>
        <dt>Limit</dt>
        <dd>{limit === null ? 'none' : <Money usd={limit} />}</dd>
        <dt>Resets</dt>
        <dd>{resetAt === null ? 'never' : <When at={resetAt} nowMs={nowMs} />}</dd>
        <dt>Models</dt>
        <dd>{team.models.length > 0 ? team.models.join(', ') : 'all'}</dd>
        <dt>Id</dt>
        <dd>
          <code>{team.team_id}</code>
        </dd>
      </dl>
    </section>
  )
}

export function Keys({ keys, nowMs }: { readonly keys: readonly Key[]; readonly nowMs: number }) {
  if (keys.length === 0) return <p>No key yet. A key is what an app calls with.</p>
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Keys">
      <table>
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Budget used</th>
            <th scope="col" class="end">
              Spent
            </th>
            <th scope="col">Expires</th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr>
              <th scope="row">
                <a href={`/ui/keys/${key.token}`}>{key.key_alias || key.key_name}</a>
                {key.blocked && <span class="note"> blocked</span>}
              </th>
              <td>
                <Bar spend={key.spend} limit={key.max_budget} />
              </td>
              <td class="end">
                <Money usd={key.spend} />
              </td>
              <td>{key.expires === null ? 'never' : <When at={key.expires} nowMs={nowMs} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Members({ members }: { readonly members: TeamInfo['team_info']['members_with_roles'] }) {
  if (members.length === 0) return <p>No members.</p>
  return (
    <ul>
      {members.map(({ user_id: id, user_email: email, role }) => (
        <li>
          {email ?? id} <span class="note">{role}</span>
        </li>
      ))}
    </ul>
  )
}

function Settings({ at, team, filled }: SettingsProps) {
  return (
    <section class="card" aria-label="Block and delete">
      <Act to={`${at}/${team.blocked ? 'unblock' : 'block'}`} quiet>
        {team.blocked ? 'Admit calls again' : 'Block: refuse every call'}
      </Act>
      <h2>Delete the team</h2>
      <form method="post" action={`${at}/delete`}>
        <Field
          name="confirmation"
          label={`Type “${nameOf(team)}” to delete it with its keys`}
          filled={filled}
          required
        />
        <button class="quiet danger">Delete for good</button>
      </form>
    </section>
  )
}

interface SettingsProps {
  readonly at: string
  readonly team: Team
  readonly filled: Filled
}
