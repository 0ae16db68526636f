import { INCREASE } from '../fields.ts'
import { Keys } from '../key/table.tsx'
import { Chart } from '../parts/chart.tsx'
import { Act, Alert, type Filled, filledOf, InlineForm } from '../parts/form.tsx'
import { href } from '../parts/href.ts'
import { Head, Live, LIVE_CHARTS, Page, Parts } from '../parts/page.tsx'
import type { Spend } from '../spend.ts'
import type { Viewer } from '../viewer.ts'
import { Budget } from './budget.tsx'
import { Members } from './members.tsx'
import { isManager, membersOf, nameOf, pathOf, type TeamInfo, type TeamRow } from './rows.ts'

/** More are in the list of keys. */
const KEYS_MAX = 20

interface TeamProps {
  readonly viewer: Viewer
  readonly info: TeamInfo
  readonly spend: Spend
  /** Of the members. */
  readonly page: number
  /** Of a form that was refused. */
  readonly filled: Filled
}

export function TeamPage({ viewer, info, spend, page, filled }: TeamProps) {
  const { team_info: team } = info
  const at = pathOf(info.team_id)
  const isTheirs = isManager(info, viewer)
  return (
    <Page title={nameOf(team)} viewer={viewer} at="/ui/teams" scripts={LIVE_CHARTS}>
      <Head
        title={
          <>
            {nameOf(team)} {team.blocked && <span class="tag">blocked</span>}
          </>
        }
      >
        {isTheirs && (
          <a class="button quiet" href={`${at}/settings`}>
            Settings
          </a>
        )}
        <a class="button quiet" href={href('/ui/logs', { team_id: info.team_id })}>
          Logs
        </a>
        {viewer.mayChange && (
          <a class="button" href={href('/ui/keys/new', { team_id: info.team_id })}>
            Create key
          </a>
        )}
      </Head>
      <Alert>{filled.form === undefined && filled.problem?.message}</Alert>
      <Now info={info} part="budget" />
      {viewer.isAdmin && <Increase at={at} team={team} filled={filled} />}
      <Live id="chart">
        <section class="card">
          <Chart
            label="Spent by day"
            days={spend.days}
            unit="usd"
            series={[{ name: 'Spent', color: '--spent', values: spend.usd }]}
          />
        </section>
      </Live>
      <h2>Keys</h2>
      <Now info={info} part="keys" />
      <h2>Members</h2>
      <Members
        teamId={info.team_id}
        members={membersOf(info)}
        page={page}
        filled={isTheirs ? filledOf(filled, 'member') : null}
      />
      <Facts team={team} />
    </Page>
  )
}

interface NowProps {
  readonly info: TeamInfo
  readonly part: 'budget' | 'keys'
}

/** What its ledger says of it now. */
function Now({ info: { team_info: team, keys }, part }: NowProps) {
  if (part === 'budget') {
    return (
      <Live id={part}>
        <Budget team={team} />
      </Live>
    )
  }
  return (
    <Live id={part}>
      <Keys keys={keys.slice(0, KEYS_MAX)} />
      {keys.length > KEYS_MAX && (
        <p>
          <a href={href('/ui/keys', { team_id: team.team_id })}>
            All {keys.length.toLocaleString('en-US')} keys
          </a>
        </p>
      )}
    </Live>
  )
}

/** The same alone. */
export function TeamNow({ viewer, info }: Pick<TeamProps, 'viewer' | 'info'>) {
  return (
    <Parts viewer={viewer}>
      <Now info={info} part="budget" />
      <Now info={info} part="keys" />
    </Parts>
  )
}

interface IncreaseProps {
  readonly at: string
  readonly team: TeamRow
  readonly filled: Filled
}

/** More until a time, for a budget that has a limit. */
function Increase({ at, team, filled }: IncreaseProps) {
  if (team.max_budget === null) return null
  const own = filledOf(filled, 'increase')
  return (
    <details class="card" open={own.problem !== null}>
      <summary>More for a while</summary>
      <InlineForm action={`${at}/increase`} filled={own} fields={INCREASE} button="Allow" />
      {team.temp_budget_increase !== null && (
        <p>
          <Act to={`${at}/increase/end`}>End what is allowed now</Act>
        </p>
      )}
    </details>
  )
}

const limit = (value: number | null) => value?.toLocaleString('en-US') ?? 'no limit'

function Facts({ team }: { readonly team: TeamRow }) {
  return (
    <section class="card" aria-label="Settings">
      <dl>
        <dt>Models</dt>
        <dd>{team.models.length > 0 ? team.models.join(', ') : 'all'}</dd>
        <dt>How strict</dt>
        <dd>{team.budget_enforcement ?? 'as configured'}</dd>
        <dt>Requests per minute</dt>
        <dd>{limit(team.rpm_limit)}</dd>
        <dt>Tokens per minute</dt>
        <dd>{limit(team.tpm_limit)}</dd>
        <dt>Calls at the same time</dt>
        <dd>{limit(team.max_parallel_requests)}</dd>
        <dt>Id</dt>
        <dd>
          <code>{team.team_id}</code>
        </dd>
      </dl>
    </section>
  )
}
