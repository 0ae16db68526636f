import { Bar, exact, Money, When } from '../parts/amounts.tsx'
import { Act, Field, type Filled } from '../parts/fields.tsx'
import { Alert, Live, Page, type Viewer } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import { DURATIONS } from './team-new.tsx'
import { Members } from './members.tsx'
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

interface Pace {
  readonly spend_per_hour: number
  /** Null: not before its reset. */
  readonly budget_ends_at: string | null
}

export interface TeamInfo {
  readonly team_id: string
  readonly team_info: Team & {
    readonly members_with_roles: readonly {
      readonly user_id: string | null
      readonly user_email: string | null
      readonly role: string
    }[]
    readonly forecast: { readonly last_day: Pace; readonly window: Pace }
    readonly budget_limits:
      | readonly {
          readonly budget_duration: string
          readonly max_budget: number | null
          readonly reset_at: string | null
        }[]
      | null
    readonly budget_limits_usage: Readonly<Record<string, { readonly current_spend: number }>>
  }
  readonly keys: readonly Key[]
  readonly team_memberships: readonly {
    readonly user_id: string
    readonly spend: number
    readonly litellm_budget_table: { readonly max_budget: number | null } | null
  }[]
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
    <Page title={nameOf(team)} viewer={viewer} at="/ui/teams" script="live.js">
      <div class="head">
        <h1>{nameOf(team)}</h1>
        <a class="button" href={`${at}/keys/new`}>
          Create key
        </a>
      </div>
      <Alert>{filled.problem?.field === null && filled.problem.message}</Alert>
      <Live id="budget">
        <Budget team={team} nowMs={nowMs} />
      </Live>
      <h2>Keys</h2>
      <Live id="keys">
        <Keys keys={keys} nowMs={nowMs} />
      </Live>
      <h2>Members</h2>
      <Members at={at} viewer={viewer} info={info} filled={filled} />
      {viewer.isAdmin && <Settings at={at} team={team} filled={filled} />}
    </Page>
  )
}

interface BudgetProps {
  readonly team: TeamInfo['team_info']
  readonly nowMs: number
}

function Budget({ team, nowMs }: BudgetProps) {
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
        <dt>At this pace</dt>
        <dd>
          <Forecast team={team} nowMs={nowMs} />
        </dd>
        <dt>Models</dt>
        <dd>{team.models.length > 0 ? team.models.join(', ') : 'all'}</dd>
        <dt>Id</dt>
        <dd>
          <code>{team.team_id}</code>
        </dd>
      </dl>
      {(team.budget_limits ?? []).map(({ budget_duration: id, max_budget: most, reset_at: at }) => (
        <div class="window">
          <p class="note">
            Each {id}
            {at !== null && (
              <>
                , resets <When at={at} nowMs={nowMs} />
              </>
            )}
          </p>
          <Bar spend={team.budget_limits_usage[id]?.current_spend ?? 0} limit={most} />
        </div>
      ))}
    </section>
  )
}

function Forecast({ team, nowMs }: BudgetProps) {
  const { budget_ends_at: endsAt, spend_per_hour: perHour } = team.forecast.last_day
  if (team.max_budget !== null && team.spend >= team.max_budget) return <>spent up</>
  return (
    <>
      <Money usd={perHour * 24} /> a day
      {team.max_budget !== null &&
        (endsAt === null ? (
          ', enough until its reset'
        ) : (
          <>
            , spent up <When at={endsAt} nowMs={nowMs} />
          </>
        ))}
    </>
  )
}

export function Keys({ keys, nowMs }: { readonly keys: readonly Key[]; readonly nowMs: number }) {
  return (
    <Table
      label="Keys"
      empty="No key yet. A key is what an app calls with."
      rows={keys}
      columns={[
        {
          name: 'Key',
          of: (key) => (
            <>
              <a href={`/ui/keys/${key.token}`}>{key.key_alias || key.key_name}</a>
              {key.blocked && <span class="note"> blocked</span>}
            </>
          ),
        },
        { name: 'Budget used', of: (key) => <Bar spend={key.spend} limit={key.max_budget} /> },
        { name: 'Spent', isNumber: true, of: (key) => <Money usd={key.spend} /> },
        {
          name: 'Expires',
          of: ({ expires }) => (expires === null ? 'never' : <When at={expires} nowMs={nowMs} />),
        },
      ]}
    />
  )
}

function Settings({ at, team, filled }: SettingsProps) {
  const { max_budget: budget, budget_duration: duration } = team
  const now = { max_budget: budget === null ? '' : exact(budget), budget_duration: duration ?? '' }
  const limits = { ...filled, values: { ...now, ...filled.values } }
  return (
    <section class="card" aria-label="Settings">
      <h2>Budget</h2>
      <form class="row" method="post" action={`${at}/budget`}>
        <Field name="max_budget" label="Budget in USD" filled={limits} inputmode="decimal" />
        <Field name="budget_duration" label="Period" filled={limits} list={DURATIONS} />
        <button class="quiet">Change</button>
      </form>
      <h2>More for a while</h2>
      <form class="row" method="post" action={`${at}/increase`}>
        <Field
          name="temp_budget_increase"
          label="More, in USD"
          filled={limits}
          inputmode="decimal"
          required
        />
        <Field
          name="temp_budget_expiry"
          label="Until (UTC)"
          placeholder="2026-12-31"
          filled={limits}
          required
        />
        <button class="quiet">Allow</button>
      </form>
      <h2>Calls</h2>
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
