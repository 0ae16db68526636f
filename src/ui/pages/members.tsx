import { Bar, exact, Money } from '../parts/amounts.tsx'
import { Field, type Filled } from '../parts/fields.tsx'
import type { Viewer } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import type { TeamInfo } from './team.tsx'

interface MembersProps {
  readonly at: string
  readonly viewer: Viewer
  readonly info: TeamInfo
  readonly filled: Filled
}

interface Member {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly spend: number
  readonly limit: number | null
}

/** Who is in a team, what they may spend there and have spent. */
export function Members({ at, viewer, info, filled }: MembersProps) {
  return (
    <>
      <Table
        label="Members"
        empty="No members."
        rows={membersOf(info)}
        columns={[
          { name: 'Member', of: ({ name }) => name },
          { name: 'Role', of: ({ role }) => role },
          { name: 'Budget used', of: ({ spend, limit }) => <Bar spend={spend} limit={limit} /> },
          { name: 'Spent', isNumber: true, of: ({ spend }) => <Money usd={spend} /> },
          { name: 'Change', of: (member) => viewer.isAdmin && <Change at={at} member={member} /> },
        ]}
      />
      {viewer.isAdmin && (
        <form class="card row" method="post" action={`${at}/members/add`}>
          <Field name="user_id" label="User id of a new member" filled={filled} required />
          <Field
            name="max_budget_in_team"
            label="Their budget in USD"
            filled={filled}
            inputmode="decimal"
          />
          <button class="quiet">Add</button>
        </form>
      )}
    </>
  )
}

function membersOf({ team_info: team, team_memberships: memberships }: TeamInfo): Member[] {
  return team.members_with_roles.flatMap(({ user_id: id, user_email: email, role }) => {
    if (id === null) return []
    const own = memberships.find((membership) => membership.user_id === id)
    const limit = own?.litellm_budget_table?.max_budget ?? null
    return [{ id, name: email ?? id, role, spend: own?.spend ?? 0, limit }]
  })
}

function Change({ at, member }: { readonly at: string; readonly member: Member }) {
  const { id, name, limit } = member
  return (
    <form class="row tight" method="post" action={`${at}/members/change`}>
      <input type="hidden" name="user_id" value={id} />
      <input
        class="amount"
        name="max_budget_in_team"
        inputmode="decimal"
        aria-label={`Budget of ${name} in USD`}
        value={limit === null ? '' : exact(limit)}
      />
      <button class="quiet" name="what" value="save">
        Save
      </button>
      <button class="quiet" name="what" value="reset">
        Reset spend
      </button>
      <button class="quiet" name="what" value="remove">
        Remove
      </button>
    </form>
  )
}
