import { call, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { hash } from '../spend/tenant.ts'

export interface Written {
  readonly id: string
  readonly updated_at: string
  readonly changed_by: string
  readonly changed_by_api_key: string | null
  readonly action: string
  readonly table_name: string
  readonly object_id: string
  readonly before_value: Readonly<Record<string, unknown>> | null
  readonly updated_values: Readonly<Record<string, unknown>> | null
}

export interface Tenant {
  readonly team_id: string
  readonly user_id: string
  readonly budget_id: string
  readonly key: string
  readonly token: string
}

export async function newTenant(): Promise<Tenant> {
  const user_id = `user-${crypto.randomUUID()}`
  const { team_id } = await newTeam({ max_budget: 1 })
  await post('/team/member_add', { team_id, member: { user_id, role: 'user' } })
  const { budget_id } = await post<{ budget_id: string }>('/budget/new', { max_budget: 1 })
  const key = await newKey({ team_id, user_id, max_budget: 1 })
  return { team_id, user_id, budget_id, key, token: await hash(key) }
}

/** What a change is expected to leave: action, table, object, and some of before and after. */
type Row = readonly [
  action: string,
  table: string,
  objectId: string,
  before: object | null,
  after: object | null,
]

interface Change {
  readonly path: (tenant: Tenant) => readonly [string, object]
  readonly leaves: (tenant: Tenant) => readonly Row[]
}

const TEAM = 'LiteLLM_TeamTable'
const KEY = 'LiteLLM_VerificationToken'
const MEMBER = 'LiteLLM_TeamMembership'
const BUDGET = 'LiteLLM_BudgetTable'
const USER = 'LiteLLM_UserTable'
const CUSTOMER = 'LiteLLM_EndUserTable'
const ONE = '1.000000000000'
const TWO = '2.000000000000'

const memberOf = ({ team_id, user_id }: Tenant): string => `${team_id}/${user_id}`
const updated = (table: string, id: string, [before, after]: readonly [object, object]): Row => [
  'updated',
  table,
  id,
  before,
  after,
]

/** Every change of a tenant's that there is; those that make something are tried apart. */
export const CHANGES: Readonly<Record<string, Change>> = {
  'a team’s update': {
    path: ({ team_id }) => ['/team/update', { team_id, max_budget: 2, team_alias: 'New' }],
    leaves: ({ team_id }) => [
      updated(TEAM, team_id, [
        { max_budget: 1, team_alias: null },
        { max_budget: 2, team_alias: 'New' },
      ]),
    ],
  },
  'a team’s block': {
    path: ({ team_id }) => ['/team/block', { team_id }],
    leaves: ({ team_id }) => [['blocked', TEAM, team_id, { blocked: false }, { blocked: true }]],
  },
  'a team’s delete': {
    path: ({ team_id }) => ['/team/delete', { team_ids: [team_id] }],
    leaves: (tenant) => [
      ['deleted', TEAM, tenant.team_id, { team_id: tenant.team_id, deleted_at: null }, null],
      ['deleted', KEY, tenant.token, { team_id: tenant.team_id }, null],
      ['deleted', MEMBER, memberOf(tenant), { role: 'user' }, null],
      // Who made it.
      ['deleted', MEMBER, `${tenant.team_id}/default_user_id`, { role: 'admin' }, null],
    ],
  },
  'a team’s credit': {
    path: ({ team_id }) => [`/team/${team_id}/credit`, { amount: 1, id: 'receipt' }],
    leaves: ({ team_id }) => [
      updated(TEAM, team_id, [
        { spend: '0.000000000000' },
        { spend: `-${ONE}`, credit: ONE, credit_id: 'receipt' },
      ]),
    ],
  },
  'a member’s update': {
    path: ({ team_id, user_id }) => [
      '/team/member_update',
      { team_id, user_id, max_budget_in_team: 2 },
    ],
    leaves: (tenant) => [
      updated(MEMBER, memberOf(tenant), [{ max_budget: null }, { max_budget: 2 }]),
    ],
  },
  'a member’s delete': {
    path: ({ team_id, user_id }) => ['/team/member_delete', { team_id, user_id }],
    leaves: (tenant) => [
      ['deleted', MEMBER, memberOf(tenant), { role: 'user' }, null],
      ['deleted', KEY, tenant.token, { user_id: tenant.user_id }, null],
    ],
  },
  'a member’s reset': {
    path: ({ team_id, user_id }) => [
      `/team/${team_id}/member/${user_id}/reset_spend`,
      { reset_to: 0 },
    ],
    leaves: (tenant) => [
      updated(MEMBER, memberOf(tenant), [{ spend: '0.000000000000' }, { spend: '0.000000000000' }]),
    ],
  },
  'a key’s update': {
    path: ({ key }) => ['/key/update', { key, rpm_limit: 5, metadata: { a: 1 } }],
    leaves: ({ token }) => [
      updated(KEY, token, [
        { rpm_limit: null, metadata: {} },
        { rpm_limit: 5, metadata: { a: 1 } },
      ]),
    ],
  },
  'a key’s block': {
    path: ({ key }) => ['/key/block', { key }],
    leaves: ({ token }) => [['blocked', KEY, token, { blocked: false }, { blocked: true }]],
  },
  'a key’s delete': {
    path: ({ key }) => ['/key/delete', { keys: [key] }],
    leaves: ({ token }) => [['deleted', KEY, token, { token, deleted_at: null }, null]],
  },
  'a key’s credit': {
    path: ({ key }) => [`/key/${key}/credit`, { amount: 2 }],
    leaves: ({ token }) => [
      updated(KEY, token, [{ spend: '0.000000000000' }, { spend: `-${TWO}`, credit: TWO }]),
    ],
  },
  'a user’s update': {
    path: ({ user_id }) => ['/user/update', { user_id, max_budget: 2, user_role: 'proxy_admin' }],
    leaves: ({ user_id }) => [
      updated(USER, user_id, [
        { max_budget: null, user_role: 'internal_user' },
        { max_budget: 2, user_role: 'proxy_admin' },
      ]),
    ],
  },
  'a user’s delete': {
    path: ({ user_id }) => ['/user/delete', { user_ids: [user_id] }],
    leaves: (tenant) => [
      ['deleted', USER, tenant.user_id, { user_id: tenant.user_id }, null],
      ['deleted', MEMBER, memberOf(tenant), { role: 'user' }, null],
      ['deleted', KEY, tenant.token, { user_id: tenant.user_id }, null],
    ],
  },
  'a customer’s name': {
    path: ({ user_id }) => ['/customer/new', { user_id, alias: 'New' }],
    leaves: ({ user_id }) => [['created', CUSTOMER, user_id, null, { alias: 'New' }]],
  },
  'a budget’s update': {
    path: ({ budget_id }) => ['/budget/update', { budget_id, max_budget: 2 }],
    leaves: ({ budget_id }) => [updated(BUDGET, budget_id, [{ max_budget: 1 }, { max_budget: 2 }])],
  },
  'a budget’s delete': {
    path: ({ budget_id }) => ['/budget/delete', { id: budget_id }],
    leaves: ({ budget_id }) => [['deleted', BUDGET, budget_id, { budget_id }, null]],
  },
}

/** A change in somebody's name. */
export function act(by: string, [path, body]: readonly [string, object]): Promise<Response> {
  return call('POST', path, { key: MASTER, body, headers: { 'litellm-changed-by': by } })
}
