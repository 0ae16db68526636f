import { and, eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { memberships } from '../../../drizzle/schema.ts'
import { db } from '../../setup/database.ts'
import { call, chat, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { COST, expectRefusal, spend, untold } from '../tenant.ts'

interface Member {
  readonly user_id: string
  readonly user_email: string | null
  readonly role: string
}

interface Added {
  readonly members_with_roles: readonly Member[]
  readonly updated_users: readonly { readonly user_id: string; readonly teams: string[] }[]
  readonly updated_team_memberships: readonly Membership[]
}

interface Membership {
  readonly user_id: string
  readonly spend: number
  readonly litellm_budget_table: Record<string, unknown>
}

interface Info {
  readonly team_info: Record<string, unknown> & Pick<Added, 'members_with_roles'>
  readonly team_memberships: readonly Membership[]
}

const add = (team_id: string, member: unknown, fields: object = {}): Promise<Added> =>
  post('/team/member_add', { team_id, member, ...fields })
const info = (team_id: string): Promise<Info> => get(`/team/info?team_id=${team_id}`)
const user = (name: string): { user_id: string; role: string } => ({
  user_id: `${name}-${crypto.randomUUID()}`,
  role: 'user',
})

async function membership(teamId: string, userId: string): Promise<Membership | undefined> {
  return (await info(teamId)).team_memberships.find(({ user_id }) => user_id === userId)
}

describe('/team/member_add', () => {
  it('answers with the team, the user and the membership, and makes the user', async () => {
    const { team_id } = await newTeam({ team_member_budget: 2, team_member_budget_duration: '1d' })
    const { user_id } = user('ann')
    const added = await add(team_id, { role: 'user', user_id })
    expect(added).toMatchObject({ team_id, updated_users: [{ user_id, teams: [team_id] }] })
    expect(added.members_with_roles.map((member) => member.user_id)).toEqual([
      'default_user_id',
      user_id,
    ])
    expect(added.updated_team_memberships).toMatchObject([
      {
        user_id,
        team_id,
        spend: 0,
        litellm_budget_table: { max_budget: 2, budget_duration: '1d', rpm_limit: null },
      },
    ])
  })

  it('finds a user by email, or makes one, once for all teams', async () => {
    const user_email = `${crypto.randomUUID()}@example.com`
    const teams = await Promise.all([newTeam(), newTeam(), newTeam()])
    const ids = await Promise.all(
      teams.map(async ({ team_id }) => {
        const added = await add(team_id, { role: 'user', user_email })
        expect(added.members_with_roles.at(-1)).toMatchObject({ user_email })
        return added.updated_users[0]?.user_id
      }),
    )
    expect(new Set(ids).size).toBe(1)
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('keeps every one of 50 who are added at the same time', async () => {
    const { team_id } = await newTeam()
    const users = Array.from({ length: 50 }, (_, i) => user(`u${i}`))
    await Promise.all(users.map((member) => add(team_id, member)))
    const { team_info } = await info(team_id)
    const ids = team_info.members_with_roles.map(({ user_id }) => user_id)
    expect(ids.toSorted()).toEqual(
      [...users.map(({ user_id }) => user_id), 'default_user_id'].toSorted(),
    )
  })

  it('adds of a list those who are new, in their order', async () => {
    const { team_id } = await newTeam()
    const [ann, bob, cyd] = [user('ann'), user('bob'), user('cyd')]
    await add(team_id, bob)
    const added = await add(team_id, [cyd, bob, ann, ann])
    expect(added.members_with_roles.map(({ user_id }) => user_id)).toEqual([
      'default_user_id',
      bob.user_id,
      cyd.user_id,
      ann.user_id,
    ])
    expect(added.updated_team_memberships).toHaveLength(2)
  })

  it('says in the words of LiteLLM who is there already', async () => {
    const { team_id } = await newTeam()
    const ann = user('ann')
    await add(team_id, ann)
    const type = 'team_member_already_in_team'
    await expectRefusal(['/team/member_add', { team_id, member: ann }], 400, {
      type,
      param: 'member',
      message: expect.stringContaining(
        `User already in team. Member: user_id=${ann.user_id}, user_email=None. Existing members=[`,
      ),
    })
    await expectRefusal(['/team/member_add', { team_id, member: [ann, ann] }], 400, {
      type,
      message: expect.stringContaining('All users are already in team. Existing members=['),
    })
  })

  it.each([
    [{ member: { role: 'owner', user_id: 'u' } }, 422],
    [{ member: { role: 'user' } }, 400],
    [{ member: [] }, 422],
    [{}, 422],
    [{ member: { role: 'user', user_id: 'u' }, max_budget_in_team: -1 }, 400],
    [{ member: { role: 'user', user_id: 'u' }, budget_duration: 'soon' }, 400],
    [{ member: { role: 'user', user_id: 'u' }, rpm_limit: 'x' }, 422],
    [{ member: { role: 'user', user_id: 'u' }, allowed_models: ['m'] }, 400],
  ])('refuses %j with %i and adds nobody', async (fields, status) => {
    const { team_id } = await newTeam()
    const param = Object.keys(fields).at(-1) ?? 'member'
    await expectRefusal(['/team/member_add', { team_id, ...fields }], status, {
      param: expect.stringContaining(param),
    })
    expect((await info(team_id)).team_info.members_with_roles).toHaveLength(1)
  })

  it('answers 404 for a team that is not there', async () => {
    const body = { team_id: 'nobody', member: user('ann') }
    await expectRefusal(['/team/member_add', body], 404, { param: 'team_id' })
  })

  it('binds the next call of a key that was there before', async () => {
    const { team_id } = await newTeam()
    const ann = user('ann')
    const key = await newKey({ team_id, user_id: ann.user_id })
    await spend(key)
    await add(team_id, ann, { max_budget_in_team: COST })
    expect((await chat(key)).status).toBe(400)
    expect(await untold(`team:${team_id}`)).toEqual([])
  })
})

describe('/team/member_update', () => {
  it.each([
    ['max_budget_in_team', 2, 'max_budget', 1],
    ['tpm_limit', 50, 'tpm_limit', 500],
    ['rpm_limit', 6, 'rpm_limit', 5],
    ['budget_duration', '2h', 'budget_duration', '1d'],
  ])("sets %s to %j; null falls back to the team's %s %j", async (...row) => {
    const [field, value, shown, fallback] = row
    const { team_id } = await newTeam({
      team_member_budget: 1,
      team_member_budget_duration: '1d',
      team_member_tpm_limit: 500,
      team_member_rpm_limit: 5,
    })
    const { user_id } = user('ann')
    await add(team_id, { role: 'user', user_id })
    const limits = async (): Promise<unknown> =>
      (await membership(team_id, user_id))?.litellm_budget_table[shown]
    const changed = await post('/team/member_update', { team_id, user_id, [field]: value })
    expect(changed).toMatchObject({ team_id, user_id, user_email: null, [field]: value })
    await post('/team/member_update', { team_id, user_id })
    expect(await limits()).toBe(value)
    await post('/team/member_update', { team_id, user_id, [field]: null })
    expect(await limits()).toBe(fallback)
  })

  it('changes a role, and finds a member by email', async () => {
    const { team_id } = await newTeam()
    const user_email = `${crypto.randomUUID()}@example.com`
    await add(team_id, { role: 'user', user_email })
    await post('/team/member_update', { team_id, user_email, role: 'admin' })
    const members = (await info(team_id)).team_info.members_with_roles
    expect(members.at(-1)).toMatchObject({ user_email, role: 'admin' })
  })

  it('binds the next call, and lets it pass again', async () => {
    const { team_id } = await newTeam({ team_member_budget: 1 })
    const { user_id } = user('ann')
    await add(team_id, { role: 'user', user_id })
    const key = await newKey({ team_id, user_id })
    await spend(key)
    await post('/team/member_update', { team_id, user_id, max_budget_in_team: 0 })
    expect((await chat(key)).status).toBe(400)
    await post('/team/member_update', { team_id, user_id, max_budget_in_team: null })
    expect((await chat(key)).status).toBe(200)
    await post('/team/update', { team_id, team_member_budget: COST })
    expect((await chat(key)).status).toBe(400)
  })

  it('refuses who is no member, nobody, and values that make no sense', async () => {
    const { team_id } = await newTeam()
    const path = '/team/member_update'
    await expectRefusal([path, { team_id, user_id: 'nobody' }], 400, {
      message: 'User not found in team',
    })
    await expectRefusal([path, { team_id }], 400, { param: 'user_id' })
    await expectRefusal([path, { team_id: 'none', user_id: 'u' }], 404, { param: 'team_id' })
    const negative = { team_id, user_id: 'default_user_id', max_budget_in_team: -1 }
    await expectRefusal([path, negative], 400, { param: 'max_budget_in_team' })
  })
})

describe('/team/member_delete', () => {
  it('removes the member with their keys of this team, from the next call on', async () => {
    const { team_id } = await newTeam()
    const ann = user('ann')
    await add(team_id, ann)
    const { user_id } = ann
    const [key, other] = [await newKey({ team_id, user_id }), await newKey({ user_id })]
    await spend(key)
    const removed = await post<Added>('/team/member_delete', { team_id, user_id })
    expect(removed.members_with_roles).toHaveLength(1)
    expect((await chat(key)).status).toBe(401)
    expect((await call('GET', `/key/info?key=${key}`, { key: MASTER })).status).toBe(404)
    expect((await chat(other)).status).toBe(200)
    expect(await untold(`team:${team_id}`)).toEqual([])
  })

  it('may be repeated, and knows who never was a member', async () => {
    const { team_id } = await newTeam()
    const { user_id } = user('ann')
    await add(team_id, { role: 'user', user_id })
    for (let i = 0; i < 3; i++) {
      await post('/team/member_delete', { team_id, user_id })
    }
    await expectRefusal(['/team/member_delete', { team_id, user_id: 'nobody' }], 400, {
      message: 'User not found in team',
    })
    await expectRefusal(['/team/member_delete', { team_id: 'none', user_id }], 404, {})
  })

  it('is no way around a budget: who returns has spent what they spent', async () => {
    const { team_id } = await newTeam({ team_member_budget: COST })
    const ann = user('ann')
    const { user_id } = ann
    await add(team_id, ann)
    await spend(await newKey({ team_id, user_id }))
    await post('/team/member_delete', { team_id, user_id })
    expect((await add(team_id, ann)).updated_team_memberships).toMatchObject([{ spend: COST }])
    expect((await chat(await newKey({ team_id, user_id }))).status).toBe(400)
    const rows = await db
      .select()
      .from(memberships)
      .where(and(eq(memberships.teamId, team_id), eq(memberships.userId, user_id)))
    expect(rows).toMatchObject([{ deletedAt: null }])
  })
})

describe('a member whose spend is reset', () => {
  it('may call again, and the answer says what changed', async () => {
    const { team_id } = await newTeam({ team_member_budget: COST })
    const { user_id } = user('ann')
    await add(team_id, { role: 'user', user_id })
    const key = await newKey({ team_id, user_id })
    await spend(key)
    expect((await chat(key)).status).toBe(400)
    const path = `/team/${team_id}/member/${user_id}/reset_spend`
    expect(await post(path, { reset_to: 0 })).toEqual({
      team_id,
      user_id,
      spend: 0,
      previous_spend: COST,
      max_budget: COST,
    })
    expect(await membership(team_id, user_id)).toMatchObject({ spend: 0 })
    expect((await chat(key)).status).toBe(200)
  })

  it.each([
    [{ reset_to: -1 }, 400],
    [{ reset_to: 1 }, 400],
    [{ reset_to: COST * 2 }, 400],
    [{ reset_to: null }, 400],
    [{ reset_to: 'all' }, 422],
    [{}, 400],
  ])('is not when it makes no sense: %j is refused with %i', async (body, status) => {
    const { team_id } = await newTeam()
    const { user_id } = user('ann')
    await add(team_id, { role: 'user', user_id })
    await spend(await newKey({ team_id, user_id }))
    const path = `/team/${team_id}/member/${user_id}/reset_spend`
    await expectRefusal([path, body], status, { param: 'reset_to' })
    expect(await membership(team_id, user_id)).toMatchObject({ spend: COST })
  })

  it('is one that is there', async () => {
    const { team_id } = await newTeam()
    const path = `/team/${team_id}/member/nobody/reset_spend`
    await expectRefusal([path, { reset_to: 0 }], 404, {})
    await expectRefusal(['/team/none/member/u/reset_spend', { reset_to: 0 }], 404, {})
  })
})
