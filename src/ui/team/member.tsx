import { PERIOD } from '../fields.ts'
import { Bar, Money } from '../parts/amounts.tsx'
import { type FieldGroup, type Filled, Final, Form, type Values } from '../parts/form.tsx'
import { Page } from '../parts/page.tsx'
import { When } from '../parts/times.tsx'
import type { Viewer } from '../viewer.ts'
import { ROLE } from './members.tsx'
import { type Member, memberPath, nameOf, pathOf, type Team } from './rows.ts'

const OWN = 'Empty: what the team gives each member.'

export const MEMBER_GROUPS: readonly FieldGroup[] = [
  { legend: 'Rights', fields: [ROLE] },
  {
    legend: 'Limits in this team',
    fields: [
      { name: 'max_budget_in_team', label: 'Budget in USD', hint: OWN, kind: 'usd' },
      { ...PERIOD, hint: OWN },
      { name: 'rpm_limit', label: 'Requests per minute', kind: 'count' },
      { name: 'tpm_limit', label: 'Tokens per minute', kind: 'count' },
    ],
  },
]

/** The row that the fields are filled from: limits are those that hold, own or the team's. */
export function memberRow({ role, limits }: Member) {
  return { ...limits, role, max_budget_in_team: limits?.max_budget ?? null }
}

interface MemberProps {
  readonly viewer: Viewer
  readonly team: Team
  readonly member: Member
  readonly filled: Filled
  readonly was: Values
}

export function MemberPage({ viewer, team, member, filled, was }: MemberProps) {
  const { id, name, spend, limits } = member
  const at = memberPath(team.team_id, id)
  return (
    <Page title={name} viewer={viewer} at="/ui/teams">
      <h1>
        {name} in <a href={pathOf(team.team_id)}>{nameOf(team)}</a>
      </h1>
      <section class="card wide" aria-label="Budget">
        <p class="spread">
          <span>
            <Money usd={spend} /> spent
            {limits?.max_budget != null && (
              <>
                {' '}
                of <Money usd={limits.max_budget} />
              </>
            )}
          </span>
          {limits?.budget_reset_at && (
            <span class="note">
              resets <When at={limits.budget_reset_at} />
            </span>
          )}
        </p>
        <Bar spend={spend} limit={limits?.max_budget ?? null} />
        <div class="tools">
          <Final to={`${at}/reset`} name="Reset spend">
            Set it to zero
          </Final>
          <Final to={`${at}/remove`} name="Remove">
            Remove from the team
          </Final>
        </div>
      </section>
      <Form filled={filled} groups={MEMBER_GROUPS} button="Save" was={was} />
    </Page>
  )
}
