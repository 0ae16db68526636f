import { afterEach, describe, expect, it, vi } from 'vitest'
import { eq } from 'drizzle-orm'
import { auditLogs } from '../../../drizzle/schema.ts'
import { db } from '../../setup/database.ts'
import { COST } from '../../management/tenant.ts'
import { newIsolate } from '../../setup/isolate.ts'
import { newKey, newTeam, post } from '../../setup/worker.ts'
import { newSigner, sign } from './idp.ts'
import { logsOf, newWorld, teamInfo, unique } from './world.ts'

const TEAM = { team_id_jwt_field: 'client_id', team_id_upsert: true }
const LIST = { team_ids_jwt_field: 'groups' }
const USER = { user_id_jwt_field: 'sub', user_id_upsert: true }
const ADMIN = { scope: 'litellm_proxy_admin', sub: 'root@idp.test' }

afterEach(() => vi.restoreAllMocks())

const named = (teamId: string) => ({ 'x-litellm-team-id': teamId })

describe('a token', () => {
  it('is refused for what is wrong with it, and nothing is made', async () => {
    const world = await newWorld(TEAM)
    const teamId = unique('team')
    const claims = { client_id: teamId, aud: 'tollgate' }
    const forged = await sign(await newSigner('one'), claims)
    const signature = 'Authentication Error, Validation fails: Signature verification failed'
    expect(await world.chat(forged)).toMatchObject({
      status: 401,
      json: { error: { message: signature, type: 'auth_error', param: 'None', code: '401' } },
    })
    const expired = await world.token({ ...claims, exp: 1_000_000_000 })
    expect((await world.chat(expired)).message).toBe('Authentication Error, Token Expired')
    const elsewhere = await world.token({ ...claims, aud: 'other' })
    expect((await world.chat(elsewhere)).message).toContain('audience')
    await expect(teamInfo(teamId)).rejects.toThrow('404')
  })

  it('works beside keys and the master key, in whatever header a key may', async () => {
    const world = await newWorld(TEAM)
    const token = await world.token({ client_id: unique('team') })
    expect((await world.chat(await newKey())).status).toBe(200)
    expect((await world.chat('sk-1234')).status).toBe(200)
    const headers = { authorization: '', 'x-api-key': token }
    expect((await world.get('/models', token)).status).toBe(200)
    expect((await world.chat(token, {}, headers)).status).toBe(200)
    expect((await world.chat('sk-with.two.dots')).message).toContain('Invalid proxy server token')
  })

  it('is no key where tokens are not known', async () => {
    const world = await newWorld(TEAM)
    const token = await world.token({ client_id: unique('team') })
    expect(await newIsolate().chat(token)).toMatchObject({
      status: 401,
      message: expect.stringContaining("expected to start with 'sk-'"),
    })
  })

  it('is bound at once by what an admin changes', async () => {
    const world = await newWorld(TEAM)
    const teamId = unique('team')
    const token = await world.token({ client_id: teamId })
    const other = world.newIsolate()
    expect((await world.chat(token)).status).toBe(200)
    expect((await other.chat(token)).status).toBe(200)
    await post('/team/update', { team_id: teamId, max_budget: 0 })
    expect(await other.chat(token)).toMatchObject({ status: 400, why: 'team:budget' })
    await post('/team/update', { team_id: teamId, max_budget: null })
    expect((await world.chat(token)).status).toBe(200)
    await post('/team/block', { team_id: teamId })
    expect((await world.chat(token)).status).toBe(401)
    expect((await world.get('/models', token)).status).toBe(401)
  })

  it('names the end user, before the body does', async () => {
    const world = await newWorld({ ...TEAM, end_user_id_jwt_field: 'customer' })
    const teamId = unique('team')
    const token = await world.token({ client_id: teamId, customer: 'c1' })
    await world.chat(token, { user: 'somebody' })
    await world.chat(await world.token({ client_id: teamId }), { user: 'somebody' })
    const users = (await logsOf(`team:${teamId}`)).map(({ endUser }) => endUser)
    expect(users).toEqual(['c1', 'somebody'])
  })
})

describe('the header x-litellm-team-id', () => {
  it("chooses among the token's teams, and nothing else", async () => {
    const world = await newWorld({ ...TEAM, ...LIST })
    const [first, second] = [await newTeam(), await newTeam()]
    const token = await world.token({ client_id: first.team_id, groups: [second.team_id] })
    expect((await world.chat(token, {}, named(second.team_id))).status).toBe(200)
    expect((await teamInfo(second.team_id)).team_info['spend']).toBe(COST)
    expect((await teamInfo(first.team_id)).team_info['spend']).toBe(0)
    const other = await newTeam()
    const refused = await world.chat(token, {}, named(other.team_id))
    expect(refused).toMatchObject({ status: 403 })
    expect(refused.message).toContain(`'${second.team_id}'`)
  })

  it('may name a team of the list that is then made', async () => {
    const world = await newWorld({ ...LIST, team_id_upsert: true })
    const group = unique('group')
    const token = await world.token({ groups: ['nothing', group] })
    expect((await world.chat(token)).status).toBe(403)
    expect((await world.chat(token, {}, named(group))).status).toBe(200)
    expect((await teamInfo(group)).team_info['spend']).toBe(COST)
    expect((await world.chat(token)).status).toBe(200)
  })

  it('means nothing with a key', async () => {
    const world = await newWorld(TEAM)
    const { team_id } = await newTeam()
    const key = await newKey({ team_id })
    expect((await world.chat(key, {}, named('another'))).status).toBe(200)
  })
})

describe('of a list of teams', () => {
  it('the first that is there and may use the model is it', async () => {
    const world = await newWorld({ ...LIST, ...USER })
    const without = await newTeam({ models: ['other'] })
    const aliased = await newTeam({ models: ['llama3'], model_aliases: { mine: 'llama3' } })
    const groups = [unique('absent'), without.team_id, aliased.team_id]
    const sub = unique('user')
    const token = await world.token({ groups, sub })
    expect((await world.chat(token)).status).toBe(200)
    expect((await world.chat(token, { model: 'mine' })).status).toBe(200)
    expect((await world.chat(token, { model: 'other' })).status).toBe(200)
    expect((await teamInfo(aliased.team_id)).team_info['spend']).toBeCloseTo(2 * COST, 12)
    expect((await teamInfo(without.team_id)).team_info['spend']).toBe(COST)
    expect(await logsOf(`team:${without.team_id}`)).toMatchObject([{ userId: sub }])
  })

  it('none may use the model: all are named', async () => {
    const world = await newWorld(LIST)
    const { team_id } = await newTeam({ models: ['other'] })
    const groups = [unique('absent'), team_id]
    const token = await world.token({ groups })
    const refused = await world.chat(token)
    expect(refused).toMatchObject({ status: 403, json: { error: { type: 'auth_error' } } })
    expect(refused.message).toMatch(/^No team has access to the requested model: llama3\./)
    for (const group of groups) expect(refused.message).toContain(`'${group}'`)
    expect((await world.get('/models', token)).json['data']).toMatchObject([{ id: 'other' }])
  })

  it('none is there until an admin makes one', async () => {
    const world = await newWorld({ ...LIST, team_id_upsert: true })
    const group = unique('group')
    const token = await world.token({ groups: [group] })
    expect((await world.chat(token)).status).toBe(403)
    await newTeam({ team_id: group })
    expect((await world.chat(token)).status).toBe(200)
  })
})

describe('the name of a team', () => {
  const ALIAS = { team_alias_jwt_field: 'team', team_id_jwt_field: 'client_id' }

  it('finds it, unless the token has an id', async () => {
    const world = await newWorld(ALIAS)
    const name = unique('name')
    const absent = await world.chat(await world.token({ team: name }))
    expect(absent).toMatchObject({ status: 404 })
    expect(absent.message).toContain(name)
    const { team_id } = await newTeam({ team_alias: name })
    expect((await world.chat(await world.token({ team: name }))).status).toBe(200)
    const other = await newTeam()
    const both = await world.token({ team: name, client_id: other.team_id })
    expect((await world.chat(both)).status).toBe(200)
    expect((await teamInfo(team_id)).team_info['spend']).toBe(COST)
    expect((await teamInfo(other.team_id)).team_info['spend']).toBe(COST)
  })

  it('is of no use if two have it', async () => {
    const world = await newWorld(ALIAS)
    const team_alias = unique('name')
    await newTeam({ team_alias })
    await newTeam({ team_alias })
    const refused = await world.chat(await world.token({ team: team_alias }))
    expect(refused.status).toBe(400)
    expect(refused.message).toContain(team_alias)
  })
})

describe("an admin's token", () => {
  it('may manage, and call no model', async () => {
    const world = await newWorld(TEAM)
    const token = await world.token(ADMIN)
    const { status, json } = await world.post('/team/new', { max_budget: 1 }, token)
    expect({ status, ...json }).toMatchObject({ status: 200, max_budget: 1 })
    const of = `/team/info?team_id=${String(json['team_id'])}`
    const [made] = await db
      .select()
      .from(auditLogs)
      .where(eq(auditLogs.objectId, String(json['team_id'])))
    expect(made).toMatchObject({ changedBy: 'root@idp.test', changedByApiKey: null })
    expect((await world.get(of, token)).status).toBe(200)
    expect(await world.chat(token)).toMatchObject({
      status: 403,
      message: expect.stringMatching(/^Admin not allowed to access this route\. Route=\/chat/),
    })
  })

  it('may do what it is allowed, on the account of the master key', async () => {
    const routes = ['/chat/completions', '/models']
    const world = await newWorld({ ...TEAM, admin_allowed_routes: routes })
    const token = await world.token({ ...ADMIN, client_id: unique('team') })
    expect((await world.post('/team/new', {}, token)).status).toBe(403)
    const user = unique('end-user')
    expect((await world.chat(token, { user })).status).toBe(200)
    const logs = await logsOf('user:default_user_id')
    expect(logs.find(({ endUser }) => endUser === user)).toMatchObject({
      userId: 'default_user_id',
      teamId: null,
      keyHash: null,
    })
  })
})

describe('a token that is no admin’s', () => {
  it('may call what its team may, and see its team', async () => {
    const world = await newWorld({ ...TEAM, ...USER })
    const [teamId, sub] = [unique('team'), unique('user')]
    const token = await world.token({ client_id: teamId, sub })
    expect((await world.chat(token)).status).toBe(200)
    expect((await world.get(`/team/info?team_id=${teamId}`, token)).status).toBe(200)
    const other = await newTeam()
    expect((await world.get(`/team/info?team_id=${other.team_id}`, token)).status).toBe(403)
    const refused = await world.post('/team/new', {}, token)
    expect(refused).toMatchObject({
      status: 403,
      message: expect.stringMatching(/^Team not allowed to access this route\. Route=\/team\/new/),
    })
  })

  it('may not call what its team may not', async () => {
    const world = await newWorld({ ...TEAM, team_allowed_routes: ['/embeddings'] })
    const token = await world.token({ client_id: unique('team') })
    expect((await world.chat(token)).status).toBe(403)
    expect(
      (await world.post('/v1/embeddings', { model: 'llama3', input: 'x' }, token)).status,
    ).toBe(200)
  })

  it('speaks for its user where their teams may nothing', async () => {
    const world = await newWorld({ ...LIST, ...USER, team_allowed_routes: ['/embeddings'] })
    const { team_id } = await newTeam()
    const token = await world.token({ sub: unique('user'), groups: [team_id] })
    expect((await world.chat(token)).status).toBe(403)
    expect((await world.get(`/team/info?team_id=${team_id}`, token)).status).toBe(200)
    expect((await world.post('/team/new', {}, token)).message).toContain('Only proxy admin')
  })

  it('manages keys of its own, under its own name', async () => {
    const world = await newWorld(USER)
    const sub = unique('user')
    const token = await world.token({ sub })
    const { status, json } = await world.post('/key/generate', {}, token)
    expect({ status, ...json }).toMatchObject({ status: 200, user_id: sub, created_by: sub })
    expect((await world.get(`/key/info?key=${String(json['key'])}`, token)).status).toBe(200)
    const other = await world.token({ sub: unique('user') })
    expect((await world.get(`/key/info?key=${String(json['key'])}`, other)).status).toBe(403)
  })

  it('acts for its team alone where it names no user', async () => {
    const world = await newWorld({ ...TEAM, team_allowed_routes: ['management_routes'] })
    const teamId = unique('team')
    const token = await world.token({ client_id: teamId })
    expect((await world.get(`/team/info?team_id=${teamId}`, token)).status).toBe(200)
    expect((await world.post('/key/generate', { team_id: teamId }, token)).status).toBe(401)
    await post('/team/block', { team_id: teamId })
    expect((await world.get(`/team/info?team_id=${teamId}`, token)).status).toBe(401)
  })

  it('changes nothing of teams', async () => {
    const world = await newWorld(USER)
    const token = await world.token({ sub: unique('user') })
    expect(await world.post('/team/new', {}, token)).toMatchObject({
      status: 401,
      message: expect.stringContaining('Only proxy admin can be used'),
    })
  })

  it('may need a team to call a model', async () => {
    const world = await newWorld({ ...USER, ...LIST, enforce_team_based_model_access: true })
    const token = await world.token({ sub: unique('user') })
    expect(await world.chat(token)).toMatchObject({
      status: 403,
      message: 'No team has access to the requested model: llama3',
    })
    expect((await world.get('/models', token)).status).toBe(200)
  })

  it('may call nothing that costs if it names nobody', async () => {
    const world = await newWorld({ ...USER, public_allowed_routes: ['public_routes', '/models'] })
    const token = await world.token()
    expect((await world.chat(token)).status).toBe(403)
    expect((await world.get('/models', token)).status).toBe(200)
    const strict = await newWorld({
      ...USER,
      enforce_rbac: true,
      public_allowed_routes: ['/models'],
    })
    const refused = await strict.get('/models', await strict.token())
    expect(refused).toMatchObject({ status: 403 })
    expect(refused.message).toMatch(/^Unmatched token passed in\. enforce_rbac is set to True\./)
  })
})

describe('the scopes of a token', () => {
  const SCOPES = {
    ...USER,
    enforce_scope_based_access: true,
    scope_mappings: [
      { scope: 'chat', models: ['llama3'], routes: ['/chat/completions', '/models'] },
      { scope: 'all-models', routes: ['openai_routes'] },
      { scope: 'nothing', models: [] },
    ],
  }

  it('are not shed by a key that is made with it', async () => {
    const world = await newWorld(SCOPES)
    const token = await world.token({ sub: unique('user'), scope: 'nothing' })
    expect((await world.post('/key/generate', {}, token)).status).toBe(403)
  })

  it.each<[string, number, number, string[]]>([
    ['chat', 200, 403, ['llama3']],
    ['openid chat', 200, 403, ['llama3']],
    ['chat all-models', 200, 200, ['other', 'llama3']],
  ])('%s: llama3 %i, other %i', async (scope, llama3, other, models) => {
    const world = await newWorld(SCOPES)
    const token = await world.token({ sub: unique('user'), scope })
    expect((await world.chat(token)).status).toBe(llama3)
    expect((await world.chat(token, { model: 'other' })).status).toBe(other)
    const { data } = (await world.get('/models', token)).json
    expect((data as { id: string }[]).map(({ id }) => id)).toEqual(models)
  })

  it.each([
    ['chat', 'other', "model=other not allowed. Allowed_models=['llama3']"],
    ['openid', 'llama3', 'route=/chat/completions not allowed. Allowed_routes=[]'],
    [undefined, 'llama3', 'route=/chat/completions not allowed. Allowed_routes=[]'],
    ['nothing', 'llama3', 'model=llama3 not allowed. Allowed_models=[]'],
  ])('%s refuses %s', async (scope, model, message) => {
    const world = await newWorld(SCOPES)
    const token = await world.token({ sub: unique('user'), scope })
    expect(await world.chat(token, { model })).toMatchObject({ status: 403, message })
  })
})
