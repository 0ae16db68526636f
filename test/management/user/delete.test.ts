import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { users } from '../../../drizzle/schema.ts'
import { db } from '../../setup/database.ts'
import { newIsolate } from '../../setup/isolate.ts'
import { call, chat, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { accountOf, COST, expectRefusal, spend, untold } from '../tenant.ts'
import { newUser, type Row, status } from './people.ts'

const remove = (...user_ids: string[]): Promise<number> => post('/user/delete', { user_ids })

describe('/user/delete', () => {
  it('refuses every key of theirs at the next call, wherever it is known', async () => {
    const { team_id } = await newTeam()
    const user = await newUser({ teams: [team_id] })
    const ofTeam = await newKey({ team_id, user_id: user.user_id })
    const warm = newIsolate()
    for (const key of [user.key, ofTeam]) {
      expect(await warm.chat(key)).toMatchObject({ status: 200 })
    }
    expect(await remove(user.user_id)).toBe(1)
    for (const key of [user.key, ofTeam]) {
      expect(await warm.chat(key)).toMatchObject({ status: 401 })
      expect((await chat(key)).status).toBe(401)
      expect(await status(['GET', '/user/info'], key)).toBe(401)
      expect(await status(['GET', `/key/info?key=${key}`])).toBe(404)
    }
    expect(await untold(`user:${user.user_id}`)).toEqual([])
    expect(await untold(`team:${team_id}`)).toEqual([])
  })

  it('ends memberships, and is gone from every list', async () => {
    const { team_id } = await newTeam()
    const user = await newUser({ teams: [team_id] })
    await remove(user.user_id)
    const { team_info } = await get<{ team_info: Row }>(`/team/info?team_id=${team_id}`)
    expect(JSON.stringify(team_info)).not.toContain(user.user_id)
    expect(await status(['GET', `/user/info?user_id=${user.user_id}`])).toBe(404)
    expect(await status(['GET', `/v2/user/info?user_id=${user.user_id}`])).toBe(404)
    expect(await get(`/user/list?user_ids=${user.user_id}`)).toMatchObject({ users: [], total: 0 })
    expect(await status(['POST', '/user/update', { user_id: user.user_id }])).toBe(404)
  })

  it('may be repeated; one who never was stops all of it', async () => {
    const [a, b] = [await newUser(), await newUser()]
    expect(await remove(a.user_id)).toBe(1)
    expect(await remove(a.user_id)).toBe(1)
    await expectRefusal(['/user/delete', { user_ids: [b.user_id, 'never'] }], 404, {
      message: 'User not found, passed user_id=never',
      param: 'user_id',
    })
    await spend(b.key)
    await expectRefusal(['/user/delete', { user_ids: [] }], 422, { param: 'user_ids' })
    await expectRefusal(['/user/delete', {}], 422, { param: 'user_ids' })
  })

  it("leaves the master key's user alone", async () => {
    const { user_id } = await newUser()
    const user_ids = [user_id, 'default_user_id']
    await expectRefusal(['/user/delete', { user_ids }], 400, { param: 'user_ids' })
    expect(await status(['GET', `/user/info?user_id=${user_id}`])).toBe(200)
  })

  it('leaves the address to somebody else', async () => {
    const user_email = `${crypto.randomUUID()}@example.com`
    const { user_id } = await newUser({ user_email })
    await remove(user_id)
    const next = await newUser({ user_email })
    expect(next.user_id).not.toBe(user_id)
    const { team_id } = await newTeam()
    await post('/team/member_add', { team_id, member: { role: 'user', user_email } })
    const { user_info } = await get<{ user_info: Row }>(`/user/info?user_id=${next.user_id}`)
    expect(user_info['teams']).toEqual([team_id])
  })
})

describe('an id that is made again', () => {
  it('starts anew: nothing spent, no limits, none of the old keys', async () => {
    const old = await newUser({ max_budget: COST, user_alias: 'old', user_role: 'proxy_admin' })
    const { user_id } = old
    await spend(old.key)
    await remove(user_id)
    const next = await newUser({ user_id, max_budget: COST })
    expect(next).toMatchObject({ user_alias: null, user_role: 'internal_user_viewer', spend: 0 })
    await spend(next.key)
    expect((await chat(next.key)).status).toBe(400)
    expect((await chat(old.key)).status).toBe(401)
    expect(await accountOf(`user:${user_id}`)).toMatchObject({ generation: 2 })
    const { user_info, keys } = await get<{ user_info: Row; keys: Row[] }>(
      `/user/info?user_id=${user_id}`,
    )
    expect(user_info).toMatchObject({ spend: COST, max_budget: COST })
    expect(keys).toHaveLength(1)
  })

  it('has one generation more, however many make it at once', async () => {
    const { user_id, key } = await newUser()
    await spend(key)
    await remove(user_id)
    const { team_id } = await newTeam()
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, () => status(['POST', '/user/new', { user_id }])),
      status(['POST', '/team/member_add', { team_id, member: { role: 'user', user_id } }]),
    ])
    expect(answers.filter((code) => code >= 500)).toEqual([])
    expect(await accountOf(`user:${user_id}`)).toMatchObject({ generation: 2 })
    expect(await db.select().from(users).where(eq(users.userId, user_id))).toHaveLength(1)
  })

  it('may come back as a member of a team, as a user without a past', async () => {
    const { team_id } = await newTeam()
    const old = await newUser({ max_budget: 0, user_role: 'proxy_admin' })
    await spend(await newKey({ user_id: old.user_id, team_id }))
    await remove(old.user_id)
    await post('/team/member_add', { team_id, member: { role: 'user', user_id: old.user_id } })
    expect(await get(`/v2/user/info?user_id=${old.user_id}`)).toMatchObject({
      max_budget: null,
      user_role: 'internal_user',
      teams: [team_id],
      spend: 0,
    })
    await spend(await newKey({ user_id: old.user_id }))
    expect((await call('GET', '/user/info', { key: MASTER })).status).toBe(200)
  })
})
