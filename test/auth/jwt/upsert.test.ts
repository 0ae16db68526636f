import { and, eq } from 'drizzle-orm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { accounts, memberships, teams, users } from '../../../drizzle/schema.ts'
import { COST } from '../../management/tenant.ts'
import { db } from '../../setup/database.ts'
import { newKey, newTeam, post } from '../../setup/worker.ts'
import { logsOf, newWorld, teamInfo, unique } from './world.ts'

const TEAM = { team_id_jwt_field: 'client_id', team_id_upsert: true }
const USER = { user_id_jwt_field: 'sub', user_email_jwt_field: 'email', user_id_upsert: true }
const LIST = { team_ids_jwt_field: 'groups' }
const DEFAULTS = {
  default_team_settings: [{ team_id: 'default-settings', max_budget: 100.0 }],
  default_team_params: { budget_duration: '30d', team_member_budget: 5 },
}
const TINY = { default_team_params: { max_budget: 1e-9 } }

afterEach(() => vi.restoreAllMocks())

const statuses = (outcomes: readonly { readonly status: number }[]) =>
  outcomes.map(({ status }) => status)

describe('the first call for an unknown team', () => {
  it('makes it, whole, by nobody’s hand', async () => {
    const world = await newWorld(TEAM, DEFAULTS)
    const teamId = unique('team')
    expect(await world.chat(await world.token({ client_id: teamId }))).toMatchObject({
      status: 200,
    })
    const { team_info: team } = await teamInfo(teamId)
    expect(team).toMatchObject({
      max_budget: 100,
      budget_duration: '30d',
      budget_reset_at: expect.stringMatching(/Z$/),
      team_member_budget: 5,
      members_with_roles: [],
      spend: COST,
      held: 0,
    })
    const [row] = await db.select().from(teams).where(eq(teams.teamId, teamId))
    expect(row).toMatchObject({ createdBy: 'jwt', updatedBy: 'jwt' })
    expect(await logsOf(`team:${teamId}`)).toMatchObject([
      { teamId, userId: null, keyHash: null, status: 'success', spendPico: 3_500_000n },
    ])
  })

  it('meets its default budget', async () => {
    const world = await newWorld(TEAM, TINY)
    const token = await world.token({ client_id: unique('team') })
    expect((await world.chat(token)).status).toBe(200)
    const second = await world.chat(token)
    expect(second).toMatchObject({ status: 400, why: 'team:budget' })
    expect(second.message).toContain('Max budget: 1e-09')
  })

  it('makes one of fifty that come at once, and all are charged', async () => {
    const world = await newWorld({ ...TEAM, ...USER }, DEFAULTS)
    const [teamId, sub] = [unique('team'), unique('user')]
    const token = await world.token({ client_id: teamId, sub })
    const isolates = [world, world.newIsolate(), world.newIsolate()]
    const calls = Array.from({ length: 50 }, (_, i) => isolates[i % 3]!.chat(token))
    expect(new Set(statuses(await Promise.all(calls)))).toEqual(new Set([200]))
    const { team_info, team_memberships } = await teamInfo(teamId)
    expect(team_info['spend']).toBeCloseTo(50 * COST, 12)
    expect(team_info.members_with_roles).toMatchObject([{ user_id: sub, role: 'user' }])
    expect(team_memberships[0]!.spend).toBeCloseTo(50 * COST, 12)
    const [account] = await accountsOf(`team:${teamId}`)
    expect(account).toMatchObject({ generation: 1, ledgerEpoch: 1 })
  })

  it('is refused where teams are not made, until one is', async () => {
    const world = await newWorld({ ...TEAM, team_id_upsert: false })
    const teamId = unique('team')
    const token = await world.token({ client_id: teamId })
    expect(await world.chat(token)).toMatchObject({
      status: 404,
      message: `Team doesn't exist in db. Team=${teamId}. Create team via \`/team/new\` call.`,
      json: { error: { type: 'auth_error' } },
    })
    await newTeam({ team_id: teamId })
    expect((await world.chat(token)).status).toBe(200)
  })

  it('finds a team that an admin made as it is', async () => {
    const world = await newWorld(TEAM, DEFAULTS)
    const { team_id } = await newTeam({ max_budget: 1e-9 })
    const token = await world.token({ client_id: team_id })
    expect((await world.chat(token)).status).toBe(200)
    expect(await world.chat(token)).toMatchObject({ status: 400, why: 'team:budget' })
  })
})

describe('a team that was deleted', () => {
  it('begins anew with the next call in every isolate, with nothing spent', async () => {
    const world = await newWorld(TEAM, TINY)
    const teamId = unique('team')
    const token = await world.token({ client_id: teamId })
    const other = world.newIsolate()
    expect(statuses([await world.chat(token), await other.chat(token)])).toEqual([200, 400])
    await post('/team/delete', { team_ids: [teamId] })
    expect(statuses([await other.chat(token), await world.chat(token)])).toEqual([200, 400])
    const [account] = await accountsOf(`team:${teamId}`)
    expect(account).toMatchObject({ generation: 2 })
  })

  it('begins one generation, however many come at once', async () => {
    const world = await newWorld(TEAM, DEFAULTS)
    const teamId = unique('team')
    const token = await world.token({ client_id: teamId })
    await world.chat(token)
    await post('/team/delete', { team_ids: [teamId] })
    const isolates = [world, world.newIsolate(), world.newIsolate()]
    const calls = Array.from({ length: 30 }, (_, i) => isolates[i % 3]!.chat(token))
    expect(new Set(statuses(await Promise.all(calls)))).toEqual(new Set([200]))
    expect(await accountsOf(`team:${teamId}`)).toMatchObject([{ generation: 2 }])
    expect((await teamInfo(teamId)).team_info['spend']).toBeCloseTo(30 * COST, 12)
  })

  it('is gone where teams are not made', async () => {
    const world = await newWorld({ ...TEAM, team_id_upsert: false })
    const { team_id } = await newTeam()
    const token = await world.token({ client_id: team_id })
    await world.chat(token)
    await post('/team/delete', { team_ids: [team_id] })
    expect((await world.chat(token)).status).toBe(404)
  })
})

describe('the user of a token', () => {
  it('becomes a member of its team, on which its calls are booked', async () => {
    const world = await newWorld({ ...TEAM, ...USER })
    const { team_id } = await newTeam({ team_member_budget: 1e-9 })
    const sub = unique('user')
    const token = await world.token({ client_id: team_id, sub, email: `${sub}@idp.test` })
    expect((await world.chat(token)).status).toBe(200)
    expect(await world.chat(token)).toMatchObject({ status: 400, why: 'member:budget' })
    const { team_info, team_memberships } = await teamInfo(team_id)
    expect(team_info.members_with_roles).toContainEqual({
      user_id: sub,
      user_email: `${sub}@idp.test`,
      role: 'user',
    })
    expect(team_memberships).toMatchObject([{ spend: 0 }, { user_id: sub, spend: COST }])
    expect(await logsOf(`team:${team_id}`)).toMatchObject([{ teamId: team_id, userId: sub }])
  })

  it('keeps what an admin gave them there', async () => {
    const world = await newWorld({ ...TEAM, ...USER })
    const { team_id } = await newTeam()
    const sub = unique('user')
    const member = { user_id: sub, role: 'admin' }
    await post('/team/member_add', { team_id, member, max_budget_in_team: 1e-9 })
    const token = await world.token({ client_id: team_id, sub })
    expect(statuses([await world.chat(token), await world.chat(token)])).toEqual([200, 400])
    expect((await teamInfo(team_id)).team_info.members_with_roles).toContainEqual(
      expect.objectContaining(member),
    )
  })

  it('shares their limits with the keys that they have', async () => {
    const world = await newWorld({ ...TEAM, ...USER })
    const { team_id } = await newTeam({ team_member_budget: 1e-9 })
    const sub = unique('user')
    const key = await newKey({ team_id, user_id: sub })
    expect((await world.chat(key)).status).toBe(200)
    const token = await world.token({ client_id: team_id, sub })
    expect(await world.chat(token)).toMatchObject({ status: 400, why: 'member:budget' })
  })

  it('has to be there where users are not made', async () => {
    const world = await newWorld({ ...TEAM, ...USER, user_id_upsert: false })
    const [teamId, sub] = [unique('team'), unique('user')]
    const token = await world.token({ client_id: teamId, sub })
    expect(await world.chat(token)).toMatchObject({
      status: 401,
      message: expect.stringContaining(`User doesn't exist in db. 'user_id'=${sub}.`),
    })
    // Nothing was made on the way.
    expect(await db.select().from(teams).where(eq(teams.teamId, teamId))).toEqual([])
    const { team_id } = await newTeam()
    await post('/team/member_add', { team_id, member: { user_id: sub, role: 'user' } })
    expect((await world.chat(token)).status).toBe(200)
  })

  it('is found by their address, and made once of twenty who come at once', async () => {
    const world = await newWorld({ ...TEAM, user_email_jwt_field: 'email', user_id_upsert: true })
    const [teamId, email] = [unique('team'), `${unique('ann')}@idp.test`]
    const token = await world.token({ client_id: teamId, email })
    const isolates = [world, world.newIsolate()]
    const calls = Array.from({ length: 20 }, (_, i) => isolates[i % 2]!.chat(token))
    expect(new Set(statuses(await Promise.all(calls)))).toEqual(new Set([200]))
    const made = await db.select().from(users).where(eq(users.userEmail, email))
    expect(made).toMatchObject([{ createdBy: 'jwt', userRole: 'internal_user' }])
    const other = await world.token({ client_id: unique('team'), email })
    expect((await world.chat(other)).status).toBe(200)
    const theirs = await db.select().from(memberships).where(isOf(made[0]!.userId))
    expect(theirs).toHaveLength(2)
  })

  it('is who has their id, else who has their address', async () => {
    const world = await newWorld({ ...TEAM, ...USER })
    const { team_id } = await newTeam()
    const [ann, email] = [unique('ann'), `${unique('ann')}@idp.test`]
    const member = { user_id: ann, user_email: email, role: 'user' }
    await post('/team/member_add', { team_id, member })
    const spelt = email.toUpperCase()
    await world.chat(await world.token({ client_id: team_id, sub: unique('sso'), email: spelt }))
    const sso = unique('sso')
    await post('/user/update', { user_id: ann, sso_user_id: sso })
    await world.chat(await world.token({ client_id: team_id, sub: sso }))
    expect(await logsOf(`team:${team_id}`)).toMatchObject([{ userId: ann }, { userId: ann }])
  })

  it('stays out of a team that an admin took them out of, until one lets them in', async () => {
    const world = await newWorld({ ...TEAM, ...USER })
    const { team_id } = await newTeam()
    const sub = unique('user')
    const token = await world.token({ client_id: team_id, sub })
    const member = { user_id: sub, role: 'user' }
    expect((await world.chat(token)).status).toBe(200)
    await post('/team/member_delete', { team_id, user_id: sub })
    const refused = { status: 403, message: `User=${sub} was removed from Team=${team_id}` }
    expect(await world.chat(token)).toMatchObject(refused)
    expect(await world.newIsolate().chat(token)).toMatchObject(refused)
    await post('/team/member_add', { team_id, member })
    expect((await world.chat(token)).status).toBe(200)
    expect((await world.newIsolate().chat(token)).status).toBe(200)
  })
})

describe('a user who was deleted', () => {
  it('begins anew with their next call, in their team and without one', async () => {
    const world = await newWorld({ ...LIST, ...USER })
    const { team_id } = await newTeam()
    const sub = unique('user')
    const inTeam = await world.token({ groups: [team_id], sub })
    const alone = await world.token({ sub })
    const other = world.newIsolate()
    for (const isolate of [world, other]) {
      expect(statuses([await isolate.chat(inTeam), await isolate.chat(alone)])).toEqual([200, 200])
    }
    await post('/user/delete', { user_ids: [sub] })
    for (const isolate of [world, other]) {
      expect(statuses([await isolate.chat(inTeam), await isolate.chat(alone)])).toEqual([200, 200])
    }
    expect(await accountsOf(`user:${sub}`)).toMatchObject([{ generation: 2 }])
    const anew = (await logsOf(`user:${sub}`, 2)).filter(({ generation }) => generation === 2)
    expect(anew).toHaveLength(2)
    expect((await teamInfo(team_id)).team_info.members_with_roles).toContainEqual(
      expect.objectContaining({ user_id: sub, role: 'user' }),
    )
  })

  it('is gone where users are not made', async () => {
    const sub = unique('user')
    await post('/user/new', { user_id: sub })
    const world = await newWorld({ ...USER, user_id_upsert: false })
    const token = await world.token({ sub })
    expect((await world.chat(token)).status).toBe(200)
    await post('/user/delete', { user_ids: [sub] })
    expect((await world.chat(token)).status).toBe(401)
  })
})

describe('a user without a team', () => {
  it('pays from an account of their own', async () => {
    const world = await newWorld(USER)
    const sub = unique('user')
    const token = await world.token({ sub })
    expect(statuses([await world.chat(token), await world.chat(token)])).toEqual([200, 200])
    expect(await logsOf(`user:${sub}`)).toMatchObject([
      { teamId: null, userId: sub, keyHash: null },
      { teamId: null, userId: sub, keyHash: null },
    ])
    expect(await accountsOf(`user:${sub}`)).toMatchObject([{ generation: 1, ledgerEpoch: 1 }])
  })

  it('may have been a member before they paid for anything', async () => {
    const world = await newWorld({ ...USER, user_id_upsert: false })
    const { team_id } = await newTeam()
    const sub = unique('user')
    await post('/team/member_add', { team_id, member: { user_id: sub, role: 'user' } })
    expect((await world.chat(await world.token({ sub }))).status).toBe(200)
  })
})

function accountsOf(accountId: string) {
  return db.select().from(accounts).where(eq(accounts.accountId, accountId))
}

function isOf(userId: string) {
  return and(eq(memberships.userId, userId))
}
