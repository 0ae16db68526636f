import { BUDGET, modelsField, PERIOD, RATES } from '../fields.ts'
import { type FieldGroup, type Filled, Form, type FormField, type Option } from '../parts/form.tsx'
import { Page } from '../parts/page.tsx'
import type { Viewer } from '../viewer.ts'

export const ROLES: readonly Option[] = [
  ['internal_user', 'internal user: makes and sees keys of their own'],
  ['internal_user_viewer', 'internal viewer: sees what is their own'],
  ['proxy_admin', 'proxy admin: everything'],
  ['proxy_admin_viewer', 'proxy viewer: sees everything'],
]

const ID: FormField = { name: 'user_id', label: 'Id', hint: 'Empty: one is made up.' }
const KEY: FormField = {
  name: 'auto_create_key',
  label: 'First key',
  hint: 'With a key of their own they sign in here.',
  kind: 'choice',
  options: [
    ['yes', 'make one, shown once'],
    ['no', 'none'],
  ],
}

/** What may be changed of a user. */
export function userGroups(models: readonly string[]): readonly FieldGroup[] {
  return [
    {
      legend: 'User',
      fields: [
        { name: 'user_email', label: 'Email' },
        { name: 'user_alias', label: 'Name' },
        { name: 'user_role', label: 'Role', kind: 'choice', options: ROLES },
        modelsField(models),
      ],
    },
    {
      legend: 'What keys of their own may spend',
      fields: [BUDGET, PERIOD],
    },
    { legend: 'Limits', fields: RATES },
  ]
}

/** What they are made with. */
export function newUserGroups(models: readonly string[]): readonly FieldGroup[] {
  const [first, ...rest] = userGroups(models)
  return [{ legend: 'User', fields: [ID, ...(first?.fields ?? []), KEY] }, ...rest]
}

interface NewUserProps {
  readonly viewer: Viewer
  readonly filled: Filled
  readonly groups: readonly FieldGroup[]
}

export function NewUser({ viewer, filled, groups }: NewUserProps) {
  return (
    <Page title="Create user" viewer={viewer} at="/ui/users">
      <h1>Create user</h1>
      <Form filled={filled} groups={groups} button="Create user" />
    </Page>
  )
}
