import { Bar, Money } from '../parts/amounts.tsx'
import { type Filled, type FormField, InlineForm } from '../parts/form.tsx'
import { Pager, Table } from '../parts/table.tsx'
import { type Member, memberPath, pathOf } from './rows.ts'

export const ROLE: FormField = {
  name: 'role',
  label: 'Role',
  kind: 'choice',
  options: [
    ['user', 'user'],
    ['admin', 'admin: manages members and keys'],
  ],
}

export const NEW_MEMBER: readonly FormField[] = [
  { name: 'user_id', label: 'User id or email of a new member', required: true },
  ROLE,
  { name: 'max_budget_in_team', label: 'Their budget in USD', kind: 'usd' },
]

const PAGE_SIZE = 50

interface MembersProps {
  readonly teamId: string
  readonly members: readonly Member[]
  readonly page: number
  /** Null: the viewer changes nothing. */
  readonly filled: Filled | null
}

/** Who is in a team, what they may spend there and have spent. */
export function Members({ teamId, members, page, filled }: MembersProps) {
  const pages = Math.ceil(members.length / PAGE_SIZE)
  return (
    <>
      <Table
        label="Members"
        empty="No members."
        rows={members.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)}
        columns={[
          {
            name: 'Member',
            of: ({ id, name }) =>
              filled ? <a href={memberPath(teamId, id)}>{name}</a> : <span>{name}</span>,
          },
          { name: 'Role', of: ({ role }) => role },
          {
            name: 'Budget used',
            of: ({ spend, limits }) => <Bar spend={spend} limit={limits?.max_budget ?? null} />,
          },
          { name: 'Spent', isNumber: true, of: ({ spend }) => <Money usd={spend} /> },
        ]}
      />
      <Pager label="Pages of members" page={page} pages={pages} />
      {filled && (
        <div class="card">
          <InlineForm
            action={`${pathOf(teamId)}/members`}
            filled={filled}
            fields={NEW_MEMBER}
            button="Add"
          />
        </div>
      )}
    </>
  )
}
