import { BUDGET, ENFORCEMENT, modelsField, PERIOD, RATES, WINDOWS } from '../fields.ts'
import { Act, type FieldGroup, type Filled, Form, InlineForm, type Values } from '../parts/form.tsx'
import { Page } from '../parts/page.tsx'
import type { Viewer } from '../viewer.ts'
import { nameOf, pathOf, type Team } from './rows.ts'

const NAME = { name: 'team_alias', label: 'Name', required: true } as const

/** What a team is made with; what may be changed later by an admin. */
export function teamGroups(models: readonly string[]): readonly FieldGroup[] {
  return [
    { legend: 'Team', fields: [NAME, modelsField(models)] },
    { legend: 'Budget', fields: [BUDGET, PERIOD, WINDOWS, ENFORCEMENT] },
    { legend: 'Limits', fields: RATES },
    {
      legend: 'What each member gets',
      fields: [
        { name: 'team_member_budget', label: 'Budget of each member in USD', kind: 'usd' },
        { ...PERIOD, name: 'team_member_budget_duration', label: 'Period of each member' },
        { name: 'team_member_rpm_limit', label: 'Requests per minute of each', kind: 'count' },
        { name: 'team_member_tpm_limit', label: 'Tokens per minute of each', kind: 'count' },
        {
          name: 'team_member_key_duration',
          label: 'Keys of members expire after',
          hint: '30d, 12h, …. Empty: never.',
        },
      ],
    },
  ]
}

/** What the admins of a team may change of it. */
export function managerGroups(models: readonly string[]): readonly FieldGroup[] {
  return teamGroups(models).slice(0, 1)
}

interface NewTeamProps {
  readonly viewer: Viewer
  readonly filled: Filled
  readonly groups: readonly FieldGroup[]
}

export function NewTeam({ viewer, filled, groups }: NewTeamProps) {
  return (
    <Page title="Create team" viewer={viewer} at="/ui/teams">
      <h1>Create team</h1>
      <Form filled={filled} groups={groups} button="Create team" />
    </Page>
  )
}

interface SettingsProps extends NewTeamProps {
  readonly team: Team
  readonly was: Values
}

export function TeamSettings({ viewer, team, filled, groups, was }: SettingsProps) {
  const at = pathOf(team.team_id)
  const removal = filled.form === 'delete' ? filled : { form: 'delete', values: {}, problem: null }
  return (
    <Page title={`Settings of ${nameOf(team)}`} viewer={viewer} at="/ui/teams">
      <h1>
        Settings of <a href={at}>{nameOf(team)}</a>
      </h1>
      <Form
        filled={filled.form === 'delete' ? { values: was, problem: null } : filled}
        groups={groups}
        button="Save"
        was={was}
      />
      {viewer.isAdmin && (
        <section class="card">
          <h2>Calls</h2>
          <Act to={`${at}/${team.blocked ? 'unblock' : 'block'}`}>
            {team.blocked ? 'Admit calls again' : 'Block: refuse every call'}
          </Act>
          <h2>Delete the team</h2>
          <InlineForm
            action={`${at}/delete`}
            filled={removal}
            fields={[
              {
                name: 'confirmation',
                label: `Type “${nameOf(team)}” to delete it with its keys`,
                required: true,
              },
            ]}
            button="Delete for good"
          />
        </section>
      )}
    </Page>
  )
}
