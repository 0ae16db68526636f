import { describe, expect, it } from 'vitest'
import { call, type ErrorBody, chat, get, MASTER, newKey, newTeam } from '../../setup/worker.ts'
import { BAD_LIMITS, COST, expectRefusal, LIMIT_FIELDS, spend } from '../tenant.ts'
import { newUser, type Row } from './people.ts'

const shown = async (user_id: string): Promise<Row> =>
  (await get<{ user_info: Row }>(`/user/info?user_id=${user_id}`)).user_info

describe('/user/new', () => {
  it('makes a user who sees their own, and a key of theirs that works', async () => {
    const user = await newUser()
    expect(user).toMatchObject({
      user_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      user_role: 'internal_user_viewer',
      user_email: null,
      user_alias: null,
      teams: [],
      team_id: null,
      key: expect.stringMatching(/^sk-/),
      key_name: `sk-...${user.key.slice(-4)}`,
      token: expect.stringMatching(/^[0-9a-f]{64}$/),
      expires: null,
      max_budget: null,
      spend: 0,
    })
    await spend(user.key)
    expect(await shown(user.user_id)).toMatchObject({ spend: COST, held: 0 })
  })

  it('takes what LiteLLM takes', async () => {
    const run = crypto.randomUUID()
    const fields = {
      user_id: `ann-${run}`,
      user_email: `Ann.${run}@example.com`,
      user_alias: 'Ann',
      user_role: 'internal_user',
      sso_user_id: `sso-${run}`,
      metadata: { floor: 3 },
      models: ['llama3'],
    }
    expect(
      await newUser({ ...fields, send_invite_email: true, key_alias: run, duration: '1d' }),
    ).toMatchObject({ ...fields, key_alias: run, expires: expect.stringMatching(/Z$/) })
    expect(await shown(fields.user_id)).toMatchObject(fields)
  })

  it('makes a key that may call what is said', async () => {
    const user = await newUser({ key_type: 'read_only' })
    expect(user).toMatchObject({ allowed_routes: ['info_routes'] })
    expect((await chat(user.key)).status).toBe(403)
    await get(`/user/info?user_id=${user.user_id}`, user.key)
  })

  it('makes no key where none is wanted', async () => {
    const user = await newUser({ auto_create_key: false })
    expect(user).toMatchObject({ key: '', token: null })
    const { keys } = await get<{ keys: Row[] }>(`/user/info?user_id=${user.user_id}`)
    expect(keys).toEqual([])
  })

  it.each(LIMIT_FIELDS)('has %s as %j', async (field, value, answer) => {
    expect((await newUser({ [field]: value }))[field]).toEqual(answer)
  })

  it.each([
    ...BAD_LIMITS,
    [{ user_role: 'king' }, 422, 'user_role'],
    [{ user_role: 'org_admin' }, 422, 'user_role'],
    [{ user_email: 7 }, 422, 'user_email'],
    [{ user_id: '' }, 422, 'user_id'],
    [{ teams: 'x' }, 422, 'teams'],
    [{ teams: [{ max_budget_in_team: 1 }] }, 422, 'teams.0'],
    [{ blocked: true }, 400, 'blocked'],
    [{ organizations: ['o'] }, 400, 'organizations'],
    [{ guardrails: ['g'] }, 400, 'guardrails'],
    [{ budget_id: 'b' }, 400, 'budget_id'],
    [{ budget_enforcement: 'strict' }, 400, 'budget_enforcement'],
    [{ allowed_routes: ['key'] }, 400, 'allowed_routes.0'],
  ] as const)('refuses %j with %i by name, and makes nobody', async (fields, code, param) => {
    const user_id = crypto.randomUUID()
    await expectRefusal(['/user/new', { user_id, ...fields }], code, { param })
    const gone = await call('GET', `/user/info?user_id=${user_id}`, { key: MASTER })
    expect(gone.status).toBe(404)
  })

  it('refuses an id and an address that somebody has, however it is spelt', async () => {
    const user_email = `${crypto.randomUUID()}@example.com`
    const { user_id } = await newUser({ user_email })
    await expectRefusal(['/user/new', { user_id }], 409, {
      message: `User with id ${user_id} already exists`,
      param: 'user_id',
    })
    for (const spelt of [user_email, user_email.toUpperCase(), ` ${user_email}`]) {
      await expectRefusal(['/user/new', { user_email: spelt }], 409, {
        message: `User with email ${user_email} already exists`,
        param: 'user_email',
      })
    }
  })

  it('gives an address to one of many who ask at once', async () => {
    const user_email = `${crypto.randomUUID()}@example.com`
    const { team_id } = await newTeam()
    const answers = await Promise.all([
      ...Array.from({ length: 8 }, () =>
        call('POST', '/user/new', { key: MASTER, body: { user_email } }),
      ),
      call('POST', '/team/member_add', {
        key: MASTER,
        body: { team_id, member: { role: 'user', user_email } },
      }),
    ])
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    const { total } = await get<{ total: number }>(`/user/list?user_email=${user_email}`)
    expect(total).toBe(1)
  })

  it("refuses a key's alias that is taken, and makes nobody", async () => {
    const key_alias = crypto.randomUUID()
    const user_id = crypto.randomUUID()
    await newKey({ key_alias })
    await expectRefusal(['/user/new', { user_id, key_alias }], 400, { param: 'key_alias' })
    await newUser({ user_id })
  })
})

describe('/user/new with teams', () => {
  it('puts the user into them, each with what it gives', async () => {
    const [a, b] = [await newTeam(), await newTeam()]
    const user = await newUser({
      teams: [a.team_id, { team_id: b.team_id, max_budget_in_team: 5, user_role: 'admin' }],
    })
    expect([...(user['teams'] as string[])].toSorted()).toEqual([a.team_id, b.team_id].toSorted())
    const info = await get<{ team_info: Row; team_memberships: Row[] }>(
      `/team/info?team_id=${b.team_id}`,
    )
    expect(info.team_info['members_with_roles']).toContainEqual({
      user_id: user.user_id,
      user_email: null,
      role: 'admin',
    })
    expect(info.team_memberships).toContainEqual(
      expect.objectContaining({
        user_id: user.user_id,
        litellm_budget_table: expect.objectContaining({ max_budget: 5 }),
      }),
    )
  })

  it("makes the first key the team's with team_id", async () => {
    const { team_id } = await newTeam({ max_budget: COST })
    const user = await newUser({ team_id, max_budget: 0 })
    expect(user).toMatchObject({ team_id, teams: [team_id] })
    await spend(user.key)
    const refused = await chat(user.key)
    expect(refused.headers.get('x-tollgate-refused-by')).toBe('team')
  })

  it('knows a team that is not there, and then writes nothing', async () => {
    const { team_id } = await newTeam()
    const user_id = crypto.randomUUID()
    for (const fields of [{ teams: [team_id, 'never'] }, { team_id: 'never' }]) {
      await expectRefusal(['/user/new', { user_id, ...fields }], 404, {
        message: 'Team not found, passed team_id=never',
        param: 'team_id',
      })
    }
    const { team_info } = await get<{ team_info: Row }>(`/team/info?team_id=${team_id}`)
    expect(JSON.stringify(team_info['members_with_roles'])).not.toContain(user_id)
    const keys = await call('GET', `/user/info?user_id=${user_id}`, { key: MASTER })
    expect(keys.status).toBe(404)
  })

  it('binds a key of theirs that was used in the team before they were in it', async () => {
    const { team_id } = await newTeam()
    const user_id = crypto.randomUUID()
    const key = await newKey({ team_id, user_id })
    await spend(key)
    await newUser({ user_id, teams: [{ team_id, max_budget_in_team: 0 }] })
    const refused = await chat(key)
    expect(refused.headers.get('x-tollgate-refused-by')).toBe('member')
  })
})

describe("a user's limits", () => {
  it('hold for all keys of their own together, and for none of a team', async () => {
    const { team_id } = await newTeam()
    const user = await newUser({ max_budget: COST })
    const [other, ofTeam] = [
      await newKey({ user_id: user.user_id }),
      await newKey({ user_id: user.user_id, team_id }),
    ]
    await spend(user.key)
    for (const key of [user.key, other]) {
      const refused = await chat(key)
      expect(refused.status).toBe(400)
      expect((await refused.json<ErrorBody>()).error.message).toContain(
        `ExceededBudget: User=${user.user_id}`,
      )
    }
    await spend(ofTeam)
  })

  it('bind a key that was made and used before there was a user', async () => {
    const user_id = crypto.randomUUID()
    const key = await newKey({ user_id })
    await spend(key)
    await newUser({ user_id, max_budget: COST })
    expect((await chat(key)).status).toBe(400)
  })

  it.each([
    [{ rpm_limit: 1 }, 429],
    [{ tpm_limit: 0 }, 429],
    [{ models: ['other'] }, 403],
    [{ models: ['no-default-models'] }, 403],
    [{ model_max_budget: { llama3: { budget_limit: 0 } } }, 400],
    [{ max_parallel_requests: 0 }, 429],
  ])('refuse with %j', async (fields, code) => {
    const { key } = await newUser(fields)
    await (await chat(key)).text()
    expect((await chat(key)).status).toBe(code)
  })
})
