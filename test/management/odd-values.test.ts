import { describe, expect, it } from 'vitest'
import { call, chat, type ErrorBody, get, MASTER, newKey, post } from '../setup/worker.ts'
import { COST, expectRefusal, spend } from './tenant.ts'

describe('a query', () => {
  it.each([
    ['/spend/logs?start_date=0000-01-01&end_date=0000-01-02', 'start_date'],
    ['/spend/logs?start_date=9999-12-31&end_date=9999-12-31&summarize=false', 'start_date'],
    ['/spend/logs?cursor=999999999999999_x', 'cursor'],
    ['/user/daily/activity?start_date=0000-01-01&end_date=2026-01-01', 'start_date'],
    ['/team/daily/activity?start_date=0000-01-01&end_date=2026-01-01', 'start_date'],
    ['/team/daily/activity?start_date=2026-01-01&end_date=2026-01-02&team_ids=a%00b', 'team_ids'],
    ['/audit/logs?start_date=0000-01-01', 'start_date'],
    ['/audit/logs?end_date=9999-12-31', 'end_date'],
    ['/global/spend?end_date=0000-01-02', 'end_date'],
    ['/user/list?user_ids=%00', 'user_ids'],
    ['/user/info?user_id=a+%00', 'user_id'],
  ])('as odd as %s is refused by name', async (path, param) => {
    const response = await call('GET', path, { key: MASTER })
    const { error } = await response.json<ErrorBody>()
    expect([response.status, error.param]).toEqual([expect.any(Number), param])
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.status).toBeLessThan(500)
  })

  it('whose id is half an escape finds nobody', async () => {
    const { status } = await call('GET', '/user/info?user_id=a+%E0%A4%A', { key: MASTER })
    expect(status).toBe(404)
  })
})

it.each(['0000-01-01', '9999-12-31T23:59:59-23:59'])(
  'a temporary increase never ends at %s',
  async (temp_budget_expiry) => {
    const body = { temp_budget_increase: 1, temp_budget_expiry }
    await expectRefusal(['/key/generate', body], 400, { param: 'temp_budget_expiry' })
  },
)

describe('a change with a spend that is refused', () => {
  it('changes nothing else of a key, its secret least of all', async () => {
    const key = await newKey({ max_budget: 9 })
    for (const path of ['/key/update', '/key/regenerate']) {
      await expectRefusal([path, { key, max_budget: 5, spend: 3 }], 400, { param: 'spend' })
    }
    expect(await get(`/key/info?key=${key}`)).toMatchObject({ info: { max_budget: 9 } })
    expect((await chat(key)).status).toBe(200)
  })

  it('changes nothing else of a user', async () => {
    const { user_id } = await post<{ user_id: string }>('/user/new', { max_budget: 9 })
    const fields = { user_id, max_budget: 7, spend: 3 }
    await expectRefusal(['/user/update', fields], 400, { param: 'spend' })
    await post('/user/bulk_update', { users: [fields] })
    const shown = await get(`/user/info?user_id=${user_id}`)
    expect(shown).toMatchObject({ user_info: { max_budget: 9 } })
  })
})

it('a window of the calendar counts what was spent before many users were given it', async () => {
  const { user_id, key } = await post<{ user_id: string; key: string }>('/user/new', {})
  await spend(key)
  const budget_limits = [{ budget_duration: '1d', max_budget: COST / 2 }]
  const users = [{ user_id, budget_limits, budget_reset_alignment: 'calendar' }]
  await post('/user/bulk_update', { users })
  expect((await chat(key)).status).toBe(400)
})

it("no other key is called by a secret that a user's first key had", async () => {
  const { user_id, key } = await post<{ user_id: string; key: string }>('/user/new', {})
  await post('/key/regenerate', { key })
  const other = await newKey({ user_id })
  await expectRefusal(['/key/regenerate', { key: other, new_key: key }], 400, { param: 'new_key' })
})
