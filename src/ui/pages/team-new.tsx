import { Choice, Field, type Filled } from '../parts/fields.tsx'
import { Alert, Page, type Viewer } from '../parts/page.tsx'

export const DURATIONS = ['1d', '7d', '30d', '1mo'] as const

/** The fields of the form: the API's names. */
export const TEAM_FIELDS = [
  'team_alias',
  'max_budget',
  'budget_duration',
  'budget_enforcement',
  'models',
  'tpm_limit',
  'rpm_limit',
  'team_member_budget',
] as const

const MODES = [
  ['', 'as configured'],
  ['headroom', 'headroom: the last call may pass it'],
  ['strict', 'strict: never past it'],
  ['observe', 'observe: only count'],
] as const

interface NewTeamProps {
  readonly viewer: Viewer
  readonly filled: Filled
  readonly models: readonly string[]
}

export function NewTeam({ viewer, filled, models }: NewTeamProps) {
  const { problem } = filled
  const isElsewhere = problem && !TEAM_FIELDS.some((name) => name === problem.field)
  return (
    <Page title="Create team" viewer={viewer} at="/ui/teams">
      <h1>Create team</h1>
      <Alert>{isElsewhere && problem.message}</Alert>
      <form class="card" method="post">
        <Field name="team_alias" label="Name" filled={filled} required />
        <Field
          name="max_budget"
          label="Budget in USD"
          hint="What the team may spend in a period. Empty: no limit."
          filled={filled}
          inputmode="decimal"
        />
        <Field
          name="budget_duration"
          label="Period"
          hint="1d, 7d, 30d, 1mo, …: then the budget is full again. Empty: for ever."
          filled={filled}
          list={DURATIONS}
        />
        <Choice name="budget_enforcement" label="How strict" filled={filled} options={MODES} />
        <Field
          name="models"
          label="Models"
          hint={`Separated by commas. Empty: all${models.length > 0 ? `, such as ${models.slice(0, 3).join(', ')}` : ''}.`}
          filled={filled}
        />
        <Field name="rpm_limit" label="Requests per minute" filled={filled} inputmode="numeric" />
        <Field name="tpm_limit" label="Tokens per minute" filled={filled} inputmode="numeric" />
        <Field
          name="team_member_budget"
          label="Budget of each member in USD"
          filled={filled}
          inputmode="decimal"
        />
        <button>Create team</button>
      </form>
    </Page>
  )
}
