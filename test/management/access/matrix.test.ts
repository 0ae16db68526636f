import { beforeAll, describe, expect, it } from 'vitest'
import { call, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'

/** Everybody who may call a management route. */
const ACTORS = [
  'master key',
  'proxy admin',
  'viewer',
  'team admin',
  'member',
  'internal user',
  'internal viewer',
  'key of nobody',
] as const

type ActorName = (typeof ACTORS)[number]

interface Person {
  readonly key: string
  readonly userId: string | null
}

/** What a request is about: the caller's own, or another tenant's. */
interface Target {
  readonly teamId: string
  readonly userId: string
  /** Made for this request alone. */
  readonly key: string
}

interface Case {
  readonly route: string
  /** The body, or undefined for a GET. */
  readonly body?: (target: Target) => object
  readonly own: readonly ActorName[]
  readonly foreign: readonly ActorName[]
  /** Whom nothing is said about. */
  readonly unsaid?: readonly ActorName[]
}

const ADMINS = ['master key', 'proxy admin'] as const
const READERS = [...ADMINS, 'viewer'] as const
const TEAM_ADMINS = [...ADMINS, 'team admin'] as const
const USERS = ['team admin', 'member', 'internal user', 'internal viewer'] as const
/** Who makes keys: their own ones. */
const MAKERS = ['team admin', 'member', 'internal user'] as const

const START_END = 'start_date=2026-01-01&end_date=2026-01-31'
const anyId = (): string => crypto.randomUUID()

const CASES: readonly Case[] = [
  { route: 'POST /team/new', body: () => ({}), own: ADMINS, foreign: ADMINS },
  {
    route: 'POST /team/update',
    body: ({ teamId }) => ({ team_id: teamId, team_alias: 'renamed' }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/update',
    body: ({ teamId }) => ({ team_id: teamId, max_budget: 1_000 }),
    own: ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/block',
    body: () => ({ team_id: anyId() }),
    own: ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/unblock',
    body: ({ teamId }) => ({ team_id: teamId }),
    own: ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/delete',
    body: () => ({ team_ids: [anyId()] }),
    own: ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/{team}/credit',
    body: () => ({ amount: 1 }),
    own: ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'GET /team/info?team_id={team}',
    own: [...READERS, 'team admin', 'member', 'key of nobody'],
    foreign: READERS,
  },
  { route: 'GET /team/list', own: [...READERS, ...USERS], foreign: [], unsaid: ['key of nobody'] },
  { route: 'GET /team/list?user_id={user}', own: READERS, foreign: READERS, unsaid: USERS },
  { route: 'GET /team/reconcile?team_id={team}', own: READERS, foreign: READERS },
  {
    route: 'GET /team/permissions_list?team_id={team}',
    own: TEAM_ADMINS,
    foreign: ADMINS,
    unsaid: ['viewer', 'member'],
  },
  {
    route: 'POST /team/permissions_update',
    body: ({ teamId }) => ({ team_id: teamId, team_member_permissions: ['/key/info'] }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/member_add',
    body: ({ teamId }) => ({ team_id: teamId, member: { role: 'user', user_id: anyId() } }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/bulk_member_add',
    body: ({ teamId }) => ({ team_id: teamId, members: [{ role: 'user', user_id: anyId() }] }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/member_update',
    body: ({ teamId }) => ({ team_id: teamId, user_id: anyId(), rpm_limit: 5 }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/member_delete',
    body: ({ teamId }) => ({ team_id: teamId, user_id: anyId() }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/{team}/member/nobody/reset_spend',
    body: () => ({ reset_to: 0 }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /team/model/add',
    body: ({ teamId }) => ({ team_id: teamId, models: ['llama3'] }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /key/generate',
    body: ({ teamId }) => ({ team_id: teamId }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
  },
  { route: 'POST /key/generate', body: () => ({}), own: [...ADMINS, ...MAKERS], foreign: [] },
  {
    route: 'POST /key/service-account/generate',
    body: ({ teamId }) => ({ team_id: teamId }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'POST /key/update',
    body: ({ key }) => ({ key, metadata: { touched: true } }),
    own: [...TEAM_ADMINS, 'internal user'],
    foreign: ADMINS,
  },
  {
    route: 'POST /key/update',
    body: ({ key }) => ({ key, spend: 0 }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
    unsaid: ['team admin'],
  },
  { route: 'POST /key/block', body: ({ key }) => ({ key }), own: TEAM_ADMINS, foreign: ADMINS },
  { route: 'POST /key/unblock', body: ({ key }) => ({ key }), own: TEAM_ADMINS, foreign: ADMINS },
  {
    route: 'POST /key/{key}/regenerate',
    body: () => ({}),
    own: [...TEAM_ADMINS, 'internal user'],
    foreign: ADMINS,
  },
  {
    route: 'POST /key/delete',
    body: ({ key }) => ({ keys: [key] }),
    own: [...TEAM_ADMINS, 'internal user'],
    foreign: ADMINS,
  },
  {
    route: 'POST /key/{key}/reset_spend',
    body: () => ({ reset_to: 0 }),
    own: TEAM_ADMINS,
    foreign: ADMINS,
    unsaid: ['team admin'],
  },
  {
    route: 'POST /key/{key}/credit',
    body: () => ({ amount: 1 }),
    own: ADMINS,
    foreign: ADMINS,
  },
  {
    route: 'GET /key/info?key={key}',
    own: [...READERS, ...USERS],
    foreign: READERS,
    unsaid: ['key of nobody'],
  },
  { route: 'GET /key/info', own: ACTORS, foreign: [], unsaid: ['master key'] },
  { route: 'GET /key/list', own: [...READERS, ...USERS], foreign: [], unsaid: ['key of nobody'] },
  { route: 'POST /budget/new', body: () => ({ max_budget: 1 }), own: ADMINS, foreign: ADMINS },
  {
    route: 'POST /budget/update',
    body: () => ({ budget_id: anyId(), max_budget: 1 }),
    own: ADMINS,
    foreign: ADMINS,
  },
  { route: 'POST /budget/delete', body: () => ({ id: anyId() }), own: ADMINS, foreign: ADMINS },
  { route: 'GET /budget/list', own: READERS, foreign: READERS },
  { route: 'POST /user/new', body: () => ({}), own: ADMINS, foreign: ADMINS },
  {
    route: 'POST /user/update',
    body: ({ userId }) => ({ user_id: userId, user_role: 'proxy_admin_viewer' }),
    own: [],
    foreign: ADMINS,
    unsaid: ADMINS,
  },
  {
    route: 'POST /user/delete',
    body: () => ({ user_ids: [anyId()] }),
    own: ADMINS,
    foreign: ADMINS,
  },
  { route: 'GET /user/info?user_id={user}', own: [...READERS, ...USERS], foreign: READERS },
  { route: 'GET /user/list', own: READERS, foreign: READERS },
  {
    route: 'POST /customer/new',
    body: () => ({ user_id: anyId() }),
    own: ADMINS,
    foreign: ADMINS,
  },
  { route: 'GET /customer/list', own: READERS, foreign: READERS },
  { route: 'GET /audit/logs', own: READERS, foreign: READERS },
  { route: 'GET /global/spend', own: READERS, foreign: READERS },
  { route: 'GET /global/spend/keys', own: READERS, foreign: READERS },
  { route: 'GET /global/spend/teams', own: READERS, foreign: READERS },
  { route: 'GET /global/spend/models', own: READERS, foreign: READERS },
  {
    route: `GET /spend/logs?user_id={user}&${START_END}`,
    own: [...READERS, ...USERS],
    foreign: READERS,
  },
  {
    route: `GET /team/daily/activity?team_ids={team}&${START_END}`,
    own: [...READERS, 'team admin', 'member'],
    foreign: READERS,
    unsaid: ['key of nobody'],
  },
  {
    route: `GET /user/daily/activity?user_id={user}&${START_END}`,
    own: [...READERS, ...USERS],
    foreign: READERS,
  },
  { route: 'GET /model/info', own: ACTORS, foreign: [] },
]

const people = new Map<ActorName, Person>()
let ourTeam: string
let otherTeam: string
let otherUser: string

async function newPerson(role: string, team?: { readonly id: string; readonly as: string }) {
  const { user_id: userId } = await post<{ user_id: string }>('/user/new', {
    user_role: role,
    auto_create_key: false,
  })
  if (team) {
    const member = { role: team.as, user_id: userId }
    await post('/team/member_add', { team_id: team.id, member })
  }
  return { userId, key: await newKey({ user_id: userId, ...(team && { team_id: team.id }) }) }
}

beforeAll(async () => {
  const teams = await Promise.all([newTeam({ max_budget: 100 }), newTeam({ max_budget: 100 })])
  ;[ourTeam, otherTeam] = teams.map(({ team_id }) => team_id) as [string, string]
  people.set('master key', { key: MASTER, userId: 'default_user_id' })
  people.set('proxy admin', await newPerson('proxy_admin'))
  people.set('viewer', await newPerson('proxy_admin_viewer'))
  people.set('team admin', await newPerson('internal_user', { id: ourTeam, as: 'admin' }))
  people.set('member', await newPerson('internal_user', { id: ourTeam, as: 'user' }))
  people.set('internal user', await newPerson('internal_user'))
  people.set('internal viewer', await newPerson('internal_user_viewer'))
  people.set('key of nobody', { key: await newKey({ team_id: ourTeam }), userId: null })
  otherUser = (await newPerson('internal_user', { id: otherTeam, as: 'user' })).userId
})

const IN_OUR_TEAM: ReadonlySet<ActorName> = new Set(['team admin', 'member', 'key of nobody'])

async function targetOf(name: ActorName, whose: 'own' | 'foreign'): Promise<Target> {
  const { userId } = people.get(name)!
  if (whose === 'foreign') {
    const key = await newKey({ team_id: otherTeam, user_id: otherUser, max_budget: 1 })
    return { teamId: otherTeam, userId: otherUser, key }
  }
  const owner = IN_OUR_TEAM.has(name)
    ? { team_id: ourTeam, ...(userId && { user_id: userId }) }
    : { user_id: userId ?? undefined }
  const key = await newKey({ ...owner, max_budget: 1 })
  return { teamId: ourTeam, userId: userId ?? otherUser, key }
}

async function ask({ route, body }: Case, name: ActorName, target: Target): Promise<Response> {
  const [method = '', path = ''] = route.split(' ')
  const filled = path
    .replace('{team}', target.teamId)
    .replace('{user}', target.userId)
    .replace('{key}', target.key)
  return call(method, filled, { key: people.get(name)!.key, body: body?.(target) })
}

/** What a request meets: the rights, or what lies behind them. */
async function verdict(response: Response): Promise<string> {
  const text = await response.text()
  if (response.status === 401 || response.status === 403) {
    expect(text).not.toMatch(/token_not_found|Invalid proxy server token/)
    return 'refused'
  }
  expect(response.status, text).toBeLessThan(500)
  return 'admitted'
}

describe.each(ACTORS)('%s', (name) => {
  it.each(
    CASES.map((each) => [`${each.route} ${each.body ? shownBody(each) : ''}`, each] as const),
  )('%s', async (_title, each) => {
    for (const whose of ['own', 'foreign'] as const) {
      const hasForeign = each.foreign.length > 0
      if (each.unsaid?.includes(name) || (whose === 'foreign' && !hasForeign)) continue
      const response = await ask(each, name, await targetOf(name, whose))
      const expected = each[whose].includes(name) ? 'admitted' : 'refused'
      expect(`${whose}: ${await verdict(response)}`).toBe(`${whose}: ${expected}`)
    }
  })
})

function shownBody({ body }: Case): string {
  return Object.keys(body?.({ teamId: '', userId: '', key: '' }) ?? {}).join(', ')
}
