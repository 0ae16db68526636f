import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env, waitUntil } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createApp } from '../../../src/app.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { makeDeps } from '../../../src/deps.ts'
import { call, type ErrorBody, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { everybody, newUser, type Row } from '../user/people.ts'

const SECRET = 'sk-upstream-secret'
const { config } = parseConfig(
  `model_list:
  - model_name: gpt
    litellm_params:
      model: openai/gpt-4o
      api_base: https://one.test/v1/
      api_key: ${SECRET}
      input_cost_per_token: 0.0000025
      output_cost_per_token: 0.00001
    model_info: {id: one, mode: chat, max_tokens: 4096}
  - model_name: gpt
    litellm_params:
      model: together_ai/other
      api_key: ${SECRET}
      input_cost_per_token: 0.000003
      output_cost_per_token: 0
    model_info: {id: two}
  - model_name: embed
    litellm_params: {model: openai/e, mock_response: hi}
    model_info: {id: three, mode: embedding}
  - model_name: groq/*
    litellm_params: {model: groq/*, api_key: ${SECRET}}
    model_info: {id: four}
router_settings:
  model_group_alias: {short: gpt, quiet: {model: gpt, hidden: true}}
`,
  { LITELLM_MASTER_KEY: MASTER },
)
const app = createApp(makeDeps({ ...env }, config, waitUntil))

async function ask(path: string, key = MASTER): Promise<Response> {
  const context = createExecutionContext()
  const request = new Request(`http://x.test${path}`, {
    headers: { authorization: `Bearer ${key}` },
  })
  const response = await app.fetch(request, env, context)
  await waitOnExecutionContext(context)
  return response
}

interface Listed {
  readonly data: (Row & { readonly model_info: Row; readonly litellm_params: Row })[]
}

const read = async <T = Listed>(path: string, key = MASTER): Promise<T> =>
  (await ask(path, key)).json<T>()
const ids = async (path: string, key?: string): Promise<unknown[]> =>
  (await read(path, key)).data.map(({ model_info }) => model_info['id'])
const groups = async (key?: string): Promise<unknown[]> =>
  (await read('/model_group/info', key)).data.map((row) => row['model_group'])
const names = async (path: string, key?: string): Promise<unknown[]> =>
  (await read(path, key)).data.map((row) => row['id'])

describe.each(['/model/info', '/v1/model/info', '/v2/model/info'])('%s', (path) => {
  it('shows what config.yaml says of models', async () => {
    const [one, , three] = (await read(path)).data
    expect(one).toEqual({
      model_name: 'gpt',
      litellm_params: {
        model: 'openai/gpt-4o',
        custom_llm_provider: 'openai',
        api_base: 'https://one.test/v1',
        input_cost_per_token: 0.0000025,
        output_cost_per_token: 0.00001,
        timeout: expect.any(Number),
        stream_timeout: expect.any(Number),
        weight: 1,
      },
      model_info: {
        id: 'one',
        db_model: false,
        key: 'gpt-4o',
        mode: 'chat',
        litellm_provider: 'openai',
        max_tokens: 4096,
        max_input_tokens: 128_000,
        max_output_tokens: 4096,
        base_model: null,
        input_cost_per_token: 0.0000025,
        output_cost_per_token: 0.00001,
        web_search_cost_per_query: 0.01,
        file_search_cost_per_query: 0.0025,
        price_source: 'config',
      },
    })
    expect(three).toMatchObject({ model_info: { mode: 'embedding', input_cost_per_token: null } })
    expect(await ids(path)).toEqual(['one', 'two', 'three', 'four'])
  })

  it('shows secrets to nobody, and addresses to admins only', async () => {
    const { team_id } = await newTeam()
    for (const [who, { key }] of await everybody(team_id)) {
      const text = await (await ask(path, key)).text()
      expect(text).toContain('gpt-4o')
      expect(text).not.toContain(SECRET)
      expect([who, text.includes('one.test')]).toEqual([who, who === 'proxy_admin'])
    }
    expect((await ask(path, 'sk-nobody')).status).toBe(401)
  })

  it('shows what the key and its team or user may call', async () => {
    const { team_id } = await newTeam({ models: ['gpt', 'groq/*'] })
    expect(await ids(path, await newKey({ team_id }))).toEqual(['one', 'two', 'four'])
    expect(await ids(path, await newKey({ team_id, models: ['embed', 'gpt'] }))).toEqual([
      'one',
      'two',
    ])
    expect(await ids(path, (await newUser({ models: ['embed'] })).key)).toEqual(['three'])
  })
})

it('/model/info finds a deployment by its id, unless it may not be called', async () => {
  expect(await ids('/model/info?litellm_model_id=two')).toEqual(['two'])
  const key = await newKey({ models: ['embed'] })
  for (const [id, asker] of [
    ['never', MASTER],
    ['two', key],
  ]) {
    const response = await ask(`/model/info?litellm_model_id=${id}`, asker)
    expect(response.status).toBe(400)
    expect((await response.json<ErrorBody>()).error.param).toBe('litellm_model_id')
  }
})

it('/v2/model/info has pages, and finds by id and name', async () => {
  expect(await read('/v2/model/info?size=3&page=2')).toMatchObject({
    data: [{ model_info: { id: 'four' } }],
    total_count: 4,
    current_page: 2,
    total_pages: 2,
    size: 3,
  })
  expect(await ids('/v2/model/info?search=GP')).toEqual(['one', 'two'])
  expect(await ids('/v2/model/info?modelId=three')).toEqual(['three'])
  expect((await ask('/v2/model/info?size=501')).status).toBe(422)
})

it('/model_group/info shows each name with all that answers to it', async () => {
  expect(await groups()).toEqual(['gpt', 'embed', 'short', 'groq/*'])
  expect(await groups(await newKey({ models: ['short', 'embed'] }))).toEqual(['embed', 'short'])
  const one = await read<{ data: Row[] }>('/model_group/info?model_group=gpt')
  expect(one.data).toMatchObject([
    {
      model_group: 'gpt',
      providers: ['openai', 'together_ai'],
      mode: 'chat',
      max_output_tokens: 4096,
      input_cost_per_token: 0.000003,
      output_cost_per_token: 0.00001,
    },
  ])
})

describe.each(['/models', '/v1/models'])('%s', (path) => {
  it('lists patterns and metadata where they are asked for', async () => {
    expect(await names(path)).toEqual(['gpt', 'embed', 'short'])
    expect(await names(`${path}?return_wildcard_routes=True`)).toContain('groq/*')
    const { data } = await read<{ data: Row[] }>(`${path}?include_metadata=true`)
    expect(data[0]).toMatchObject({ id: 'gpt', object: 'model', metadata: { fallbacks: [] } })
    expect((await ask(`${path}?include_metadata=perhaps`)).status).toBe(422)
  })

  it("lists a team's models to who is in it, and to admins", async () => {
    const { team_id } = await newTeam({ models: ['embed'] })
    const asked = `${path}?team_id=${team_id}`
    const people = await everybody(team_id)
    const member = await newUser({ models: ['gpt'], teams: [team_id] })
    for (const [who, { key }] of people) {
      const may = who.startsWith('proxy_admin') || who === 'nobody'
      const response = await ask(asked, key)
      expect([who, response.status]).toEqual([who, may ? 200 : 403])
      if (!may) continue
      expect((await response.json<{ data: Row[] }>()).data.map(({ id }) => id)).toEqual(['embed'])
    }
    // Of their own key only what it says itself counts in the team.
    await post('/key/update', { key: member.key, models: [] })
    expect(await names(asked, member.key)).toEqual(['embed'])
    expect(await names(asked)).toEqual(['embed'])
    expect((await ask(`${path}?team_id=never`)).status).toBe(404)
    expect((await ask(`${path}?team_id=%00`)).status).toBe(422)
    expect((await ask(`${path}?team_id=never`, member.key)).status).toBe(403)
  })
})

it('is served by the shipped configuration too', async () => {
  const response = await call('GET', '/model/info', { key: MASTER })
  expect(await response.json()).toMatchObject({ data: [{ model_name: 'llama3' }] })
})
