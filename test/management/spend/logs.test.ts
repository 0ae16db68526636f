import { describe, expect, it } from 'vitest'
import { call, chat, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { COST, spend } from '../tenant.ts'
import { ago, deliver, hash, logged, newUser, summed, TODAY } from './tenant.ts'

type Row = Record<string, unknown>

const list = (query: string, key = MASTER) => get<Row[]>(`/spend/logs?${query}`, key)

async function spentTeam() {
  const { team_id } = await newTeam({ team_alias: 'Spenders' })
  const alias = crypto.randomUUID()
  const key = await newKey({ team_id, key_alias: alias })
  await spend(key)
  await deliver(`team:${team_id}`)
  return { team_id, accountId: `team:${team_id}`, alias, key }
}

describe('/spend/logs', () => {
  it('finds a call by our id, the client’s and the provider’s', async () => {
    const key = await newKey()
    const callId = crypto.randomUUID()
    const response = await call('POST', '/chat/completions', {
      key,
      body: { model: 'llama3', messages: [{ role: 'user', content: 'hi' }], user: 'customer' },
      headers: { 'x-litellm-call-id': callId },
    })
    const { id } = await response.json<{ id: string }>()
    await deliver(`key:${await hash(key)}`)
    const [row, ...others] = await list(`request_id=${callId}`)
    expect(others).toEqual([])
    expect(row).toMatchObject({
      call_type: 'acompletion',
      api_key: await hash(key),
      spend: COST,
      prompt_tokens: 10,
      completion_tokens: 20,
      total_tokens: 30,
      model: 'llama3',
      model_group: 'llama3',
      custom_llm_provider: 'openai',
      end_user: 'customer',
      user: '',
      team_id: null,
      session_id: null,
      messages: {},
      response: {},
      status: 'success',
      metadata: { litellm_call_id: callId, response_id: id, usage_source: 'provider' },
    })
    expect(row!['startTime']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(await list(`request_id=${id}`)).toContainEqual(row)
    expect(await list(`request_id=${row!['request_id'] as string}`)).toEqual([row])
    expect(await list(`request_id=${crypto.randomUUID()}`)).toEqual([])
  })

  it('finds calls by key, raw or hashed, by user, team and customer', async () => {
    const { team_id, key, alias } = await spentTeam()
    const { userId, key: usersKey } = await newUser()
    await chat(usersKey, { user: userId }).then((response) => response.text())
    await deliver(`user:${userId}`)
    const rows = await list(`api_key=${key}`)
    expect(rows).toMatchObject([
      {
        spend: COST,
        team_id,
        metadata: { user_api_key_alias: alias, user_api_key_team_alias: 'Spenders' },
      },
    ])
    expect(await list(`api_key=${await hash(key)}`)).toEqual(rows)
    expect(await list(`team_id=${team_id}`)).toEqual(rows)
    const theirs = await list(`user_id=${userId}`)
    expect(theirs).toMatchObject([{ user: userId, end_user: userId }])
    expect(await list(`end_user=${userId}`)).toEqual(theirs)
    expect(await list(`end_user=${userId}&team_id=${team_id}`)).toEqual([])
  })

  it('shows a corrected call as one row of what it cost in the end', async () => {
    const { accountId, team_id } = await spentTeam()
    const first = await logged({
      accountId,
      state: 'expired',
      spendPico: 9_000_000n,
      totalTokens: 100,
      promptTokens: 0,
      completionTokens: 0,
      status: null,
      teamId: team_id,
    })
    await logged({
      ...first,
      state: 'settled',
      revision: 1,
      spendPico: -5_500_000n,
      promptTokens: 10,
      completionTokens: 20,
      totalTokens: -70,
      status: 'success',
      detail: { corrected: true },
    })
    expect(await list(`request_id=${first.entryId}`)).toMatchObject([
      {
        request_id: first.entryId,
        spend: COST,
        prompt_tokens: 10,
        completion_tokens: 20,
        total_tokens: 30,
        status: 'success',
        metadata: { corrected: true },
      },
    ])
    expect(await list(`team_id=${team_id}`)).toHaveLength(2)
    const day = `start_date=${TODAY}&end_date=${TODAY}&team_id=${team_id}`
    const search = (more: string) => get<{ total: number }>(`/spend/logs/v2?${day}&${more}`)
    expect(await search(`min_spend=${COST}&max_spend=${COST}`)).toMatchObject({ total: 2 })
    expect(await search('min_spend=0.000009')).toMatchObject({ total: 0 })
    expect(await search('status=failure')).toMatchObject({ total: 0 })
    expect(await search('status_filter=success')).toMatchObject({ total: 2 })
  })

  it('leaves out what an admin adjusted', async () => {
    const { team_id, key, accountId } = await spentTeam()
    await post(`/key/${key}/reset_spend`, { reset_to: 0 })
    await deliver(accountId)
    expect(await list(`team_id=${team_id}`)).toHaveLength(1)
  })

  it('goes on where a page ended, and misses none', async () => {
    const accountId = `team:${crypto.randomUUID()}`
    const endedAt = new Date()
    const wanted: string[] = []
    for (let i = 0; i < 7; i++) wanted.push((await logged({ accountId, endedAt })).entryId)
    const seen: unknown[] = []
    let cursor: string | null = ''
    for (let pages = 0; cursor !== null && pages < 9; pages++) {
      const path = `/spend/logs?team_id=${accountId.slice(5)}&limit=3&cursor=${cursor}`
      const response = await call('GET', path, { key: MASTER })
      const rows = await response.json<Row[]>()
      expect(rows.length).toBeLessThanOrEqual(3)
      seen.push(...rows.map((row) => row['request_id']))
      cursor = response.headers.get('x-tollgate-next-cursor')
    }
    expect(cursor).toBe(null)
    expect(seen).toEqual(wanted.toSorted().toReversed())
  })

  it('sends the newest hundred where nothing is asked for', async () => {
    const accountId = `team:${crypto.randomUUID()}`
    await Promise.all(Array.from({ length: 101 }, () => logged({ accountId })))
    const response = await call('GET', '/spend/logs', { key: MASTER })
    expect(await response.json<Row[]>()).toHaveLength(100)
    expect(response.headers.get('x-tollgate-next-cursor')).toMatch(/^\d+_./)
    expect(await list(`team_id=${accountId.slice(5)}`)).toHaveLength(101)
  })
})

describe('/spend/logs of some days', () => {
  it('sums each by key, user and model, and fills in those after the last', async () => {
    const teamId = crypto.randomUUID()
    const accountId = `team:${teamId}`
    await summed([
      { accountId, day: ago(3), keyHash: 'k1', userId: 'u', spendPico: '100000000000' },
      { accountId, day: ago(3), keyHash: 'k2', userId: 'u', spendPico: '200000000000' },
      { accountId, day: ago(3), keyHash: 'k2', model: 'm', spendPico: '5' },
      { accountId, day: ago(5), keyHash: 'k1', userId: 'v', spendPico: '1' },
    ])
    const days = `start_date=${ago(9)}&end_date=${ago(1)}`
    expect(await list(`${days}&team_id=${teamId}`)).toEqual([
      {
        startTime: ago(5),
        spend: 1e-12,
        k1: 1e-12,
        users: { v: 1e-12 },
        models: { llama3: 1e-12 },
      },
      {
        startTime: ago(3),
        spend: 0.300000000005,
        k1: 0.1,
        k2: 0.200000000005,
        users: { u: 0.3, '': 5e-12 },
        models: { llama3: 0.3, m: 5e-12 },
      },
      { startTime: ago(2), spend: 0, users: {}, models: {} },
      { startTime: ago(1), spend: 0, users: {}, models: {} },
    ])
    expect(await list(`${days}&team_id=${teamId}&user_id=v`)).toMatchObject([
      { startTime: ago(5), spend: 1e-12 },
      ...[4, 3, 2, 1].map((n) => ({ startTime: ago(n), spend: 0 })),
    ])
    expect(await list(`${days}&api_key=nobody`)).toEqual([])
  })

  it('agrees with the calls themselves', async () => {
    const { key } = await spentTeam()
    const day = `start_date=${TODAY}&end_date=${TODAY}&api_key=${key}`
    const [sum] = await list(day)
    expect(sum).toMatchObject({ spend: COST, [await hash(key)]: COST, models: { llama3: COST } })
    expect(await list(`${day}&summarize=false`)).toMatchObject([{ spend: COST }])
    const yesterday = `start_date=${ago(1)}&end_date=${ago(1)}&api_key=${key}`
    expect(await list(`${yesterday}&summarize=false`)).toEqual([])
  })
})

describe('/spend/logs/v2', () => {
  it.each(['v2', 'ui'])('pages through calls, as %s', async (name) => {
    const accountId = `team:${crypto.randomUUID()}`
    const endedAt = new Date(Date.parse(TODAY) - 1000)
    for (let i = 0; i < 5; i++) await logged({ accountId, endedAt })
    await logged({ accountId, endedAt, model: 'other', modelGroup: 'mine', status: 'failure' })
    const search = (more: string) =>
      get<{ data: Row[]; total: number }>(
        `/spend/logs/${name}?team_id=${accountId.slice(5)}&end_date=${TODAY}&${more}`,
      )
    const page = await search(`start_date=${ago(1)}&page=2&page_size=4`)
    expect(page).toMatchObject({ total: 6, page: 2, page_size: 4, total_pages: 2 })
    expect(page.data).toHaveLength(2)
    const from = `start_date=${ago(1)}`
    expect((await search(`${from}&page=3&page_size=4`)).data).toEqual([])
    expect(await search(`${from}&model=mine`)).toMatchObject({ total: 1 })
    expect(await search(`${from}&model=other&status=failure`)).toMatchObject({ total: 1 })
    expect(await search(`${from}&end_user=x`)).toMatchObject({ total: 0, total_pages: 0, data: [] })
  })

  it('takes times too', async () => {
    const accountId = `team:${crypto.randomUUID()}`
    await logged({ accountId, endedAt: new Date(`${ago(2)}T12:00:00.500Z`) })
    const total = async (start: string, end: string) => {
      const query = new URLSearchParams({
        team_id: accountId.slice(5),
        start_date: start,
        end_date: end,
      })
      return (await get<{ total: number }>(`/spend/logs/ui?${query.toString()}`)).total
    }
    const day = ago(2)
    expect(await total(`${day} 12:00:00`, `${day} 12:00:00`)).toBe(1)
    expect(await total(`${day} 12:00:01`, `${day} 13:00:00`)).toBe(0)
    expect(await total(`${day} 00:00:00`, `${day} 11:59:59`)).toBe(0)
    expect(await total(`${day}T14:00:00+02:00`, `${day}T14:00:00+02:00`)).toBe(1)
  })
})
