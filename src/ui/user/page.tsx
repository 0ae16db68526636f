import { Keys } from '../key/table.tsx'
import { Bar, Money } from '../parts/amounts.tsx'
import { Alert, type FieldGroup, type Filled, Final, Form, type Values } from '../parts/form.tsx'
import { href } from '../parts/href.ts'
import { Head, Live, LIVE, Page } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import { nameOf as teamName, pathOf as teamPath } from '../team/rows.ts'
import type { Viewer } from '../viewer.ts'
import { nameOf, pathOf, type UserInfo } from './rows.ts'

interface UserProps {
  readonly viewer: Viewer
  readonly info: UserInfo
  readonly groups: readonly FieldGroup[]
  readonly filled: Filled
  readonly was: Values
}

export function UserPage({ viewer, info, groups, filled, was }: UserProps) {
  const { user_info: user, keys, teams } = info
  return (
    <Page title={nameOf(user)} viewer={viewer} at="/ui/users" scripts={LIVE}>
      <Head title={nameOf(user)}>
        {viewer.mayChange && (
          <a class="button" href={href('/ui/keys/new', { user_id: user.user_id })}>
            Create key
          </a>
        )}
      </Head>
      <Alert>{filled.form === 'act' && filled.problem?.message}</Alert>
      <Live id="budget">
        <section class="card wide" aria-label="Budget">
          <p>
            <Money usd={user.spend} /> spent by keys of their own
            {user.max_budget !== null && (
              <>
                {' '}
                of <Money usd={user.max_budget} />
              </>
            )}
          </p>
          <Bar spend={user.spend} held={user.held} limit={user.max_budget} />
        </section>
      </Live>
      <h2>Keys</h2>
      <Keys keys={keys} empty="No keys." />
      <h2>Teams</h2>
      <Table
        label="Teams"
        empty="In no team."
        rows={teams}
        columns={[
          { name: 'Team', of: (team) => <a href={teamPath(team.team_id)}>{teamName(team)}</a> },
          { name: 'Spent', isNumber: true, of: (team) => <Money usd={team.spend} /> },
        ]}
      />
      {viewer.isAdmin && (
        <>
          <h2>Settings</h2>
          <Form
            filled={filled.form === 'act' ? { values: was, problem: null } : filled}
            groups={groups}
            button="Save"
            was={was}
          />
          <section class="card">
            <Final to={`${pathOf(user.user_id)}/delete`} name="Delete">
              Delete the user and their keys
            </Final>
          </section>
        </>
      )}
      <p class="note">
        Id <code>{user.user_id}</code>
      </p>
    </Page>
  )
}
