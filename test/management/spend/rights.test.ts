import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { teams } from '../../../drizzle/schema.ts'
import { db } from '../../setup/database.ts'
import { call, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { COST, spend } from '../tenant.ts'
import { ago, crew, deliver, hash, logged, newUser, summed, TODAY } from './tenant.ts'

type Row = Readonly<Record<string, unknown>>

const DAYS = `start_date=${ago(1)}&end_date=${TODAY}`

async function statusOf(path: string, key: string): Promise<number> {
  return (await call('GET', path, { key })).status
}

/** Which keys an actor is shown, by each way of asking. */
async function shown(query: string, key: string) {
  const rows = await get<Row[]>(`/spend/logs?${query}`, key)
  const { data } = await get<{ data: Row[] }>(`/spend/logs/v2?${DAYS}&${query}`, key)
  const days = await get<Row[]>(`/spend/logs?${DAYS}&${query}`, key)
  const inDays = days.flatMap((day) => Object.keys(day).filter((name) => name.length === 64))
  const [listed, paged] = [rows, data].map((list) => list.map((row) => row['api_key'] as string))
  expect([paged!.toSorted(), inDays.toSorted()]).toEqual([listed!.toSorted(), listed!.toSorted()])
  return listed!.toSorted()
}

/** Which keys' activity in teams they are shown. */
async function active(query: string, key: string) {
  const { results } = await get<{
    results: { breakdown: { api_keys: object } }[]
  }>(`/team/daily/activity?${DAYS}&page_size=1000&${query}`, key)
  return results.flatMap(({ breakdown }) => Object.keys(breakdown.api_keys)).toSorted()
}

async function spentCrew() {
  const made = await crew()
  const keys = [made.adminKey, made.memberKey, made.botKey]
  for (const key of keys) await spend(key)
  await deliver(made.accountId)
  const [adminHash, memberHash, botHash] = await Promise.all(keys.map(hash))
  return {
    ...made,
    adminHash: adminHash!,
    memberHash: memberHash!,
    botHash: botHash!,
    all: [adminHash!, memberHash!, botHash!].toSorted(),
  }
}

describe('what was spent is shown', () => {
  it('to admins of a team as a whole', async () => {
    const { team_id, adminKey, adminHash, memberKey, memberHash, all } = await spentCrew()
    expect(await shown(`team_id=${team_id}`, adminKey)).toEqual(all)
    expect(await shown(`api_key=${memberKey}`, adminKey)).toEqual([memberHash])
    expect(await shown('', adminKey)).toEqual([adminHash])
    expect(await active(`team_ids=${team_id}`, adminKey)).toEqual(all)
    expect(await active('', adminKey)).toEqual(all)
  })

  it('to members of a team as far as it is their own', async () => {
    const { team_id, member, memberKey, memberHash, adminKey } = await spentCrew()
    expect(await shown(`team_id=${team_id}`, memberKey)).toEqual([memberHash])
    expect(await shown('', member.key)).toEqual([memberHash])
    expect(await shown(`user_id=${member.userId}`, member.key)).toEqual([memberHash])
    expect(await active(`team_ids=${team_id}`, memberKey)).toEqual([memberHash])
    expect(await active('', memberKey)).toEqual([memberHash])
    expect(await statusOf(`/spend/logs?api_key=${adminKey}`, memberKey)).toBe(403)
    const others = `/team/daily/activity?${DAYS}&team_ids=${team_id}&api_key=${adminKey}`
    expect(await statusOf(others, memberKey)).toBe(403)
  })

  it('to a key of nobody as far as it is its own', async () => {
    const { team_id, botKey, botHash, member } = await spentCrew()
    expect(await shown('', botKey)).toEqual([botHash])
    expect(await shown(`team_id=${team_id}`, botKey)).toEqual([botHash])
    expect(await active('', botKey)).toEqual([botHash])
    expect(await statusOf(`/spend/logs?user_id=${member.userId}`, botKey)).toBe(403)
  })

  it.each(['proxy_admin', 'proxy_admin_viewer'])('as a whole to a %s', async (role) => {
    const { team_id, all } = await spentCrew()
    const { key } = await newUser(role)
    expect(await shown(`team_id=${team_id}`, key)).toEqual(all)
    expect(await active(`team_ids=${team_id}`, key)).toEqual(all)
  })

  it('of no call by its id to who may not see it', async () => {
    const { member, memberKey } = await spentCrew()
    const { key } = await newUser()
    const [row] = await get<Row[]>('/spend/logs', memberKey)
    const id = String(row!['request_id'])
    expect(await get<Row[]>(`/spend/logs?request_id=${id}`, member.key)).toHaveLength(1)
    expect(await get<Row[]>(`/spend/logs?request_id=${id}`, key)).toEqual([])
  })

  it('of nothing that is somebody else’s', async () => {
    const { team_id, member, memberKey } = await spentCrew()
    const { key } = await newUser()
    const nobodys = await newKey()
    for (const stranger of [key, nobodys]) {
      for (const path of [
        `/spend/logs?team_id=${team_id}`,
        `/spend/logs?user_id=${member.userId}`,
        `/spend/logs?api_key=${memberKey}`,
        `/spend/logs?api_key=${await hash(memberKey)}`,
        '/spend/logs?api_key=sk-nobody',
        `/spend/logs?${DAYS}&team_id=${team_id}`,
        `/spend/logs/v2?${DAYS}&user_id=${member.userId}`,
        `/spend/logs/ui?${DAYS}&team_id=${team_id}`,
        `/spend/users?user_id=${member.userId}`,
        `/team/daily/activity?${DAYS}&team_ids=${team_id}`,
        `/team/daily/activity/aggregated?${DAYS}&team_ids=${team_id}`,
        `/team/daily/activity?${DAYS}&api_key=${memberKey}`,
        `/user/daily/activity?${DAYS}&user_id=${member.userId}`,
        `/user/daily/activity/aggregated?${DAYS}&user_id=${member.userId}`,
        `/user/daily/activity?${DAYS}&api_key=${memberKey}`,
      ]) {
        expect([path, await statusOf(path, stranger)]).toEqual([path, 403])
      }
      expect(await active('', stranger)).toEqual([])
    }
  })

  it('of a user’s own days without naming the user', async () => {
    const { userId, key } = await newUser('internal_user_viewer')
    const other = await newUser()
    await summed([
      { accountId: `user:${userId}`, userId },
      { accountId: `user:${other.userId}`, userId: other.userId },
    ])
    for (const path of ['/user/daily/activity', '/user/daily/activity/aggregated']) {
      const answer = await get<{ metadata: Row }>(`${path}?${DAYS}`, key)
      expect(answer.metadata).toMatchObject({ total_spend: COST, total_api_requests: 1 })
    }
  })
})

describe('/spend/keys and /spend/users', () => {
  it('show admins what spent most first, and others their own', async () => {
    const { userId, key } = await newUser()
    await spend(key)
    await deliver(`user:${userId}`)
    const rows = await get<{ spend: number; token: string }[]>('/spend/keys?limit=1000')
    const spends = rows.map((row) => row.spend)
    expect(spends).toEqual(spends.toSorted((a, b) => b - a))
    expect(await get<Row[]>('/spend/keys?limit=2')).toHaveLength(2)
    expect(await get<Row[]>('/spend/keys', key)).toMatchObject([
      { token: await hash(key), user_id: userId, spend: COST },
    ])
    expect(JSON.stringify(rows)).not.toContain(key)
    expect(await get<Row[]>(`/spend/users?user_id=${userId}`)).toMatchObject([
      { user_id: userId, spend: COST, max_budget: null, user_role: 'internal_user' },
    ])
    expect(await get<Row[]>('/spend/users', key)).toHaveLength(1)
    expect(await get<Row[]>('/spend/users', await newKey())).toEqual([])
    const nobodys = await newKey()
    expect(await get<Row[]>('/spend/keys', nobodys)).toMatchObject([{ token: await hash(nobodys) }])
  })
})

describe('a team that permits it', () => {
  it('shows its members what all of it did', async () => {
    const { team_id } = await newTeam()
    const { userId } = await newUser()
    await post('/team/member_add', { team_id, member: { user_id: userId, role: 'user' } })
    const key = await newKey({ team_id, user_id: userId })
    const accountId = `team:${team_id}`
    await logged({ accountId, teamId: team_id, keyHash: 'x'.repeat(64) })
    expect(await get<Row[]>(`/spend/logs?team_id=${team_id}`, key)).toEqual([])
    const permissions = { teamMemberPermissions: ['/team/daily/activity'] }
    await db.update(teams).set(permissions).where(eq(teams.teamId, team_id))
    expect(await get<Row[]>(`/spend/logs?team_id=${team_id}`, key)).toHaveLength(1)
  })
})

describe('what everybody spent', () => {
  const PATHS = [
    '/global/spend',
    '/global/spend/logs',
    '/global/spend/keys',
    '/global/spend/teams',
    '/global/spend/models',
    '/global/spend/provider',
    '/global/activity',
    '/global/activity/model',
    '/audit',
    '/audit/logs',
    `/audit/logs/${crypto.randomUUID()}`,
  ]

  it.each(PATHS)('is for admins and viewers: %s', async (path) => {
    const { key } = await newUser()
    expect(await statusOf(path, key)).toBe(401)
    expect(await statusOf(path, await newKey())).toBe(401)
    const found = path.includes('/logs/') ? 404 : 200
    const { key: viewer } = await newUser('proxy_admin_viewer')
    for (const one of [MASTER, viewer]) expect(await statusOf(path, one)).toBe(found)
  })
})
