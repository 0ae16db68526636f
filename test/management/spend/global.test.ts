import { describe, expect, it } from 'vitest'
import { chat, get, newKey, post } from '../../setup/worker.ts'
import { COST, expectRefusal } from '../tenant.ts'
import { db } from '../../setup/database.ts'
import { dailyRefusals, teams } from '../../../drizzle/schema.ts'
import { ago, hash, summed, TODAY } from './tenant.ts'

type Row = Readonly<Record<string, unknown>>

/** Days that no other test writes to. */
let year = 1970
function ownDays() {
  year += 1
  const [first, second] = [`${year}-01-22`, `${year}-01-23`]
  return { first, second, query: `start_date=${year}-01-20&end_date=${year}-01-31` }
}

async function newAccount(teamAlias: string | null): Promise<string> {
  const teamId = crypto.randomUUID()
  await db.insert(teams).values({ teamId, teamAlias })
  return `team:${teamId}`
}

describe('what everybody spent', () => {
  it('is summed over all of it, exactly', async () => {
    const { first, second, query } = ownDays()
    const accountId = await newAccount('A')
    await summed([
      { accountId, day: first, spendPico: '100000000000' },
      { accountId, day: second, spendPico: '200000000000' },
      { accountId: 'user:x', day: second, spendPico: '1' },
    ])
    expect(await get(`/global/spend?${query}`)).toEqual({ spend: 0.300000000001, max_budget: null })
    expect(await get(`/global/spend/logs?${query}`)).toEqual([
      { date: first, spend: 0.1 },
      { date: second, spend: 0.200000000001 },
    ])
  })

  it('is that of the last 30 days where none are named', async () => {
    const accountId = await newAccount(null)
    const key = await newKey()
    const keyHash = await hash(key)
    const rows = [0, 29, 30].map((days) => ({ accountId, day: ago(days), keyHash }))
    await summed(rows)
    const spent = await get<Row[]>(`/global/spend/logs?api_key=${key}`)
    expect(spent).toEqual([
      { date: ago(29), spend: COST },
      { date: TODAY, spend: COST },
    ])
  })

  it('is told by key, model and provider, what cost most first', async () => {
    const { first, query } = ownDays()
    const key_alias = crypto.randomUUID()
    const token = await hash(await newKey({ key_alias }))
    const accountId = await newAccount('A')
    await summed([
      { accountId, day: first, keyHash: token, spendPico: '9000000' },
      { accountId, day: first, keyHash: 'gone', model: 'm', provider: 'p', spendPico: '5000000' },
    ])
    expect(await get(`/global/spend/keys?${query}`)).toEqual([
      { api_key: token, key_alias, key_name: expect.stringMatching(/^sk-/), total_spend: 9e-6 },
      { api_key: 'gone', key_alias: null, key_name: null, total_spend: 5e-6 },
    ])
    expect(await get(`/global/spend/keys?${query}&limit=1`)).toHaveLength(1)
    expect(await get(`/global/spend/models?${query}`)).toEqual([
      { model: 'llama3', total_spend: 9e-6, total_tokens: 30 },
      { model: 'm', total_spend: 5e-6, total_tokens: 30 },
    ])
    expect(await get(`/global/spend/provider?${query}`)).toEqual([
      { provider: 'openai', spend: 9e-6 },
      { provider: 'p', spend: 5e-6 },
    ])
  })

  it('is told by team, those without a name together', async () => {
    const { first, second, query } = ownDays()
    await summed([
      { accountId: await newAccount('Alpha'), day: first, spendPico: '5000000' },
      { accountId: await newAccount('Beta'), day: second, spendPico: '9000000' },
      { accountId: await newAccount(null), day: second, spendPico: '1000000' },
      { accountId: 'user:x', day: second, spendPico: '1000000' },
    ])
    expect(await get(`/global/spend/teams?${query}`)).toEqual({
      daily_spend: [
        { date: first, Alpha: 5e-6 },
        { date: second, Beta: 9e-6, Unassigned: 2e-6 },
      ],
      teams: ['Beta', 'Alpha', 'Unassigned'],
      total_spend_per_team: [
        { team_id: 'Beta', total_spend: 9e-6 },
        { team_id: 'Alpha', total_spend: 5e-6 },
        { team_id: 'Unassigned', total_spend: 2e-6 },
      ],
    })
  })

  it('stands beside what everybody did', async () => {
    const { first, second, query } = ownDays()
    const accountId = await newAccount('A')
    await summed([
      { accountId, day: second, requests: 4 },
      { accountId, day: first, requests: 2, modelGroup: 'other' },
    ])
    await db.insert(dailyRefusals).values([
      { accountId, day: second, generation: 1, calls: 5 },
      { accountId: `${accountId} b`, day: second, generation: 1, calls: 2 },
    ])
    const activity = {
      daily_data: [
        { date: 'Jan 22', day: first, api_requests: 2, total_tokens: 30 },
        { date: 'Jan 23', day: second, api_requests: 4, total_tokens: 30 },
      ],
      sum_api_requests: 6,
      sum_total_tokens: 60,
    }
    expect(await get(`/global/activity?${query}`)).toEqual({
      ...activity,
      daily_data: activity.daily_data.map((row, i) => ({ ...row, refused_requests: i * 7 })),
      sum_refused_requests: 7,
    })
    expect(await get(`/global/activity/model?${query}`)).toEqual([
      {
        model: 'llama3',
        daily_data: [activity.daily_data[1]],
        sum_api_requests: 4,
        sum_total_tokens: 30,
      },
      {
        model: 'other',
        daily_data: [activity.daily_data[0]],
        sum_api_requests: 2,
        sum_total_tokens: 30,
      },
    ])
  })
})

const calculate = (body: object, key?: string) =>
  post<{ cost: number }>('/spend/calculate', body, key)

describe('/spend/calculate', () => {
  const messages = [{ role: 'user', content: 'hi' }]

  it('says what an answer cost', async () => {
    const key = await newKey()
    const completion_response = await (await chat(key)).json()
    expect(await calculate({ completion_response }, key)).toEqual({
      cost: COST,
      cost_breakdown: { input: 0.0000005, output: 0.000003 },
      price: { input_cost_per_token: 5e-8, output_cost_per_token: 1.5e-7 },
      price_source: 'config',
    })
    const unnamed = { usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 } }
    expect(await calculate({ completion_response: unnamed, model: 'llama3' })).toMatchObject({
      cost: COST,
    })
  })

  it('knows what no row is called, by provider and model', async () => {
    const usage = { prompt_tokens: 1_000, completion_tokens: 500 }
    expect(await calculate({ completion_response: { model: 'openai/gpt-4o', usage } })).toEqual({
      cost: 0.0075,
      cost_breakdown: { input: 0.0025, output: 0.005 },
      price: expect.objectContaining({ cache_read_input_token_cost: 0.00000125 }),
      price_source: '@pydantic/genai-prices 0.1.8',
    })
  })

  it('estimates what messages cost by their length', async () => {
    const { cost } = await calculate({ model: 'llama3', messages })
    const { cost: more } = await calculate({
      model: 'llama3',
      messages: [...messages, ...messages],
    })
    expect(cost).toBeGreaterThan(0)
    expect(more).toBeGreaterThan(1.5 * cost)
  })

  it.each([
    [{}, 400, 'messages'],
    [{ model: 'llama3' }, 400, 'messages'],
    [{ messages }, 400, 'model'],
    [{ model: 'nobody', messages }, 400, 'model'],
    [{ completion_response: {} }, 400, 'completion_response.model'],
    [{ completion_response: { model: 'llama3' } }, 400, 'usage'],
    [{ completion_response: { model: 'nobody' } }, 400, 'model'],
    [{ model: 'llama3', messages: 'hi' }, 422, 'messages'],
    [{ completion_response: 'hi' }, 422, 'completion_response'],
  ])('refuses %j', async (body, status, param) => {
    await expectRefusal(['/spend/calculate', body], status, { param })
  })
})
