import { createScheduledController } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import worker from '../../../src/worker.ts'
import { call, chat, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { everybody, status } from '../user/people.ts'
import { BAD_LIMITS, COST, expectRefusal, LIMIT_FIELDS, spend, untold } from '../tenant.ts'

type Row = Record<string, unknown>

const newBudget = (fields: object = {}): Promise<Row & { budget_id: string }> =>
  post('/budget/new', fields)
const show = async (budget_id: string): Promise<Row | undefined> =>
  (await post<Row[]>('/budget/info', { budgets: [budget_id] }))[0]

describe('a budget row', () => {
  it.each(LIMIT_FIELDS)(
    'has %s as %j, keeps it while absent, clears it by null',
    async (...row) => {
      const [field, value, shown, cleared] = row
      const { budget_id } = await newBudget()
      const update = (fields: object): Promise<Row> =>
        post('/budget/update', { budget_id, ...fields })
      expect((await update({ [field]: value }))[field]).toEqual(shown)
      expect((await update({}))[field]).toEqual(shown)
      expect((await show(budget_id))?.[field]).toEqual(shown)
      expect((await update({ [field]: null }))[field]).toEqual(cleared)
      expect((await newBudget({ [field]: value }))[field]).toEqual(shown)
    },
  )

  it.each(BAD_LIMITS)('refuses %j with %i by name', async (fields, code, param) => {
    const { budget_id } = await newBudget({ max_budget: 7 })
    const before = await show(budget_id)
    await expectRefusal(['/budget/update', { budget_id, ...fields }], code, { param })
    await expectRefusal(['/budget/new', fields], code, { param })
    expect(await show(budget_id)).toEqual(before)
  })

  it('has the id that it was given, once', async () => {
    const budget_id = `own-${crypto.randomUUID()}`
    expect(await newBudget({ budget_id, max_budget: 1 })).toMatchObject({ budget_id })
    await expectRefusal(['/budget/new', { budget_id }], 400, {
      message: `Budget with id '${budget_id}' already exists.`,
      param: 'budget_id',
    })
    expect(await show(budget_id)).toMatchObject({ max_budget: 1, allowed_models: [] })
    const listed = await get<Row[]>('/budget/list')
    expect(listed.find((row) => row['budget_id'] === budget_id)).toMatchObject({ max_budget: 1 })
    const settings = await get<Row[]>(`/budget/settings?budget_id=${budget_id}`)
    expect(settings).toContainEqual({
      field_name: 'max_budget',
      field_type: 'Float',
      field_description: expect.any(String),
      field_value: 1,
      stored_in_db: true,
      field_default_value: null,
    })
  })

  it('may be deleted again and again, unless it never was', async () => {
    const { budget_id } = await newBudget({ max_budget: 1 })
    for (let i = 0; i < 2; i++) {
      expect(await post('/budget/delete', { id: budget_id })).toMatchObject({ budget_id })
    }
    expect(await show(budget_id)).toBeUndefined()
    await expectRefusal(['/budget/delete', { id: 'never' }], 404, { param: 'id' })
    await expectRefusal(['/budget/update', { budget_id }], 404, { param: 'budget_id' })
    expect(await newBudget({ budget_id })).toMatchObject({ max_budget: null })
    const gone = await call('GET', '/budget/settings?budget_id=never', { key: MASTER })
    expect(gone.status).toBe(404)
  })

  it('is made and changed by admins, and read by viewers too', async () => {
    const { budget_id } = await newBudget()
    const { team_id } = await newTeam()
    const writes = ['new', 'update', 'delete'].map(
      (verb) => ['POST', `/budget/${verb}`, {}] as const,
    )
    const reads = [
      ['POST', '/budget/info', { budgets: [budget_id] }],
      ['GET', '/budget/list'],
      ['GET', `/budget/settings?budget_id=${budget_id}`],
    ] as const
    for (const [who, { key }] of await everybody(team_id)) {
      if (who === 'proxy_admin') continue
      const [written, seen] = who === 'proxy_admin_viewer' ? [403, 200] : [401, 401]
      for (const asked of writes) expect([who, await status(asked, key)]).toEqual([who, written])
      for (const asked of reads) expect([who, await status(asked, key)]).toEqual([who, seen])
    }
  })
})

describe('keys that name a budget row', () => {
  it('are held to it each by itself, in whatever account they are', async () => {
    const { budget_id } = await newBudget({ max_budget: COST })
    const { team_id } = await newTeam()
    for (const key of [await newKey({ budget_id }), await newKey({ budget_id, team_id })]) {
      await spend(key)
      expect((await chat(key)).status).toBe(400)
      expect(await get(`/key/info?key=${key}`)).toMatchObject({
        info: { budget_id, max_budget: null, litellm_budget_table: { max_budget: COST } },
      })
    }
  })

  it('hear of its changes before the next call', async () => {
    const { budget_id } = await newBudget({ max_budget: 1 })
    const { team_id } = await newTeam()
    const [alone, ofTeam] = [await newKey({ budget_id }), await newKey({ budget_id, team_id })]
    await spend(alone)
    await spend(ofTeam)
    await post('/budget/update', { budget_id, max_budget: COST })
    expect((await chat(alone)).status).toBe(400)
    expect((await chat(ofTeam)).status).toBe(400)
    await post('/budget/delete', { id: budget_id })
    expect((await chat(alone)).status).toBe(200)
    expect((await chat(ofTeam)).status).toBe(200)
    expect(await untold(`team:${team_id}`)).toEqual([])
  })

  it('may name another one, or none, later', async () => {
    const { budget_id } = await newBudget({ max_budget: COST })
    const key = await newKey()
    await spend(key)
    await post('/key/update', { key, budget_id })
    expect((await chat(key)).status).toBe(400)
    await post('/key/update', { key, budget_id: null })
    expect((await chat(key)).status).toBe(200)
  })

  it('must name one that is there', async () => {
    const param = 'budget_id'
    await expectRefusal(['/key/generate', { budget_id: 'never' }], 404, { param })
    const key = await newKey()
    await expectRefusal(['/key/update', { key, budget_id: 'never' }], 404, { param })
  })

  it('are told as far as a call can wait, and the others by cron', async () => {
    const { budget_id } = await newBudget({ max_budget: 1 })
    const keys = await Promise.all(Array.from({ length: 103 }, () => newKey({ budget_id })))
    for (let i = 0; i < keys.length; i += 10) await Promise.all(keys.slice(i, i + 10).map(spend))
    const body = { budget_id, max_budget: COST }
    const response = await call('POST', '/budget/update', { key: MASTER, body })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-tollgate-pending')).toBe('3')
    const answers = async (): Promise<number[]> => {
      const all = await Promise.all(keys.map(async (key) => (await chat(key)).status))
      return [200, 400].map((code) => all.filter((one) => one === code).length)
    }
    expect(await answers()).toEqual([3, 100])
    await worker.scheduled(
      createScheduledController({ cron: '* * * * *', scheduledTime: new Date() }),
    )
    expect(await answers()).toEqual([0, 103])
  }, 120_000)
})
