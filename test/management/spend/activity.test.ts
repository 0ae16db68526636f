import { describe, expect, it } from 'vitest'
import { get, newKey, newTeam } from '../../setup/worker.ts'
import { COST, spend } from '../tenant.ts'
import { ago, deliver, hash, newUser, summed, TODAY } from './tenant.ts'

interface Metrics {
  readonly spend: number
  readonly api_requests: number
}

interface Part {
  readonly metrics: Metrics
  readonly metadata: object
}

interface Activity {
  readonly results: readonly {
    readonly date: string
    readonly metrics: Metrics
    readonly breakdown: Readonly<Record<string, Readonly<Record<string, Part>>>>
  }[]
  readonly metadata: Readonly<Record<string, unknown>>
}

const DAYS = `start_date=${ago(40)}&end_date=${TODAY}`
const ofTeams = (query: string) => get<Activity>(`/team/daily/activity?${DAYS}&${query}`)

const ONE_CALL = {
  spend: COST,
  prompt_tokens: 10,
  completion_tokens: 20,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  total_tokens: 30,
  successful_requests: 1,
  failed_requests: 0,
  api_requests: 1,
}

describe('/team/daily/activity', () => {
  it('shows a call in LiteLLM’s shape', async () => {
    const { team_id } = await newTeam({ team_alias: 'Active' })
    const key_alias = crypto.randomUUID()
    const key = await newKey({ team_id, key_alias })
    await spend(key)
    await deliver(`team:${team_id}`)
    const ofKey = { [await hash(key)]: { metrics: ONE_CALL, metadata: { key_alias, team_id } } }
    const part = { metrics: ONE_CALL, metadata: {}, api_key_breakdown: ofKey }
    expect(await ofTeams(`team_ids=${team_id}`)).toEqual({
      results: [
        {
          date: TODAY,
          metrics: ONE_CALL,
          breakdown: {
            mcp_servers: {},
            models: { llama3: part },
            model_groups: { llama3: part },
            providers: { openai: part },
            api_keys: ofKey,
            entities: { [team_id]: { ...part, metadata: { team_alias: 'Active' } } },
          },
        },
      ],
      metadata: {
        total_spend: COST,
        total_prompt_tokens: 10,
        total_completion_tokens: 20,
        total_tokens: 30,
        total_api_requests: 1,
        total_successful_requests: 1,
        total_failed_requests: 0,
        total_cache_read_input_tokens: 0,
        total_cache_creation_input_tokens: 0,
        page: 1,
        total_pages: 1,
        has_more: false,
      },
    })
  })

  it('says on every page what all pages come to', async () => {
    const teamId = crypto.randomUUID()
    const accountId = `team:${teamId}`
    const keys = Array.from({ length: 25 }, (_, i) => `key-${i}-${teamId}`)
    const days = Array.from({ length: 40 }, (_, i) => ago(i))
    await summed(days.flatMap((day) => keys.map((keyHash) => ({ accountId, day, keyHash }))))
    const pages = []
    for (let page = 1; page <= 4; page++) {
      pages.push(await ofTeams(`team_ids=${teamId}&page_size=300&page=${page}`))
    }
    let spent = 0n
    for (const [i, { results, metadata }] of pages.entries()) {
      expect(metadata).toMatchObject({
        total_spend: 0.0035,
        total_api_requests: 1_000,
        page: i + 1,
        total_pages: 4,
        has_more: i < 3,
      })
      for (const { metrics } of results) spent += BigInt(Math.round(metrics.spend * 1e12))
    }
    expect(spent).toBe(3_500_000_000n)
    expect(pages[0]!.results[0]!.date).toBe(TODAY)
    expect((await ofTeams(`team_ids=${teamId}&page=5&page_size=300`)).results).toEqual([])
    const whole = await ofTeams(`team_ids=${teamId}&page_size=1000`)
    expect(whole.results.map(({ date }) => date)).toEqual(days)
    expect((await ofTeams(`team_ids=${teamId}`)).metadata).toMatchObject({ total_pages: 100 })
  })

  it('filters by team, model, key and days', async () => {
    const [one, two] = [crypto.randomUUID(), crypto.randomUUID()]
    await summed([
      { accountId: `team:${one}`, keyHash: 'a' },
      { accountId: `team:${one}`, keyHash: 'b', model: 'big', day: ago(50) },
      { accountId: `team:${two}`, keyHash: 'b', modelGroup: 'mine' },
      { accountId: `user:${two}`, keyHash: 'c' },
    ])
    const total = async (query: string) =>
      (await ofTeams(`team_ids=${one},${two}&${query}`)).metadata['total_api_requests']
    expect(await total('')).toBe(2)
    expect(await total(`exclude_team_ids=${two}`)).toBe(1)
    expect(await total('api_key=b')).toBe(1)
    expect(await total('model=mine')).toBe(1)
    expect(await total('model=llama3&api_key=a')).toBe(1)
    expect(await total('model=big')).toBe(0)
    const { metadata } = await get<Activity>(
      `/team/daily/activity?team_ids=${one}&start_date=${ago(60)}&end_date=${ago(45)}`,
    )
    expect(metadata).toMatchObject({ total_api_requests: 1 })
    const everybody = await ofTeams('page_size=1000')
    const days = everybody.results.flatMap(({ breakdown }) => Object.keys(breakdown['entities']!))
    expect(days).toEqual(expect.arrayContaining([one, two]))
  })

  it('counts calls that failed, and models nobody priced', async () => {
    const teamId = crypto.randomUUID()
    await summed([
      {
        accountId: `team:${teamId}`,
        provider: '',
        spendPico: '0',
        requests: 3,
        successfulRequests: 1,
        failedRequests: 2,
      },
    ])
    const { results } = await ofTeams(`team_ids=${teamId}`)
    expect(results[0]!.metrics).toMatchObject({
      api_requests: 3,
      successful_requests: 1,
      failed_requests: 2,
    })
    expect(Object.keys(results[0]!.breakdown['providers']!)).toEqual(['unknown'])
  })
})

describe('/team/daily/activity/aggregated', () => {
  it('sums what a team did by day, and names the team', async () => {
    const { team_id } = await newTeam({ team_alias: 'Summed' })
    const accountId = `team:${team_id}`
    await summed([
      { accountId, keyHash: 'a', spendPico: '3' },
      { accountId, keyHash: 'b', spendPico: '4' },
      { accountId, day: ago(1), keyHash: 'a', spendPico: '5' },
    ])
    const { results, metadata } = await get<Activity>(
      `/team/daily/activity/aggregated?${DAYS}&team_ids=${team_id}`,
    )
    expect(results.map(({ date, metrics }) => [date, metrics['spend']])).toEqual([
      [TODAY, 7e-12],
      [ago(1), 5e-12],
    ])
    expect(results[0]!.breakdown['entities']).toMatchObject({
      [team_id]: { metrics: { spend: 7e-12 }, metadata: { team_alias: 'Summed' } },
    })
    expect(metadata).toMatchObject({ total_spend: 12e-12, total_pages: 1 })
  })
})

describe('/user/daily/activity', () => {
  it('has what a user did in teams and without one', async () => {
    const { userId, key } = await newUser()
    const { team_id } = await newTeam()
    const teamKey = await newKey({ team_id, user_id: userId })
    await spend(key)
    await spend(teamKey)
    await deliver(`user:${userId}`)
    await deliver(`team:${team_id}`)
    for (const path of ['', '/aggregated']) {
      const { results, metadata } = await get<Activity>(
        `/user/daily/activity${path}?${DAYS}&user_id=${userId}`,
      )
      expect(metadata).toMatchObject({ total_spend: 2 * COST, total_pages: 1, has_more: false })
      expect(results).toHaveLength(1)
      const { date, metrics, breakdown } = results[0]!
      expect(date).toBe(TODAY)
      expect(metrics).toMatchObject({ spend: 2 * COST, api_requests: 2 })
      expect(breakdown['entities']).toMatchObject({ [userId]: { metrics: { spend: 2 * COST } } })
      expect(breakdown['models']).toMatchObject({ llama3: { metrics: { api_requests: 2 } } })
      expect(breakdown['providers']).toMatchObject({ openai: { metrics: { api_requests: 2 } } })
      expect(breakdown['api_keys']).toMatchObject({
        [await hash(key)]: { metrics: ONE_CALL, metadata: { team_id: null } },
        [await hash(teamKey)]: { metrics: ONE_CALL, metadata: { team_id } },
      })
    }
  })

  it('in one piece names what cost most of each day, and sums everything', async () => {
    const userId = crypto.randomUUID()
    const accountId = `user:${userId}`
    const rows = Array.from({ length: 150 }, (_, i) => {
      return { accountId, userId, keyHash: `k${i}`, spendPico: String(i) }
    })
    await summed([...rows, { accountId, userId, day: ago(1), keyHash: 'k', spendPico: '1' }])
    const { results, metadata } = await get<Activity>(
      `/user/daily/activity/aggregated?${DAYS}&user_id=${userId}`,
    )
    expect(results.map(({ date }) => date)).toEqual([TODAY, ago(1)])
    const named = Object.keys(results[0]!.breakdown['api_keys']!)
    expect(named).toHaveLength(100)
    expect(named).toEqual(expect.arrayContaining(['k149', 'k50']))
    expect(results[0]!.metrics).toMatchObject({ spend: 11_175e-12, api_requests: 150 })
    expect(metadata).toMatchObject({ total_spend: 11_176e-12, total_api_requests: 151 })
  })
})
