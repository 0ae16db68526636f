import { describe, expect, it } from 'vitest'
import {
  call,
  chat,
  type ErrorBody,
  get,
  MASTER,
  newKey,
  newTeam,
  post,
} from '../../setup/worker.ts'

describe('/key/generate', () => {
  it('shows the key once and stores its hash', async () => {
    const { team_id } = await newTeam()
    const made = await post<Record<string, string>>('/key/generate', { team_id })
    const { key = '', token = '' } = made
    expect(key).toMatch(/^sk-[\w-]{22,}$/)
    expect(made).toMatchObject({ team_id, token_id: token, key_name: `sk-...${key.slice(-4)}` })
    const shown = await get<object>(`/key/info?key=${token}`)
    expect(shown).toMatchObject({ key: token, info: { team_id, spend: 0 } })
    expect(JSON.stringify(shown)).not.toContain(key)
  })

  it('answers with every field of a request, and with the budget row that it names', async () => {
    const { budget_id } = await post<Record<string, string>>('/budget/new', { max_budget: 3 })
    const sent = { budget_id, duration: '30d', max_budget: '', metadata: { a: 1 } }
    expect(await post('/key/generate', sent)).toMatchObject({
      ...sent,
      max_budget: null,
      expires: expect.stringMatching(/Z$/),
      litellm_budget_table: { budget_id, max_budget: 3 },
      models: [],
      aliases: {},
      permissions: {},
      allowed_routes: [],
      tags: null,
      guardrails: null,
      auto_rotate: false,
      created_by: 'default_user_id',
      last_active: null,
      rotation_count: 0,
    })
  })

  it('refuses a team that is not there', async () => {
    const response = await call('POST', '/key/generate', { key: MASTER, body: { team_id: 'none' } })
    expect(response.status).toBe(404)
    expect((await response.json<ErrorBody>()).error.message).toBe(
      'Team not found, passed team_id=none',
    )
  })

  it("takes the operator's own key once", async () => {
    const key = `sk-own-${crypto.randomUUID()}`
    expect(await newKey({ key })).toBe(key)
    const again = await call('POST', '/key/generate', { key: MASTER, body: { key } })
    expect(again.status).toBe(400)
    const malformed = await call('POST', '/key/generate', { key: MASTER, body: { key: 'pk-1' } })
    expect((await malformed.json<ErrorBody>()).error.param).toBe('key')
  })

  it('keeps aliases unique until their key is deleted', async () => {
    const key_alias = `alias-${crypto.randomUUID()}`
    await newKey({ key_alias })
    const taken = await call('POST', '/key/generate', { key: MASTER, body: { key_alias } })
    expect(taken.status).toBe(400)
    expect((await taken.json<ErrorBody>()).error.param).toBe('key_alias')
    await post('/key/delete', { key_aliases: [key_alias] })
    expect(await newKey({ key_alias })).toMatch(/^sk-/)
  })

  it('holds a budget of the key alone', async () => {
    const key = await newKey({ max_budget: 0.000000001 })
    expect((await chat(key)).status).toBe(200)
    const refused = await chat(key)
    expect(refused.status).toBe(400)
    expect(refused.headers.get('x-tollgate-refused-by')).toBe('key')
    expect(await get(`/key/info?key=${key}`)).toMatchObject({ info: { spend: 0.0000035 } })
  })

  it.each([
    [{ duration: 'never' }, 'duration'],
    [{ budget_fallbacks: { m: ['n'] } }, 'budget_fallbacks'],
    [{ allowed_passthrough_routes: ['/models'] }, 'allowed_passthrough_routes'],
    [{ spend: 5 }, 'spend'],
  ])('refuses %j by name', async (body, param) => {
    const response = await call('POST', '/key/generate', { key: MASTER, body })
    expect(response.status).toBe(400)
    expect((await response.json<ErrorBody>()).error.param).toBe(param)
  })

  it.each([
    [{ duration: '-1' }, true],
    [{ duration: null }, true],
    [{ duration: '1h' }, false],
  ])('gives %j an end: not %s', async (body, isForEver) => {
    const made = await post<Record<string, unknown>>('/key/generate', body)
    expect(made['expires'] === null).toBe(isForEver)
  })
})

describe('/key/info', () => {
  it('shows a key to itself and to the admin, to nobody else', async () => {
    const [key, other] = [await newKey(), await newKey()]
    expect(await get('/key/info', key)).toMatchObject({ info: { blocked: false } })
    expect((await call('GET', `/key/info?key=${other}`, { key })).status).toBe(403)
    expect((await call('GET', '/key/info?key=sk-unknown', { key: MASTER })).status).toBe(404)
  })
})

describe('/key/delete', () => {
  it('binds the next request, though the key was in use a moment ago', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id })
    expect((await chat(key)).status).toBe(200)
    expect(await post('/key/delete', { keys: [key] })).toEqual({ deleted_keys: [key] })
    const refused = await chat(key)
    expect(refused.status).toBe(401)
    expect((await refused.json<ErrorBody>()).error.type).toBe('token_not_found_in_db')
    expect((await call('GET', `/key/info?key=${key}`, { key: MASTER })).status).toBe(404)
  })

  it('may be repeated, and knows what never was', async () => {
    const key = await newKey()
    await post('/key/delete', { keys: [key] })
    expect(await post('/key/delete', { keys: [key] })).toEqual({ deleted_keys: [key] })
    const unknown = await call('POST', '/key/delete', { key: MASTER, body: { keys: ['sk-none'] } })
    expect(unknown.status).toBe(404)
    const empty = await call('POST', '/key/delete', { key: MASTER, body: { keys: [] } })
    expect(empty.status).toBe(400)
  })
})

describe('who may manage', () => {
  it.each([
    ['POST', '/team/new'],
    ['GET', '/team/reconcile'],
    ['POST', '/key/generate'],
    ['POST', '/key/delete'],
  ])('%s %s is for the admin', async (method, path) => {
    const key = await newKey()
    const init = method === 'POST' ? { key, body: {} } : { key }
    const response = await call(method, path, init)
    expect(response.status).toBe(401)
    expect((await response.json<ErrorBody>()).error.message).toContain(
      'Only proxy admin can be used',
    )
  })
})
