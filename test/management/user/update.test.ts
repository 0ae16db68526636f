import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { auditLogs } from '../../../drizzle/schema.ts'
import { db } from '../../setup/database.ts'
import { newIsolate } from '../../setup/isolate.ts'
import { call, chat, get, MASTER, newTeam, post } from '../../setup/worker.ts'
import { BAD_LIMITS, COST, expectRefusal, LIMIT_FIELDS, spend, untold } from '../tenant.ts'
import { newUser, type Row } from './people.ts'

interface Updated {
  readonly user_id: string
  readonly data: Row
}

const update = (fields: object): Promise<Updated> => post('/user/update', fields)

describe('/user/update', () => {
  it.each([
    ...LIMIT_FIELDS,
    ['user_alias', 'Ann', 'Ann', null],
    ['user_role', 'internal_user', 'internal_user', 'internal_user_viewer'],
    ['sso_user_id', 'sso', 'sso', null],
    ['models', ['llama3'], ['llama3'], []],
    ['metadata', { floor: 7 }, { floor: 7 }, {}],
  ] as const)('sets %s to %j, keeps it while absent, clears it by null', async (...row) => {
    const [field, value, shown, cleared] = row
    const { user_id } = await newUser({ auto_create_key: false })
    expect((await update({ user_id, [field]: value })).data[field]).toEqual(shown)
    const kept = await update({ user_id })
    expect(kept).toMatchObject({ user_id, data: { user_id, [field]: shown } })
    expect((await update({ user_id, [field]: null })).data[field]).toEqual(cleared)
  })

  it.each([
    ...BAD_LIMITS,
    [{ user_role: 'king' }, 422, 'user_role'],
    [{ blocked: true }, 400, 'blocked'],
    [{ teams: ['elsewhere'] }, 400, 'teams'],
    [{ spend: 1 }, 400, 'spend'],
    [{ organizations: ['o'] }, 400, 'organizations'],
  ] as const)('refuses %j with %i by name', async (fields, code, param) => {
    const { user_id } = await newUser({ auto_create_key: false, max_budget: 7 })
    const before = await get<Row>(`/v2/user/info?user_id=${user_id}`)
    await expectRefusal(['/user/update', { user_id, ...fields }], code, { param })
    const after = await get<Row>(`/v2/user/info?user_id=${user_id}`)
    expect({ ...after, updated_at: 0 }).toEqual({ ...before, updated_at: 0 })
  })

  it('finds a user by the address alone, however it is spelt', async () => {
    const user_email = `${crypto.randomUUID()}@example.com`
    const { user_id } = await newUser({ user_email })
    const changed = await update({ user_email: user_email.toUpperCase(), max_budget: 3 })
    expect(changed).toMatchObject({ user_id, data: { user_email, max_budget: 3 } })
  })

  it('gives an address to nobody while somebody else has it', async () => {
    const user_email = `${crypto.randomUUID()}@example.com`
    await newUser({ user_email })
    const { user_id } = await newUser({ user_alias: 'old' })
    await expectRefusal(['/user/update', { user_id, user_email, user_alias: 'new' }], 409, {
      param: 'user_email',
    })
    expect(await get(`/v2/user/info?user_id=${user_id}`)).toMatchObject({
      user_email: null,
      user_alias: 'old',
    })
    const own = `${crypto.randomUUID()}@example.com`
    for (let i = 0; i < 2; i++) await update({ user_id, user_email: own })
    expect(await get(`/v2/user/info?user_id=${user_id}`)).toMatchObject({ user_email: own })
  })

  it('knows who was never there, and needs to be told whom', async () => {
    await expectRefusal(['/user/update', { user_id: 'never' }], 404, { param: 'user_id' })
    await expectRefusal(['/user/update', { user_email: 'never@x' }], 404, { param: 'user_email' })
    await expectRefusal(['/user/update', { max_budget: 1 }], 400, { param: 'user_id' })
  })

  it('takes its own answer back', async () => {
    const { team_id } = await newTeam()
    const { user_id } = await newUser({ teams: [team_id], max_budget: 2, budget_duration: '1d' })
    const { data } = await update({ user_id })
    expect((await update(data)).data).toMatchObject({ teams: [team_id], max_budget: 2 })
  })

  it('binds the next call of a key that an isolate knows, and tells nobody twice', async () => {
    const user = await newUser({ max_budget: 1 })
    const warm = newIsolate()
    expect(await warm.chat(user.key)).toMatchObject({ status: 200 })
    await update({ user_id: user.user_id, max_budget: COST })
    expect(await warm.chat(user.key)).toMatchObject({ status: 400, why: 'user:budget' })
    await update({ user_id: user.user_id, max_budget: null })
    expect(await warm.chat(user.key)).toMatchObject({ status: 200 })
    await update({ user_id: user.user_id, models: ['other'] })
    expect((await warm.chat(user.key)).status).toBe(403)
    expect(await untold(`user:${user.user_id}`)).toEqual([])
  })

  it("makes an account for who had none, so that no ledger opens with yesterday's limits", async () => {
    const { team_id } = await newTeam()
    const user_id = crypto.randomUUID()
    await post('/team/member_add', { team_id, member: { role: 'user', user_id } })
    await update({ user_id, max_budget: 0 })
    const { key } = await post<{ key: string }>('/key/generate', { user_id })
    expect((await chat(key)).status).toBe(400)
  })

  it('forgives what was spent, and never adds to it', async () => {
    const { user_id, key } = await newUser({ max_budget: COST })
    await spend(key)
    expect((await chat(key)).status).toBe(400)
    await expectRefusal(['/user/update', { user_id, spend: 2 * COST }], 400, { param: 'spend' })
    expect((await update({ user_id, spend: 0 })).data).toMatchObject({ spend: 0 })
    expect((await chat(key)).status).toBe(200)
    const noted = await db.select().from(auditLogs).where(eq(auditLogs.objectId, user_id))
    expect(noted.map(({ action, tableName }) => [action, tableName])).toContainEqual([
      'updated',
      'LiteLLM_UserTable',
    ])
  })

  it('shows what was spent in the window that is open', async () => {
    const { user_id, key } = await newUser({ max_budget: 1, budget_duration: '1d' })
    await spend(key)
    const { data } = await update({ user_id, max_budget: 2 })
    expect(data).toMatchObject({
      spend: COST,
      held: 0,
      max_budget: 2,
      budget_reset_at: expect.stringMatching(/Z$/),
    })
  })
})

interface Bulk {
  readonly results: Row[]
  readonly total_requested: number
  readonly successful_updates: number
  readonly failed_updates: number
}

describe('/user/bulk_update', () => {
  it('answers for each user by itself, by id or address', async () => {
    const user_email = `${crypto.randomUUID()}@example.com`
    const [a, b] = [await newUser({ max_budget: 1 }), await newUser({ user_email })]
    await spend(a.key)
    const answer = await post<Bulk>('/user/bulk_update', {
      users: [
        { user_id: a.user_id, max_budget: COST },
        { user_email, user_role: 'internal_user' },
        { user_id: 'never', max_budget: 1 },
        { user_id: b.user_id, max_budget: -1 },
        { user_id: b.user_id, blocked: true },
        { user_id: b.user_id, user_role: 'king' },
      ],
    })
    expect(answer).toMatchObject({ total_requested: 6, successful_updates: 2, failed_updates: 4 })
    expect(answer.results.map(({ success }) => success)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ])
    expect(answer.results[0]).toMatchObject({
      user_id: a.user_id,
      updated_user: { max_budget: COST },
    })
    expect(answer.results[1]).toMatchObject({
      user_email,
      updated_user: { user_role: 'internal_user' },
    })
    expect(answer.results[2]).toMatchObject({
      user_id: 'never',
      error: 'User not found, passed user_id=never',
    })
    expect(answer.results[3]?.['error']).toMatch(/^max_budget:/)
    expect((await chat(a.key)).status).toBe(400)
  })

  it('is bounded, and needs to be told whom', async () => {
    const users = Array.from({ length: 501 }, () => ({ user_id: 'x' }))
    await expectRefusal(['/user/bulk_update', { users }], 422, { param: 'users' })
    await expectRefusal(['/user/bulk_update', {}], 400, { param: 'users' })
    await expectRefusal(['/user/bulk_update', { users: [7] }], 422, { param: 'users.0' })
    const nobody = await call('POST', '/user/bulk_update', { key: MASTER, body: { users: [] } })
    expect(nobody.status).toBe(400)
  })
})
