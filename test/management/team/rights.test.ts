import { describe, expect, it } from 'vitest'
import { call, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { addMember, newPerson, outcome, staffedTeam } from '../people.ts'

type Asker =
  'master' | 'proxy_admin' | 'viewer' | 'admin' | 'member' | 'foreign' | 'key' | 'stranger'

const ASKERS: readonly Asker[] = [
  'master',
  'proxy_admin',
  'viewer',
  'admin',
  'member',
  'foreign',
  'key',
  'stranger',
]

/** Everybody who may ask something of a team; `foreign` is the admin of another one. */
async function world() {
  const [team, other, boss, viewer, stranger] = await Promise.all([
    staffedTeam(),
    staffedTeam(),
    newPerson('proxy_admin'),
    newPerson('proxy_admin_viewer'),
    newPerson(),
  ])
  const keys: Readonly<Record<Asker, string>> = {
    master: MASTER,
    proxy_admin: boss.key,
    viewer: viewer.key,
    admin: team.admin.key,
    member: team.member.key,
    foreign: other.admin.key,
    key: team.key,
    stranger: stranger.key,
  }
  return { ...team, keys, stranger }
}

const ADMINS: readonly Asker[] = ['master', 'proxy_admin']
const TEAM_ADMINS: readonly Asker[] = [...ADMINS, 'admin']

interface Route {
  readonly may: readonly Asker[]
  readonly refused: number
  readonly message: string
  readonly send: (team_id: string, user_id: string) => readonly [string, string, object?]
}

const notAdmin = { refused: 401, message: 'Only proxy admin can be used to' }
const notTeamAdmin = {
  refused: 403,
  message: 'Call not allowed. User not proxy admin OR team admin.',
}
const notReader = { refused: 403, message: 'not authorized to access this team=' }

const ROUTES: Readonly<Record<string, Route>> = {
  '/team/new': { may: ADMINS, ...notAdmin, send: () => ['POST', '/team/new', {}] },
  '/team/block': {
    may: ADMINS,
    ...notAdmin,
    send: (team_id) => ['POST', '/team/block', { team_id }],
  },
  '/team/unblock': {
    may: ADMINS,
    ...notAdmin,
    send: (team_id) => ['POST', '/team/unblock', { team_id }],
  },
  '/team/{team_id}/credit': {
    may: ADMINS,
    ...notAdmin,
    send: (team_id) => ['POST', `/team/${team_id}/credit`, { amount: 1 }],
  },
  '/team/delete': {
    may: ADMINS,
    ...notAdmin,
    send: (team_id) => ['POST', '/team/delete', { team_ids: [team_id] }],
  },
  '/team/reconcile': {
    may: [...ADMINS, 'viewer'],
    ...notAdmin,
    send: (team_id) => ['GET', `/team/reconcile?team_id=${team_id}`],
  },
  '/team/info': {
    may: [...TEAM_ADMINS, 'viewer', 'member', 'key'],
    ...notReader,
    send: (team_id) => ['GET', `/team/info?team_id=${team_id}`],
  },
  '/team/update': {
    may: TEAM_ADMINS,
    ...notTeamAdmin,
    send: (team_id) => ['POST', '/team/update', { team_id, team_alias: 'renamed' }],
  },
  '/team/model/add': {
    may: TEAM_ADMINS,
    ...notTeamAdmin,
    send: (team_id) => ['POST', '/team/model/add', { team_id, models: ['llama3'] }],
  },
  '/team/model/delete': {
    may: TEAM_ADMINS,
    ...notTeamAdmin,
    send: (team_id) => ['POST', '/team/model/delete', { team_id, models: ['llama3'] }],
  },
  '/team/permissions_list': {
    may: [...TEAM_ADMINS, 'viewer'],
    ...notTeamAdmin,
    send: (team_id) => ['GET', `/team/permissions_list?team_id=${team_id}`],
  },
  '/team/permissions_update': {
    may: TEAM_ADMINS,
    ...notTeamAdmin,
    send: (team_id) => [
      'POST',
      '/team/permissions_update',
      { team_id, team_member_permissions: [] },
    ],
  },
  '/team/member_add': {
    may: TEAM_ADMINS,
    ...notTeamAdmin,
    send: (team_id) => [
      'POST',
      '/team/member_add',
      { team_id, member: { role: 'user', user_id: crypto.randomUUID() } },
    ],
  },
  '/team/bulk_member_add': {
    may: TEAM_ADMINS,
    ...notTeamAdmin,
    send: (team_id) => [
      'POST',
      '/team/bulk_member_add',
      { team_id, members: [{ role: 'user', user_id: crypto.randomUUID() }] },
    ],
  },
  '/team/member_update': {
    may: TEAM_ADMINS,
    ...notTeamAdmin,
    send: (team_id, user_id) => [
      'POST',
      '/team/member_update',
      { team_id, user_id, max_budget_in_team: 1 },
    ],
  },
  '/team/member_delete': {
    may: TEAM_ADMINS,
    ...notTeamAdmin,
    send: (team_id, user_id) => ['POST', '/team/member_delete', { team_id, user_id }],
  },
  '/team/{team_id}/member/{user_id}/reset_spend': {
    may: TEAM_ADMINS,
    ...notTeamAdmin,
    send: (team_id, user_id) => [
      'POST',
      `/team/${team_id}/member/${user_id}/reset_spend`,
      { reset_to: 0 },
    ],
  },
}

describe('what is refused', () => {
  it.each(Object.entries(ROUTES))('%s', async (_name, { may, refused, message, send }) => {
    const { team_id, member, keys } = await world()
    for (const asker of ASKERS.filter((each) => !may.includes(each))) {
      const [method, path, body] = send(team_id, member.user_id)
      const answer = await outcome(method, path, keys[asker], body)
      // Who sees everything and changes nothing is told so.
      const isViewer = refused === 401 && asker === 'viewer'
      const [status, text] = isViewer ? [403, 'role= proxy_admin_viewer'] : [refused, message]
      expect([asker, answer.status]).toEqual([asker, status])
      expect(answer.error?.message).toContain(text)
    }
  })

  it('is nothing that changed anything', async () => {
    const { team_id, member, keys } = await world()
    const before = await get(`/team/info?team_id=${team_id}`)
    for (const { may, send } of Object.values(ROUTES)) {
      for (const asker of ASKERS.filter((each) => !may.includes(each))) {
        const [method, path, body] = send(team_id, member.user_id)
        await call(method, path, { key: keys[asker], body })
      }
    }
    expect(await get(`/team/info?team_id=${team_id}`)).toEqual(before)
  })
})

describe('who may', () => {
  it.each(Object.entries(ROUTES))('%s', async (name, { may, send }) => {
    for (const asker of may) {
      const { team_id, member, keys } = await world()
      if (name.endsWith('/credit')) await post('/team/update', { team_id, max_budget: 1 })
      const [method, path, body] = send(team_id, member.user_id)
      const answer = await outcome(method, path, keys[asker], body)
      expect([asker, answer]).toEqual([asker, { status: 200, error: undefined }])
    }
  })

  it('stops with the role: a team admin who is none any more', async () => {
    const { team_id, admin } = await staffedTeam()
    const change = { team_id, team_alias: 'mine' }
    expect((await outcome('POST', '/team/update', admin.key, change)).status).toBe(200)
    await post('/team/member_update', { team_id, user_id: admin.user_id, role: 'user' })
    expect((await outcome('POST', '/team/update', admin.key, change)).status).toBe(403)
    await post('/team/member_delete', { team_id, user_id: admin.user_id })
    const info = await outcome('GET', `/team/info?team_id=${team_id}`, admin.key)
    expect(info.status).toBe(403)
  })

  it.each(['proxy_admin_viewer', 'internal_user_viewer'])(
    'changes nothing as a %s, an admin of the team or not',
    async (role) => {
      const { team_id } = await staffedTeam()
      const viewer = await newPerson(role)
      await addMember(team_id, viewer.user_id, 'admin')
      const change = { team_id, team_alias: 'mine' }
      expect((await outcome('POST', '/team/update', viewer.key, change)).status).toBe(403)
      const info = await outcome('GET', `/team/info?team_id=${team_id}`, viewer.key)
      expect(info.status).toBe(200)
    },
  )

  it('learns nothing of teams that are not there, but as an admin', async () => {
    const { key } = await newPerson()
    for (const [caller, status] of [
      [key, 403],
      [MASTER, 404],
    ] as const) {
      const sent = { team_id: 'nobody', team_alias: 'x' }
      expect((await outcome('POST', '/team/update', caller, sent)).status).toBe(status)
      const info = await outcome('GET', '/team/info?team_id=nobody', caller)
      expect(info.status).toBe(status)
    }
  })
})

describe("a team's admin", () => {
  it.each([
    ['team_alias', 'renamed'],
    ['metadata', { cost_centre: 7 }],
    ['models', ['llama3']],
    ['model_aliases', { fast: 'llama3' }],
    ['team_member_permissions', ['/key/generate']],
  ])('changes %s', async (field, value) => {
    const { team_id, admin } = await staffedTeam()
    const { data } = await post<{ data: Record<string, unknown> }>(
      '/team/update',
      { team_id, [field]: value },
      admin.key,
    )
    expect(data[field]).toEqual(value)
  })

  it.each([
    ['max_budget', 5],
    ['max_budget', null],
    ['soft_budget', 5],
    ['budget_duration', '1d'],
    ['budget_reset_alignment', 'calendar'],
    ['budget_limits', [{ budget_duration: '1d', max_budget: 5 }]],
    ['model_max_budget', { llama3: { budget_limit: 5 } }],
    ['model_rpm_limit', { llama3: 5 }],
    ['model_tpm_limit', { llama3: 5 }],
    ['metadata.model_rpm_limit', { llama3: 5 }],
    ['metadata.model_tpm_limit', null],
    ['rpm_limit', 5],
    ['tpm_limit', 5],
    ['max_parallel_requests', 5],
    ['budget_enforcement', 'observe'],
    ['temp_budget_increase', 5],
    ['blocked', false],
    ['team_member_budget', 5],
    ['team_member_budget_duration', '1d'],
    ['team_member_rpm_limit', 5],
    ['team_member_tpm_limit', 5],
    ['team_member_key_duration', '1d'],
  ])('is refused %s by name, and nothing changes', async (field, value) => {
    const { team_id, admin } = await staffedTeam({ max_budget: 1 })
    const before = await get(`/team/info?team_id=${team_id}`)
    const [outer = '', inner] = field.split('.')
    const sent = {
      team_id,
      team_alias: 'renamed',
      [outer]: inner === undefined ? value : { [inner]: value },
      ...(field === 'temp_budget_increase' && { temp_budget_expiry: '2100-01-01T00:00:00Z' }),
    }
    expect(await outcome('POST', '/team/update', admin.key, sent)).toMatchObject({
      status: 403,
      error: {
        message: `Team admins are not allowed to change ${field}. Ask a proxy admin.`,
        param: field,
        code: '403',
      },
    })
    expect(await get(`/team/info?team_id=${team_id}`)).toEqual(before)
  })

  it('acts by a key of theirs in the team, too', async () => {
    const { team_id, admin } = await staffedTeam()
    const key = await newKey({ team_id, user_id: admin.user_id })
    const change = { team_id, team_alias: 'renamed' }
    expect((await outcome('POST', '/team/update', key, change)).status).toBe(200)
  })
})

const idsOf = async (key: string, search = ''): Promise<string[]> =>
  (await get<{ team_id: string }[]>(`/team/list${search}`, key)).map(({ team_id }) => team_id)

describe('/team/list', () => {
  it('shows admins and viewers every team', async () => {
    const { team_id } = await newTeam()
    for (const role of ['proxy_admin', 'proxy_admin_viewer']) {
      expect(await idsOf((await newPerson(role)).key)).toContain(team_id)
    }
  })

  it('shows others the teams that they are in, and a key its own', async () => {
    const [mine, other] = [await staffedTeam(), await staffedTeam()]
    const { user_id, key } = mine.member
    expect(await idsOf(key)).toEqual([mine.team_id])
    expect(await idsOf(key, `?user_id=${user_id}`)).toEqual([mine.team_id])
    expect(await idsOf(mine.key)).toEqual([mine.team_id])
    await addMember(other.team_id, user_id)
    expect((await idsOf(key)).toSorted()).toEqual([mine.team_id, other.team_id].toSorted())
    await post('/team/member_delete', { team_id: mine.team_id, user_id })
    expect(await idsOf(key)).toEqual([other.team_id])
    expect(await idsOf((await newPerson()).key)).toEqual([])
  })

  it.each(['/team/list', '/v2/team/list'])('%s refuses to show those of another', async (path) => {
    const { admin, member, key } = await staffedTeam()
    for (const caller of [member.key, key]) {
      const answer = await outcome('GET', `${path}?user_id=${admin.user_id}`, caller)
      expect(answer).toMatchObject({
        status: 403,
        error: {
          message: expect.stringContaining('Only admin users can query all teams/other teams.'),
          param: 'user_id',
        },
      })
    }
  })

  it('has none that anybody could join', async () => {
    expect(await get('/team/available', (await newPerson()).key)).toEqual([])
  })
})

describe("a member's spend", () => {
  it('is not reset by themselves, but by another admin, and by proxy admins for themselves', async () => {
    const { team_id, admin } = await staffedTeam()
    const path = `/team/${team_id}/member/${admin.user_id}/reset_spend`
    expect(await outcome('POST', path, admin.key, { reset_to: 0 })).toMatchObject({
      status: 403,
      error: { message: 'Cannot reset your own spend. Ask a proxy admin.' },
    })
    const second = await newPerson()
    await addMember(team_id, second.user_id, 'admin')
    expect((await outcome('POST', path, second.key, { reset_to: 0 })).status).toBe(200)
    const own = `/team/${team_id}/member/default_user_id/reset_spend`
    expect((await outcome('POST', own, MASTER, { reset_to: 0 })).status).toBe(200)
  })
})
