import { post } from '../../setup/worker.ts'

export interface Tenant {
  readonly team_id: string
  readonly user_id: string
  readonly budget_id: string
  readonly key: string
}

export type Change = (tenant: Tenant) => Promise<unknown>

export interface Row {
  readonly team?: object
  readonly key?: object
  readonly change: Change
  /** What every isolate answers the very next call, and who refuses it why. */
  readonly answer: readonly [number, string]
  /** After this every isolate answers again. */
  readonly back?: Change
}

const ofTeam =
  (fields: object): Change =>
  ({ team_id }) =>
    post('/team/update', { team_id, ...fields })
const ofKey =
  (fields: object): Change =>
  ({ key }) =>
    post('/key/update', { key, ...fields })
const ofMember =
  (fields: object): Change =>
  ({ team_id, user_id }) =>
    post('/team/member_update', { team_id, user_id, ...fields })
const ofBudget =
  (fields: object): Change =>
  ({ budget_id }) =>
    post('/budget/update', { budget_id, ...fields })

const FOR_EVER = '2100-01-01T00:00:00Z'
const LONG_AGO = '2020-01-01T00:00:00Z'
export const INCREASE = { temp_budget_increase: 1, temp_budget_expiry: FOR_EVER }
const EXPIRED = { temp_budget_increase: 1, temp_budget_expiry: LONG_AGO }
/** Enough for some calls, and less than one may cost at most. */
const SMALL = 6e-5
const NO_MODEL = { model_max_budget: { llama3: { budget_limit: 0 } } }

/** By what changes, in the words of the test. */
export const CHANGES: Readonly<Record<string, Row>> = {
  "a team's budget": {
    team: { max_budget: 1 },
    change: ofTeam({ max_budget: 0 }),
    answer: [400, 'team:budget'],
    back: ofTeam({ max_budget: 1 }),
  },
  "a key's budget": {
    change: ofKey({ max_budget: 0 }),
    answer: [400, 'key:budget'],
    back: ofKey({ max_budget: null }),
  },
  "a team's rpm": {
    team: { rpm_limit: 1_000 },
    change: ofTeam({ rpm_limit: 0 }),
    answer: [429, 'team:requests'],
    back: ofTeam({ rpm_limit: 1_000 }),
  },
  "a key's tpm": {
    change: ofKey({ tpm_limit: 0 }),
    answer: [429, 'key:tokens'],
    back: ofKey({ tpm_limit: null }),
  },
  'calls at a time': {
    change: ofTeam({ max_parallel_requests: 0 }),
    answer: [429, 'team:parallel'],
    back: ofTeam({ max_parallel_requests: 10 }),
  },
  'one window of several': {
    change: ofKey({ budget_limits: [{ budget_duration: '1d', max_budget: 0 }] }),
    answer: [400, 'key:budget'],
    back: ofKey({ budget_limits: null }),
  },
  "a model's budget": {
    change: ofTeam(NO_MODEL),
    answer: [400, 'team:budget'],
    back: ofTeam({ model_max_budget: {} }),
  },
  "a model's rpm": {
    change: ofKey({ model_rpm_limit: { llama3: 0 } }),
    answer: [429, 'key:requests'],
    back: ofKey({ model_rpm_limit: null }),
  },
  'a shared budget row': {
    change: ofBudget({ max_budget: 0 }),
    answer: [400, 'key:budget'],
    back: ({ budget_id }) => post('/budget/delete', { id: budget_id }),
  },
  'which budget row a key names': {
    change: async ({ key }) => {
      const { budget_id } = await post<{ budget_id: string }>('/budget/new', { max_budget: 0 })
      return post('/key/update', { key, budget_id })
    },
    answer: [400, 'key:budget'],
    back: ofKey({ budget_id: null }),
  },
  "a member's budget": {
    change: ofMember({ max_budget_in_team: 0 }),
    answer: [400, 'member:budget'],
    back: ofMember({ max_budget_in_team: 1 }),
  },
  "a member's rpm": {
    change: ofMember({ rpm_limit: 0 }),
    answer: [429, 'member:requests'],
    back: ofMember({ rpm_limit: null }),
  },
  "members' default budget": {
    team: { team_member_budget: 1 },
    change: ofTeam({ team_member_budget: 0 }),
    answer: [400, 'member:budget'],
    back: ofTeam({ team_member_budget: null }),
  },
  "members' default rpm": {
    change: ofTeam({ team_member_rpm_limit: 0 }),
    answer: [429, 'member:requests'],
    back: ofTeam({ team_member_rpm_limit: null }),
  },
  'a model of the team': {
    team: { models: ['llama3', 'other'] },
    change: ofTeam({ models: ['other'] }),
    answer: [403, 'team:model'],
    back: ofTeam({ models: ['other', 'llama3'] }),
  },
  'a model of the key': {
    change: ofKey({ models: ['other'] }),
    answer: [403, 'key:model'],
    back: ofKey({ models: [] }),
  },
  'what an alias means': {
    key: { aliases: { llama3: 'other' } },
    change: ofKey({ aliases: null, models: ['other'] }),
    answer: [403, 'key:model'],
    back: ofKey({ aliases: { llama3: 'other' } }),
  },
  'a key that is blocked': {
    change: ({ key }) => post('/key/block', { key }),
    answer: [401, ''],
    back: ({ key }) => post('/key/unblock', { key }),
  },
  'a team that is blocked': {
    change: ({ team_id }) => post('/team/block', { team_id }),
    answer: [401, ''],
    back: ({ team_id }) => post('/team/unblock', { team_id }),
  },
  'a key that is deleted': {
    change: ({ key }) => post('/key/delete', { keys: [key] }),
    answer: [401, ''],
  },
  'a team that is deleted': {
    change: ({ team_id }) => post('/team/delete', { team_ids: [team_id] }),
    answer: [401, ''],
  },
  'a member who is deleted': {
    change: ({ team_id, user_id }) => post('/team/member_delete', { team_id, user_id }),
    answer: [401, ''],
  },
  "a team's temporary increase": {
    team: { max_budget: 0, ...INCREASE },
    change: ofTeam(EXPIRED),
    answer: [400, 'team:budget'],
    back: ofTeam(INCREASE),
  },
  "a key's temporary increase": {
    key: { max_budget: 0, ...INCREASE },
    change: ofKey({ temp_budget_increase: null }),
    answer: [400, 'key:budget'],
    back: ofKey(INCREASE),
  },
  "a team's enforcement": {
    team: { max_budget: 0, budget_enforcement: 'observe' },
    change: ofTeam({ budget_enforcement: 'headroom' }),
    answer: [400, 'team:budget'],
    back: ofTeam({ budget_enforcement: 'observe' }),
  },
  "a key's enforcement": {
    key: { max_budget: SMALL },
    change: ofKey({ budget_enforcement: 'strict' }),
    answer: [400, 'key:too_large'],
    back: ofKey({ budget_enforcement: null }),
  },
}
