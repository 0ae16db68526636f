import { Bar, Money } from '../parts/amounts.tsx'
import type { FormField } from '../parts/form.tsx'
import { Head, Page } from '../parts/page.tsx'
import { Search } from '../parts/search.tsx'
import { Pager, Table } from '../parts/table.tsx'
import type { Viewer } from '../viewer.ts'
import { ROLES } from './form.tsx'
import { nameOf, pathOf, type UserList } from './rows.ts'

export interface UsersQuery {
  readonly user_email: string
  readonly role: string
}

interface UsersProps {
  readonly viewer: Viewer
  readonly list: UserList
  readonly asked: UsersQuery
}

const FILTERS: readonly FormField[] = [
  { name: 'user_email', label: 'Email' },
  {
    name: 'role',
    label: 'Role',
    kind: 'choice',
    options: [['', 'any'], ...ROLES.map(([role]) => [role, role] as const)],
  },
]

export function Users({ viewer, list, asked }: UsersProps) {
  const values = { ...asked }
  return (
    <Page title="Users" viewer={viewer} at="/ui/users">
      <Head title="Users">
        {viewer.isAdmin && (
          <a class="button" href="/ui/users/new">
            Create user
          </a>
        )}
      </Head>
      <Search fields={FILTERS} values={values} />
      <Table
        label="Users"
        empty="No user fits. Members of teams become users."
        rows={list.users}
        columns={[
          { name: 'User', of: (row) => <a href={pathOf(row.user_id)}>{nameOf(row)}</a> },
          { name: 'Role', of: (row) => row.user_role ?? '–' },
          { name: 'Teams', isNumber: true, of: (row) => String(row.teams.length) },
          { name: 'Budget used', of: (row) => <Bar spend={row.spend} limit={row.max_budget} /> },
          { name: 'Spent', isNumber: true, of: (row) => <Money usd={row.spend} /> },
        ]}
      />
      <Pager label="Pages of users" page={list.page} pages={list.total_pages} asked={values} />
    </Page>
  )
}
