import { describe, expect, it, vi } from 'vitest'
import { chat, get, newKey, newTeam, post } from '../setup/worker.ts'
import { COST, spend, spentTeam } from './tenant.ts'

const CALENDAR = { budget_reset_alignment: 'calendar' }

type Usage = Readonly<Record<string, { readonly current_spend: number }>>
interface Row {
  readonly budget_limits_usage: Usage
  readonly model_max_budget_usage: Usage
  readonly spend: number
}

const team = async (id: string): Promise<Row> =>
  (await get<{ team_info: Row }>(`/team/info?team_id=${id}`)).team_info
const info = async (key: string): Promise<Row> =>
  (await get<{ info: Row }>(`/key/info?key=${key}`)).info

/** A call in flight counts in the windows that were there when it began. */
async function settled(key: string, calls: number): Promise<void> {
  const usd = calls * COST * (1 - 1e-9)
  await vi.waitFor(async () => expect((await info(key)).spend).toBeGreaterThan(usd))
}

describe('a window of the calendar that is added', () => {
  it('counts what a team spent in it before, once, and holds', async () => {
    const { team_id, key } = await spentTeam(CALENDAR)
    await spend(key)
    await settled(key, 2)
    const budget_limits = [{ budget_duration: '1mo', max_budget: 3 * COST }]
    for (let repeat = 0; repeat < 2; repeat++) {
      await post('/team/update', { team_id, budget_limits })
      const { budget_limits_usage: used } = await team(team_id)
      expect(used).toEqual({ '1mo': { current_spend: expect.closeTo(2 * COST, 15) } })
    }
    await spend(key)
    const refused = await chat(key)
    expect(refused.status).toBe(400)
    expect(refused.headers.get('x-tollgate-budget')).toBe('1mo')
  })

  it('counts what a key spent in it, and nothing of its neighbours', async () => {
    const { team_id } = await newTeam()
    const [key, other] = [await newKey({ team_id, ...CALENDAR }), await newKey({ team_id })]
    await spend(key)
    await spend(other)
    await settled(key, 1)
    await post('/key/update', { key, budget_limits: [{ budget_duration: '1mo', max_budget: 1 }] })
    expect((await info(key)).budget_limits_usage).toEqual({ '1mo': { current_spend: COST } })
  })

  it('of a model counts what was spent on that model', async () => {
    const { key } = await spentTeam({}, CALENDAR)
    await settled(key, 1)
    const monthly = { budget_limit: 1, time_period: '1mo' }
    await post('/key/update', { key, model_max_budget: { 'llama*': monthly, gpt: monthly } })
    expect((await info(key)).model_max_budget_usage).toMatchObject({
      'llama*': { current_spend: COST },
      gpt: { current_spend: 0 },
    })
  })

  it.each([
    ['that was limited per minute before', {}],
    ['that had a budget before', { model_max_budget: { llama3: { budget_limit: 2 } } }],
  ])('of a model %s counts once what was counted', async (_name, fields) => {
    const limited = { ...CALENDAR, model_rpm_limit: { llama3: 99 }, ...fields }
    const { key } = await spentTeam({}, limited)
    await settled(key, 1)
    for (let repeat = 0; repeat < 2; repeat++) {
      const model_max_budget = { llama3: { budget_limit: 1, time_period: '1mo' } }
      await post('/key/update', { key, model_max_budget })
      const { model_max_budget_usage: used } = await info(key)
      expect(used).toMatchObject({ llama3: { current_spend: COST } })
      await post('/key/update', { key, model_max_budget: null })
    }
  })

  it('begins now where windows are rolling', async () => {
    const { team_id, key } = await spentTeam()
    await settled(key, 1)
    const budget_limits = [{ budget_duration: '1mo', max_budget: 3 * COST }]
    await post('/team/update', { team_id, budget_limits })
    expect((await team(team_id)).budget_limits_usage).toEqual({ '1mo': { current_spend: 0 } })
  })
})

describe('a window that is removed', () => {
  it.each([
    ['and counts anew when it is added again', {}, 0],
    ['and counts by the entries when it is of the calendar', CALENDAR, 2 * COST],
  ])('is forgotten, %s', async (_name, fields, after) => {
    const budget_limits = [{ budget_duration: '1mo', max_budget: 1 }]
    const { team_id, key } = await spentTeam({ ...fields, budget_limits })
    await settled(key, 1)
    expect((await team(team_id)).budget_limits_usage).toEqual({ '1mo': { current_spend: COST } })
    await post('/team/update', { team_id, budget_limits: null })
    expect((await team(team_id)).budget_limits_usage).toEqual({})
    await spend(key)
    await settled(key, 2)
    await post('/team/update', { team_id, budget_limits })
    const { budget_limits_usage: used } = await team(team_id)
    expect(used).toEqual({ '1mo': { current_spend: expect.closeTo(after, 15) } })
  })
})
