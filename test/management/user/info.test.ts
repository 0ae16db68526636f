import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { keys } from '../../../drizzle/schema.ts'
import { sha256Hex } from '../../../src/ids.ts'
import { db } from '../../setup/database.ts'
import { call, type ErrorBody, get, newKey, newTeam, post } from '../../setup/worker.ts'
import { COST, spend } from '../tenant.ts'
import { everybody, newUser, type Row, status } from './people.ts'

interface Info {
  readonly user_id: string
  readonly user_info: Row
  readonly keys: Row[]
  readonly teams: Row[]
}

describe('/user/info', () => {
  it('shows the user with their keys and teams, and what was spent at that instant', async () => {
    const { team_id } = await newTeam({ team_alias: 'builders' })
    const user = await newUser({ teams: [team_id], max_budget: 1, budget_duration: '1d' })
    const ofTeam = await newKey({ team_id, user_id: user.user_id })
    await spend(user.key)
    await spend(ofTeam)
    const info = await get<Info>(`/user/info?user_id=${user.user_id}`)
    expect(info.user_id).toBe(user.user_id)
    expect(info.user_info).toMatchObject({
      spend: COST,
      held: 0,
      max_budget: 1,
      budget_reset_at: expect.stringMatching(/Z$/),
      teams: [team_id],
    })
    expect(info.keys).toHaveLength(2)
    expect(info.keys.find(({ team_id: of }) => of === null)).toMatchObject({
      spend: COST,
      token: user['token'],
      team_alias: null,
    })
    expect(info.keys.find(({ team_id: of }) => of === team_id)).toMatchObject({
      team_alias: 'builders',
    })
    expect(info.teams).toMatchObject([
      { team_id, team_alias: 'builders', team_memberships: [{ user_id: user.user_id, team_id }] },
    ])
    expect(JSON.stringify(info)).not.toContain(user.key)
    expect(JSON.stringify(info)).not.toContain(ofTeam)
  })

  it('shows admins everybody without an id, and their own row', async () => {
    const { team_id } = await newTeam()
    const user = await newUser()
    const info = await get<Info>('/user/info')
    expect(info).toMatchObject({
      user_id: 'default_user_id',
      user_info: { user_role: 'proxy_admin' },
    })
    expect(info.keys.map(({ token }) => token)).toContain(user['token'])
    expect(info.teams.map((team) => team['team_id'])).toContain(team_id)
  })

  it('takes an address with a plus for an id', async () => {
    const user_id = `ann+${crypto.randomUUID()}@example.com`
    await newUser({ user_id })
    for (const sent of [user_id, encodeURIComponent(user_id)]) {
      expect(await get(`/user/info?user_id=${sent}`)).toMatchObject({ user_id })
      expect(await get(`/v2/user/info?user_id=${sent}`)).toMatchObject({ user_id })
    }
  })

  it('is for oneself, admins and viewers', async () => {
    const { team_id } = await newTeam()
    const people = await everybody(team_id)
    const other = await newUser()
    for (const [who, { user_id, key }] of people) {
      const maySee = who.startsWith('proxy_admin')
      const response = await call('GET', `/user/info?user_id=${other.user_id}`, { key })
      expect([who, response.status]).toEqual([who, maySee ? 200 : 403])
      if (!maySee) {
        const own = who === 'nobody' ? 'None' : user_id
        expect((await response.json<ErrorBody>()).error).toMatchObject({
          type: 'auth_error',
          message: `key not allowed to access this user's info. user_id=${other.user_id}, key's user_id=${own}`,
        })
      }
      const own = await call('GET', '/user/info', { key })
      expect([who, own.status]).toEqual([who, who === 'nobody' ? 404 : 200])
      if (!maySee && who !== 'nobody') {
        const info = await own.json<Info>()
        expect(info.user_id).toBe(user_id)
        expect(info.keys).toHaveLength(1)
        expect(info.teams).toEqual([])
      }
    }
  })
})

describe('/v2/user/info', () => {
  it('is the row alone, for oneself, admins and viewers', async () => {
    const { team_id } = await newTeam()
    const people = await everybody(team_id)
    const user = await newUser({ teams: [team_id] })
    const path = `/v2/user/info?user_id=${user.user_id}`
    const boss = await newUser({ teams: [{ team_id, user_role: 'admin' }] })
    const fellow = await newUser({ teams: [team_id] })
    const elsewhere = await newUser({
      teams: [{ team_id: (await newTeam()).team_id, user_role: 'admin' }],
    })
    for (const [who, { key }] of people) {
      expect([who, await status(['GET', path], key)]).toEqual([
        who,
        who.startsWith('proxy_admin') ? 200 : 404,
      ])
    }
    // They may have added a stranger only to read of them.
    expect(await status(['GET', path], boss.key)).toBe(404)
    expect(await status(['GET', path], user.key)).toBe(200)
    expect(await status(['GET', path], fellow.key)).toBe(404)
    expect(await status(['GET', path], elsewhere.key)).toBe(404)
    expect(await get('/v2/user/info', user.key)).toMatchObject({ user_id: user.user_id, spend: 0 })
    expect(await status(['GET', '/v2/user/info'], await newKey())).toBe(400)
    expect(await status(['GET', '/v2/user/info?user_id=never'])).toBe(404)
  })
})

interface Page {
  readonly users: Row[]
  readonly total: number
  readonly page: number
  readonly page_size: number
  readonly total_pages: number
}

const list = (query: string): Promise<Page> => get(`/user/list?${query}`)

describe('/user/list', () => {
  it('has pages, filters and orders', async () => {
    const run = crypto.randomUUID()
    const { team_id } = await newTeam()
    const names = ['a', 'b', 'c'].map((name) => `${name}_${run}`)
    for (const user_id of names) {
      await newUser({ user_id, user_email: `${user_id}@example.com`, user_role: 'internal_user' })
    }
    await post('/team/member_add', { team_id, member: { role: 'user', user_id: names[0] } })
    const ids = async (query: string): Promise<unknown[]> =>
      (await list(query)).users.map(({ user_id }) => user_id)
    expect(await list(`user_ids=${run}&page_size=2&sort_by=user_id`)).toMatchObject({
      users: [
        { user_id: names[0], key_count: 1, spend: 0, teams: [team_id] },
        { user_id: names[1], key_count: 1 },
      ],
      total: 3,
      page: 1,
      page_size: 2,
      total_pages: 2,
    })
    expect(await ids(`user_ids=${run}&page_size=2&sort_by=user_id&page=2`)).toEqual([names[2]])
    expect(await ids(`user_ids=${run}&sort_by=user_id&sort_order=DESC`)).toEqual(names.toReversed())
    expect(await ids(`user_ids=${run}`)).toEqual(names.toReversed())
    expect(await ids(`user_ids=${names[0]},${names[2]},never&sort_by=user_id`)).toEqual([
      names[0],
      names[2],
    ])
    expect(await ids(`user_email=B_${run}`)).toEqual([names[1]])
    expect(await ids(`team=${team_id}&role=internal_user`)).toEqual([names[0]])
    expect(await ids(`team=${team_id}&role=proxy_admin_viewer`)).toEqual([])
    expect(await ids(`user_email=%25${run}`)).toEqual([])
    expect(await ids(`user_ids=${run}&organization_ids=o`)).toEqual([])
  })

  it.each([
    ['page=0', 'page'],
    ['page=x', 'page'],
    ['page_size=101', 'page_size'],
    ['role=king', 'role'],
    ['sort_by=password', 'sort_by'],
    ['sort_order=up', 'sort_order'],
  ])('refuses %s', async (query, param) => {
    const response = await call('GET', `/user/list?${query}`, { key: 'sk-1234' })
    expect([400, 422]).toContain(response.status)
    expect((await response.json<ErrorBody>()).error.param).toBe(param)
  })
})

describe('who may do what with users', () => {
  it.each([
    [['POST', '/user/new', {}], 401, []],
    [['POST', '/user/update', { user_id: 'x' }], 401, []],
    [['POST', '/user/bulk_update', { users: [] }], 401, []],
    [['POST', '/user/delete', { user_ids: ['x'] }], 401, []],
    [['GET', '/user/list'], 403, ['proxy_admin_viewer']],
    [['GET', '/user/available_users'], 401, ['proxy_admin_viewer']],
    [
      ['GET', '/user/available_roles'],
      401,
      ['proxy_admin_viewer', 'internal_user', 'internal_user_viewer', 'nobody'],
    ],
  ] as const)('%j is refused with %i to all but admins and %j', async (asked, code, others) => {
    const { team_id } = await newTeam()
    for (const [who, { key }] of await everybody(team_id)) {
      const answer = await status(asked, key)
      const may = who === 'proxy_admin' || others.some((other) => other === who)
      const refused = who === 'proxy_admin_viewer' ? 403 : code
      expect([who, answer]).toEqual([who, may ? expect.toBeOneOf([200, 400, 404]) : refused])
    }
    expect(await status(asked, 'sk-nobody')).toBe(401)
  })

  it('changes nobody, though it is oneself, nor makes a stronger one', async () => {
    const user = await newUser({ user_role: 'internal_user', max_budget: 1 })
    const body = { user_id: user.user_id, user_role: 'proxy_admin', max_budget: 1_000 }
    expect(await status(['POST', '/user/update', body], user.key)).toBe(401)
    expect(await status(['POST', '/user/new', { user_role: 'proxy_admin' }], user.key)).toBe(401)
    expect(await get('/v2/user/info', user.key)).toMatchObject({
      user_role: 'internal_user',
      max_budget: 1,
    })
  })

  it('hands on no more routes than the key of an admin has', async () => {
    const admin = await newUser({ user_role: 'proxy_admin' })
    const token = await sha256Hex(admin.key)
    await db
      .update(keys)
      .set({ allowedRoutes: ['/user/*'] })
      .where(eq(keys.token, token))
    const made = await post<{ key: string }>('/user/new', { user_role: 'proxy_admin' }, admin.key)
    expect(await status(['GET', '/user/list'], made.key)).toBe(200)
    expect(await status(['GET', '/budget/list'], made.key)).toBe(403)
  })
})

it('knows its roles, and how many users there are', async () => {
  const roles = await get<Record<string, Row>>('/user/available_roles')
  expect(Object.keys(roles)).toEqual([
    'proxy_admin',
    'proxy_admin_viewer',
    'internal_user',
    'internal_user_viewer',
  ])
  expect(roles['proxy_admin']).toEqual({
    description: expect.any(String),
    ui_label: expect.any(String),
  })
  const before = await get<{ total_users_used: number }>('/user/available_users')
  await newUser()
  const after = await get<{ total_users_used: number }>('/user/available_users')
  expect(after).toMatchObject({ total_users: null, total_users_remaining: null })
  expect(after.total_users_used).toBeGreaterThan(before.total_users_used)
})
