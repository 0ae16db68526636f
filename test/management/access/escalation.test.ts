import { describe, expect, it } from 'vitest'
import { call, chat, type ErrorBody, get, newKey, newTeam, post } from '../../setup/worker.ts'

interface Made {
  readonly key: string
  readonly token: string
  readonly allowed_routes: readonly string[]
}

async function person(fields: object = {}): Promise<{ user_id: string; key: string }> {
  return post('/user/new', { user_role: 'internal_user', ...fields })
}

/** A team with an admin, and somebody who is an admin of another team. */
async function world() {
  const [ours, theirs] = await Promise.all([newTeam(), newTeam()])
  const boss = await person({ teams: [{ team_id: ours.team_id, user_role: 'admin' }] })
  const victim = await person({ teams: [{ team_id: theirs.team_id, user_role: 'admin' }] })
  const member = { role: 'user', user_id: victim.user_id }
  await post('/team/member_add', { team_id: ours.team_id, member }, boss.key)
  return { team_id: ours.team_id, other: theirs.team_id, boss, victim }
}

async function status(path: string, body: object, key: string): Promise<number> {
  return (await call('POST', path, { key, body })).status
}

describe("a team's admin", () => {
  it('makes keys for others that call models and manage nothing', async () => {
    const { team_id, other, boss, victim } = await world()
    const owner = { team_id, user_id: victim.user_id }
    const lent = await post<Made>('/key/generate', owner, boss.key)
    expect(lent.allowed_routes).toEqual(['llm_api_routes'])
    expect((await chat(lent.key)).status).toBe(200)
    expect((await call('GET', `/team/info?team_id=${other}`, { key: lent.key })).status).toBe(403)
    expect(await status('/key/generate', {}, lent.key)).toBe(403)
    for (const allowed_routes of [['/key/*'], ['llm_api_routes', '/team/update']]) {
      expect(await status('/key/generate', { ...owner, allowed_routes }, boss.key)).toBe(403)
    }
    expect(await status('/key/update', { key: lent.key, allowed_routes: null }, boss.key)).toBe(403)
  })

  it("gets no secret of a member's key, and gives no key of their own another user", async () => {
    const { team_id, boss, victim } = await world()
    const theirs = await newKey({ team_id, user_id: victim.user_id })
    expect(await status('/key/regenerate', { key: theirs }, boss.key)).toBe(403)
    const own = await newKey({ team_id, user_id: boss.user_id })
    expect(await status('/key/update', { key: own, user_id: victim.user_id }, boss.key)).toBe(403)
    expect((await chat(theirs)).status).toBe(200)
  })

  it('learns nothing of whom they add by an address', async () => {
    const { team_id, boss } = await world()
    const user_email = `${crypto.randomUUID()}@example.com`
    const { user_id } = await person({ user_email, metadata: { salary: 1 }, max_budget: 7 })
    const member = { role: 'user', user_email: user_email.toUpperCase() }
    const added = await post<{ updated_users: object[] }>(
      '/team/member_add',
      { team_id, member },
      boss.key,
    )
    expect(added.updated_users).toEqual([
      { user_id, user_email, user_alias: null, teams: [team_id] },
    ])
  })

  it('gives nobody an address that somebody has', async () => {
    const { team_id, boss } = await world()
    const user_email = `${crypto.randomUUID()}@example.com`
    await person({ user_email })
    const user_id = crypto.randomUUID()
    await post(
      '/team/member_add',
      { team_id, member: { role: 'user', user_id, user_email } },
      boss.key,
    )
    expect(await get(`/user/info?user_id=${user_id}`)).toMatchObject({
      user_info: { user_email: null },
    })
  })
})

describe('a key that is limited', () => {
  it('by a shared budget row sets no limits beside it', async () => {
    const { budget_id } = await post<{ budget_id: string }>('/budget/new', { max_budget: 0 })
    const { user_id } = await person()
    const key = await newKey({ user_id, budget_id })
    expect(await status('/key/update', { key, max_budget: 100 }, key)).toBe(403)
    expect(await status('/key/generate', { max_budget: 100 }, key)).toBe(403)
    const made = await post<Made>('/key/generate', {}, key)
    expect((await chat(made.key)).ok).toBe(false)
  })

  it('gets no secret of a wider one, be its user a proxy admin', async () => {
    for (const user_role of ['internal_user', 'proxy_admin']) {
      const { user_id, key: wide } = await person({ user_role })
      const narrow = await newKey({ user_id, allowed_routes: ['/key/*'] })
      const response = await call('POST', '/key/regenerate', { key: narrow, body: { key: wide } })
      expect((await response.json<ErrorBody>()).error.param).toBe('allowed_routes')
      expect((await chat(wide)).status).toBe(200)
      const itself = await post<Made>('/key/regenerate', { key: narrow }, narrow)
      expect((await chat(itself.key)).status).toBe(403)
    }
  })

  it("to its team's models hands them to no key elsewhere", async () => {
    const { team_id } = await newTeam({ models: ['nothing-here'] })
    const { user_id } = await person({ teams: [team_id] })
    const key = await newKey({ team_id, user_id, models: ['all-team-models'] })
    expect(await status('/key/generate', {}, key)).toBe(400)
  })
})
