import { describe, expect, it } from 'vitest'
import { chat, get, newKey, newTeam, post } from '../../setup/worker.ts'
import { newPerson, outcome, staffedTeam } from '../people.ts'
import { COST, expectRefusal, spend, untold } from '../tenant.ts'

interface Result {
  readonly user_id: string | null
  readonly user_email: string | null
  readonly success: boolean
  readonly error: string | null
  readonly updated_user: { readonly user_id: string; readonly teams: string[] } | null
  readonly updated_team_membership: { readonly user_id: string } | null
}

interface Bulk {
  readonly team_id: string
  readonly results: readonly Result[]
  readonly total_requested: number
  readonly successful_additions: number
  readonly failed_additions: number
  readonly updated_team: { readonly members_with_roles: readonly { user_id: string }[] }
}

const path = '/team/bulk_member_add'
const add = (fields: object): Promise<Bulk> => post(path, fields)
const user = (name: string) => ({ role: 'user', user_id: `${name}-${crypto.randomUUID()}` })
const membersOf = async (team_id: string) => {
  const { team_info } = await get<{ team_info: Bulk['updated_team'] }>(
    `/team/info?team_id=${team_id}`,
  )
  return team_info.members_with_roles.map(({ user_id }) => user_id)
}

describe('/team/bulk_member_add', () => {
  it('says of each member what became of them, in their order', async () => {
    const { team_id } = await newTeam()
    const [ann, bob] = [user('ann'), user('bob')]
    const user_email = `${crypto.randomUUID()}@example.com`
    const byEmail = { role: 'admin', user_email }
    await add({ team_id, members: [bob] })
    const sent = [ann, bob, byEmail, ann, byEmail, { role: 'user' }]
    const answer = await add({ team_id, members: sent, max_budget_in_team: 2 })
    expect(answer).toMatchObject({
      team_id,
      total_requested: 6,
      successful_additions: 2,
      failed_additions: 4,
    })
    const there = 'User already in team. Member: user_id='
    expect(answer.results.map(({ success, error }) => error ?? success)).toEqual([
      true,
      `${there}${bob.user_id}, user_email=None`,
      true,
      `${there}${ann.user_id}, user_email=None`,
      `${there}None, user_email=${user_email}`,
      'Either user_id or user_email needs to be passed in',
    ])
    expect(answer.results[0]).toEqual({
      user_id: ann.user_id,
      user_email: null,
      success: true,
      error: null,
      updated_user: expect.objectContaining({ user_id: ann.user_id, teams: [team_id] }),
      updated_team_membership: expect.objectContaining({
        user_id: ann.user_id,
        litellm_budget_table: expect.objectContaining({ max_budget: 2 }),
      }),
    })
    expect(answer.results[1]).toMatchObject({ updated_user: null, updated_team_membership: null })
    const invited = answer.results[2]
    expect(invited).toMatchObject({ user_email, user_id: invited?.updated_user?.user_id })
    const members = ['default_user_id', bob.user_id, ann.user_id, invited?.user_id]
    expect(answer.updated_team.members_with_roles.map(({ user_id }) => user_id)).toEqual(members)
    expect(await membersOf(team_id)).toEqual(members)
  })

  it.each([0, 1])('knows one person by id and by email, whichever comes first', async (first) => {
    const user_email = `${crypto.randomUUID()}@example.com`
    const known = await add({
      team_id: (await newTeam()).team_id,
      members: [{ role: 'user', user_email }],
    })
    const user_id = known.results[0]?.user_id
    const both = [
      { role: 'user', user_id },
      { role: 'user', user_email },
    ]
    const { team_id } = await newTeam()
    const members = first === 0 ? both : both.toReversed()
    const answer = await add({ team_id, members })
    expect(answer).toMatchObject({ successful_additions: 1, failed_additions: 1 })
    expect(answer.updated_team.members_with_roles).toHaveLength(2)
  })

  it('adds 500 at once, and once', async () => {
    const { team_id } = await newTeam()
    const members = Array.from({ length: 500 }, (_, i) => user(`u${i}`))
    expect(await add({ team_id, members })).toMatchObject({ successful_additions: 500 })
    expect(await add({ team_id, members })).toMatchObject({
      successful_additions: 0,
      failed_additions: 500,
    })
    expect(await membersOf(team_id)).toHaveLength(501)
  })

  it('adds all users, for proxy admins', async () => {
    const { team_id, admin } = await staffedTeam()
    const person = await newPerson()
    const all = { team_id, all_users: true }
    expect(await outcome('POST', path, admin.key, all)).toMatchObject({
      status: 403,
      error: { param: 'all_users' },
    })
    expect(await membersOf(team_id)).not.toContain(person.user_id)
    const { results, successful_additions, failed_additions } = await add(all)
    expect(results).toHaveLength(successful_additions + failed_additions)
    const resultOf = (id: string) => results.find(({ user_id }) => user_id === id)
    expect(resultOf(person.user_id)).toMatchObject({ success: true })
    expect(resultOf(admin.user_id)).toMatchObject({ success: false })
    expect(await membersOf(team_id)).toContain(person.user_id)
  })

  it('binds the next call of a key that was there before', async () => {
    const { team_id } = await newTeam()
    const ann = user('ann')
    const key = await newKey({ team_id, user_id: ann.user_id })
    await spend(key)
    await add({ team_id, members: [ann, user('bob')], max_budget_in_team: COST })
    expect((await chat(key)).status).toBe(400)
    expect(await untold(`team:${team_id}`)).toEqual([])
  })

  it.each([
    [{}, 400, 'members'],
    [{ members: [] }, 400, 'members'],
    [{ members: [], all_users: false }, 400, 'members'],
    [{ members: {} }, 422, 'members'],
    [{ members: Array.from({ length: 501 }, () => user('u')) }, 422, 'members'],
    [{ members: [user('a'), { role: 'owner', user_id: 'b' }] }, 422, 'members.1.role'],
    [{ members: [user('a')], max_budget_in_team: -1 }, 400, 'max_budget_in_team'],
    [{ members: [user('a')], allowed_models: ['m'] }, 400, 'allowed_models'],
    [{ all_users: 'yes' }, 422, 'all_users'],
  ])('refuses the shape of case %#, and adds nobody', async (fields, status, param) => {
    const { team_id } = await newTeam()
    await expectRefusal([path, { team_id, ...fields }], status, { param })
    expect(await membersOf(team_id)).toHaveLength(1)
  })

  it('answers 404 for a team that is not there', async () => {
    const body = { team_id: 'nobody', members: [user('ann')] }
    await expectRefusal([path, body], 404, { param: 'team_id' })
  })
})
