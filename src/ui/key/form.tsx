import { BUDGET, ENFORCEMENT, modelsField, PERIOD, RATES, WINDOWS } from '../fields.ts'
import { type FieldGroup, type Filled, Form, type FormField, type Values } from '../parts/form.tsx'
import { Page } from '../parts/page.tsx'
import type { Viewer } from '../viewer.ts'
import { type KeyInfo, nameOf, pathOf } from './rows.ts'

const NAME: FormField = { name: 'key_alias', label: 'Name', hint: 'So that you know it again.' }
const OWNERS: readonly FormField[] = [
  { name: 'team_id', label: 'Team id', hint: 'Whose budget pays. Empty: the user’s.' },
  { name: 'user_id', label: 'User id', hint: 'For whom it acts. Empty: for nobody.' },
]
const SHARED: FormField = {
  name: 'budget_id',
  label: 'Shared budget',
  hint: 'Its id, in the place of limits of its own.',
}

interface Asked {
  readonly viewer: Viewer
  readonly models: readonly string[]
  /** Fields that a new key has beside those that may be changed. */
  readonly owners: readonly FormField[]
  readonly expiryHint: string
}

function keyGroups({ viewer, models, owners, expiryHint }: Asked): readonly FieldGroup[] {
  const expiry: FormField = { name: 'duration', label: 'Expires after', hint: expiryHint }
  const ofAdmins = viewer.isAdmin ? [ENFORCEMENT, SHARED] : []
  const all = 'all that its team may call'
  return [
    { legend: 'Key', fields: [NAME, ...owners, modelsField(models, all), expiry] },
    {
      legend: 'Budget of its own',
      fields: [{ ...BUDGET, hint: 'Empty: only the team’s.' }, PERIOD, WINDOWS, ...ofAdmins],
    },
    { legend: 'Limits', fields: RATES },
  ]
}

/** What a key is made with. A team that was chosen is not asked for. */
export function newKeyGroups(viewer: Viewer, models: readonly string[], teamId: string) {
  const asked = OWNERS.filter(({ name }) => name !== 'team_id' || teamId === '')
  const owners = viewer.seesAll ? asked : asked.filter(({ name }) => name === 'team_id')
  return keyGroups({ viewer, models, owners, expiryHint: '30d, 12h, …. Empty: never.' })
}

/** What may be changed of it. */
export function keySettings(viewer: Viewer, models: readonly string[]) {
  const expiryHint = '30d, 12h, … from now, or “never”. Empty: as it is.'
  return keyGroups({ viewer, models, owners: [], expiryHint })
}

interface NewKeyProps {
  readonly viewer: Viewer
  /** Null: none was chosen yet. */
  readonly team: { readonly id: string; readonly name: string } | null
  readonly groups: readonly FieldGroup[]
  readonly filled: Filled
}

export function NewKey({ viewer, team, groups, filled }: NewKeyProps) {
  return (
    <Page title="Create key" viewer={viewer} at="/ui/keys">
      <h1>{team ? `Create a key of ${team.name}` : 'Create a key'}</h1>
      <Form filled={filled} groups={groups} button="Create key" action="/ui/keys/new">
        {team && <input type="hidden" name="team_id" value={team.id} />}
      </Form>
    </Page>
  )
}

interface SettingsProps {
  readonly viewer: Viewer
  readonly hash: string
  readonly info: KeyInfo
  readonly groups: readonly FieldGroup[]
  readonly filled: Filled
  readonly was: Values
}

export function KeySettings({ viewer, hash, info, groups, filled, was }: SettingsProps) {
  return (
    <Page title={`Settings of ${nameOf(info)}`} viewer={viewer} at="/ui/keys">
      <h1>
        Settings of <a href={pathOf(hash)}>{nameOf(info)}</a>
      </h1>
      <Form filled={filled} groups={groups} button="Save" was={was} />
    </Page>
  )
}
