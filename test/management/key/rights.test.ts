import { describe, expect, it } from 'vitest'
import { call, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { COST, spend } from '../tenant.ts'
import { ask, expectDone, expectRefused, memberOf, permit, person, type Row } from './people.ts'

const FOR_SELF = expect.stringContaining('User can only create keys for themselves.')
const NO_PERMISSION = { type: 'team_member_permission_error' }

const reset = (by: string, key: string) => ask(by, `/key/${key}/reset_spend`, { reset_to: 0 })
const update = (by: string, fields: object) => ask(by, '/key/update', fields)
const makeService = (by: string, body: object) => ask(by, '/key/service-account/generate', body)
const inDays = ({ expires }: Row): number => (Date.parse(String(expires)) - Date.now()) / 86_400_000

describe('who makes keys', () => {
  it('is an internal user for themselves, whether they say so or not', async () => {
    const { user_id, key } = await person()
    for (const body of [{}, { user_id }, { user_id: null }]) {
      await expectDone(ask(key, '/key/generate', body), { user_id, created_by: user_id })
    }
    const foreign = ask(key, '/key/generate', { user_id: 'somebody' })
    await expectRefused(foreign, 403, { message: FOR_SELF })
  })

  it('is a proxy admin for anybody, and for nobody', async () => {
    const { key } = await person('proxy_admin')
    await expectDone(ask(key, '/key/generate', { user_id: 'ann' }), { user_id: 'ann' })
    await expectDone(ask(key, '/key/generate', {}), { user_id: null })
  })

  it.each(['proxy_admin_viewer', 'internal_user_viewer'])('is no %s', async (role) => {
    const { key, user_id } = await person(role)
    await expectRefused(ask(key, '/key/generate', {}), 403)
    await expectRefused(ask(key, '/key/update', { key, models: [] }), 403)
    await expectRefused(ask(key, '/key/delete', { keys: [key] }), 403)
    await expectRefused(ask(key, '/key/regenerate', { key }), 403)
    await expectRefused(ask(key, '/key/bulk_update', { keys: [{ key }] }), 403)
    expect(await get(`/key/info`, key)).toMatchObject({ info: { user_id, blocked: false } })
  })

  it.each([
    ['/key/generate', {}],
    ['/key/service-account/generate', { team_id: 't' }],
    ['/key/update', { key: 'sk-x' }],
    ['/key/bulk_update', { keys: [] }],
    ['/key/block', { key: 'sk-x' }],
    ['/key/unblock', { key: 'sk-x' }],
    ['/key/regenerate', { key: 'sk-x' }],
    ['/key/sk-x/regenerate', {}],
    ['/key/sk-x/reset_spend', { reset_to: 0 }],
    ['/key/sk-x/credit', { amount: 1 }],
    ['/key/delete', { keys: ['sk-x'] }],
  ])('nor calls a key of nobody POST %s', async (path, body) => {
    const message = expect.stringContaining('Only proxy admin can be used')
    await expectRefused(ask(await newKey(), path, body), 401, { message })
    expect((await call('POST', path, { body })).status).toBe(401)
  })

  it("is a team's admin for its members, and a member if the team permits it", async () => {
    const { team_id } = await newTeam()
    const [admin, member] = [await memberOf(team_id, 'admin'), await memberOf(team_id)]
    const { user_id } = member
    await expectDone(ask(admin.key, '/key/generate', { team_id }), { user_id: admin.user_id })
    await expectDone(ask(admin.key, '/key/generate', { team_id, user_id }), { user_id })
    const ofStranger = ask(admin.key, '/key/generate', { team_id, user_id: 'somebody' })
    await expectRefused(ofStranger, 400, { param: 'user_id' })
    await expectRefused(ask(member.key, '/key/generate', { team_id }), 401, NO_PERMISSION)
    await permit(team_id, ['/key/generate'])
    await expectDone(ask(member.key, '/key/generate', { team_id }), { team_id, user_id })
    const forAdmin = ask(member.key, '/key/generate', { team_id, user_id: admin.user_id })
    await expectRefused(forAdmin, 403, { message: FOR_SELF })
  })

  it('is nobody of another team', async () => {
    const [{ team_id }, other] = [await newTeam(), await newTeam()]
    const admin = await memberOf(other.team_id, 'admin')
    await permit(team_id, ['/key/generate'])
    await expectRefused(ask(admin.key, '/key/generate', { team_id }), 401, NO_PERMISSION)
    await expectRefused(ask(admin.key, '/key/generate', { team_id: 'none' }), 404)
  })
})

describe('the life of a key that a member makes', () => {
  it('is the one that the team sets, or shorter', async () => {
    const { team_id } = await newTeam()
    const [admin, member] = [await memberOf(team_id, 'admin'), await memberOf(team_id)]
    await permit(team_id, ['/key/generate', '/key/update'], '7d')
    for (const fields of [{}, { duration: null }]) {
      const made = await expectDone(ask(member.key, '/key/generate', { team_id, ...fields }))
      expect(inDays(made)).toBeCloseTo(7, 2)
    }
    const brief = { team_id, duration: '1d' }
    const made = await expectDone(ask(member.key, '/key/generate', brief))
    expect(inDays(made)).toBeCloseTo(1, 2)
    for (const duration of ['8d', '-1', -1]) {
      const longer = ask(member.key, '/key/generate', { team_id, duration })
      await expectRefused(longer, 400, { param: 'duration' })
      const renewed = ask(member.key, '/key/update', { key: made['key'], duration })
      await expectRefused(renewed, 400, { param: 'duration' })
    }
    await expectDone(ask(member.key, '/key/update', { key: made['key'], duration: '2d' }))
    await expectDone(ask(admin.key, '/key/generate', { team_id }), { expires: null })
  })

  it('is not got around by bringing a key along', async () => {
    const { team_id } = await newTeam()
    const member = await memberOf(team_id)
    await permit(team_id, ['/key/generate'], '7d')
    const own = await expectDone(ask(member.key, '/key/generate', {}))
    const brought = { key: own['key'], team_id }
    await expectRefused(ask(member.key, '/key/update', brought), 400, { param: 'duration' })
    const ending = { ...brought, duration: '1d' }
    await expectDone(ask(member.key, '/key/update', ending), { team_id })
  })
})

describe('what a key grants', () => {
  const limits = {
    max_budget: 5,
    budget_duration: '30d',
    tpm_limit: 100,
    models: ['llama3', 'openai/*'],
    model_rpm_limit: { llama3: 3 },
    duration: '10d',
  }

  it.each<[string, object]>([
    ['max_budget', { max_budget: 6 }],
    ['budget_duration', { budget_duration: '1d' }],
    ['tpm_limit', { tpm_limit: 101 }],
    ['models', { models: ['other'] }],
    ['models', { models: ['*'] }],
    ['model_rpm_limit', { model_rpm_limit: { llama3: 4 } }],
    ['duration', { duration: '11d' }],
    ['duration', { duration: '-1' }],
  ])('never exceeds its own %s: %j', async (param, fields) => {
    const { key } = await person('internal_user', limits)
    await expectRefused(ask(key, '/key/generate', fields), 400, { param })
    // Nor does a key lift its own limits.
    await expectRefused(ask(key, '/key/update', { key, ...fields }), 400, { param })
    await expectRefused(ask(key, '/key/regenerate', { key, ...fields }), 400, { param })
  })

  it('is handed down where nothing is said', async () => {
    const { key } = await person('internal_user', limits)
    const { duration: _end, ...handed } = limits
    const { expires } = await get<Row>('/key/info', key).then(({ info }) => info as Row)
    const empty = { max_budget: null, models: [], model_rpm_limit: null, duration: null }
    for (const body of [{}, empty]) {
      await expectDone(ask(key, '/key/generate', body), { ...handed, expires })
    }
    const less = { max_budget: 1, models: ['openai/gpt-4o'], budget_duration: '1mo' }
    await expectDone(ask(key, '/key/generate', less), less)
  })

  it.each<[string, unknown]>([
    ['blocked', true],
    ['budget_enforcement', 'observe'],
    ['budget_id', 'b'],
    ['temp_budget_increase', 5],
    ['spend', 1],
  ])('is not %s, unless it is an admin who asks', async (param, value) => {
    const { key } = await person()
    const end = param === 'temp_budget_increase' && { temp_budget_expiry: '2100-01-01' }
    const fields = { [param]: value, ...end }
    await expectRefused(ask(key, '/key/generate', fields), 403, { param })
    await expectRefused(ask(key, '/key/update', { key, ...fields }), 403, { param })
    await expectRefused(ask(key, '/key/regenerate', { key, ...fields }), 403, { param })
  })

  it('may be sent back as it was answered', async () => {
    const { key } = await person()
    const nothing = { blocked: false, budget_id: null, budget_enforcement: null, spend: null }
    await expectDone(ask(key, '/key/generate', { ...nothing, spend: 0 }))
    await expectDone(ask(key, '/key/update', { key, ...nothing }))
    await expectRefused(ask(key, '/key/update', { key, spend: 0 }), 403, { param: 'spend' })
  })

  it('is not cleared by a user what an admin set', async () => {
    const { key } = await person('internal_user', { budget_enforcement: 'strict' })
    const cleared = ask(key, '/key/update', { key, budget_enforcement: null })
    await expectRefused(cleared, 403, { param: 'budget_enforcement' })
  })
})

describe('who changes keys', () => {
  const CHANGES = [
    ['/key/update', (key: string) => ({ key, metadata: { a: 1 } })],
    ['/key/regenerate', (key: string) => ({ key })],
    ['/key/delete', (key: string) => ({ keys: [key] })],
  ] as const

  it.each(CHANGES)('%s: a user their own, nobody else', async (path, body) => {
    const [user, other] = [await person(), await person()]
    const { key } = await post<{ key: string }>('/key/generate', { user_id: user.user_id })
    await expectRefused(ask(other.key, path, body(key)), 403)
    await expectRefused(ask(user.key, path, body(await newKey())), 403)
    await expectDone(ask(user.key, path, body(key)))
  })

  it.each(CHANGES)('%s: in a team as it permits, and its admins', async (path, body) => {
    const { team_id } = await newTeam()
    const [admin, member] = [await memberOf(team_id, 'admin'), await memberOf(team_id)]
    const other = await memberOf((await newTeam()).team_id, 'admin')
    const ofMember = () => newKey({ team_id, user_id: member.user_id })
    const [key, theirs] = [await ofMember(), await newKey({ team_id, user_id: admin.user_id })]
    await expectRefused(ask(member.key, path, body(key)), 401, NO_PERMISSION)
    await expectRefused(ask(other.key, path, body(key)), 401, NO_PERMISSION)
    await permit(team_id, [path])
    await expectRefused(ask(member.key, path, body(theirs)), 403)
    await expectRefused(ask(other.key, path, body(key)), 401, NO_PERMISSION)
    await expectDone(ask(member.key, path, body(key)))
    const another = await ofMember()
    if (path === '/key/regenerate') {
      // The admin would get a secret that acts for its user, and may have one that calls models.
      await expectRefused(ask(admin.key, path, body(another)), 403, { param: 'allowed_routes' })
      await post('/key/update', { key: another, key_type: 'llm_api' })
    }
    await expectDone(ask(admin.key, path, body(another)))
    if (path === '/key/delete') await expectDone(ask(admin.key, path, body(another)))
  })

  it('/key/delete: all of them or none', async () => {
    const [user, other] = [await person(), await person()]
    const own = await newKey({ user_id: user.user_id })
    const both = { keys: [own, other.key] }
    await expectRefused(ask(user.key, '/key/delete', both), 403)
    expect(await get('/key/info', own)).toMatchObject({ info: { user_id: user.user_id } })
    const key_alias = `alias-${crypto.randomUUID()}`
    await post('/key/update', { key: other.key, key_alias })
    const aliased = { keys: [own], key_aliases: [key_alias] }
    await expectRefused(ask(user.key, '/key/delete', aliased), 403)
    await expectDone(ask(user.key, '/key/delete', { keys: [own] }), { deleted_keys: [own] })
    await expectDone(ask(user.key, '/key/delete', { keys: [own] }))
  })

  it("/key/delete: by an alias that was that of somebody's key before", async () => {
    const [user, other] = [await person(), await person()]
    const key_alias = `alias-${crypto.randomUUID()}`
    await newKey({ user_id: other.user_id, key_alias })
    const named = { key_aliases: [key_alias] }
    await expectRefused(ask(user.key, '/key/delete', named), 403)
    await expectDone(ask(other.key, '/key/delete', named))
    await expectRefused(ask(user.key, '/key/delete', named), 404)
    await newKey({ user_id: user.user_id, key_alias })
    await expectDone(ask(user.key, '/key/delete', named))
  })

  it.each(['/key/block', '/key/unblock'])('%s: admins only', async (path) => {
    const { team_id } = await newTeam()
    const [admin, member] = [await memberOf(team_id, 'admin'), await memberOf(team_id)]
    await permit(team_id, [path, '/key/update'])
    const key = await newKey({ team_id, user_id: member.user_id })
    await expectRefused(ask(member.key, path, { key }), 403)
    await expectRefused(ask(member.key, path, { key: member.key }), 403)
    await expectRefused(ask(admin.key, path, { key: member.key }), 403)
    await expectDone(ask(admin.key, path, { key }), { blocked: path === '/key/block' })
  })

  it('gives a key only to whom they could make one for', async () => {
    const { team_id } = await newTeam()
    const [admin, member] = [await memberOf(team_id, 'admin'), await memberOf(team_id)]
    const own = await newKey({ user_id: member.user_id })
    await expectRefused(update(member.key, { key: own, user_id: admin.user_id }), 403)
    await expectRefused(update(member.key, { key: own, team_id }), 401, NO_PERMISSION)
    await expectRefused(update(admin.key, { key: own, team_id }), 403)
    await permit(team_id, ['/key/generate', '/key/update'])
    await expectDone(update(member.key, { key: own, team_id }), { team_id })
    await expectDone(update(admin.key, { key: own, user_id: admin.user_id }))
    const other = await newTeam()
    await expectRefused(update(admin.key, { key: own, team_id: other.team_id }), 401)
    await expectRefused(update(admin.key, { key: own, team_id: null, user_id: 'ann' }), 403)
  })
})

describe('what a key has spent', () => {
  it('is forgiven by admins, and by those of its team, but not their own', async () => {
    const { team_id } = await newTeam()
    const [admin, member] = [await memberOf(team_id, 'admin'), await memberOf(team_id)]
    const key = await newKey({ team_id, user_id: member.user_id })
    const own = await newKey({ team_id, user_id: admin.user_id })
    await spend(key)
    await expectRefused(reset(member.key, key), 403)
    await expectRefused(reset(admin.key, own), 403)
    const set = { key: own, spend: 0 }
    await expectRefused(ask(admin.key, '/key/update', set), 403)
    await expectRefused(reset(admin.key, member.key), 403)
    await expectDone(reset(admin.key, key), { previous_spend: COST, spend: 0 })
    await expectDone(reset(MASTER, own))
  })

  it('is topped up by proxy admins only', async () => {
    const { team_id } = await newTeam()
    const admin = await memberOf(team_id, 'admin')
    const key = await newKey({ team_id, max_budget: 1 })
    await expectRefused(ask(admin.key, `/key/${key}/credit`, { amount: 1 }), 401)
    await expectDone(ask(MASTER, `/key/${key}/credit`, { amount: 1 }), { spend: -1 })
  })
})

describe('/key/service-account/generate', () => {
  it('makes a key of a team and of no user', async () => {
    const { team_id } = await newTeam()
    const metadata = { service_account_id: 'ci' }
    const sent = { team_id, user_id: 'ann', metadata }
    const made = await expectDone(makeService(MASTER, sent), { team_id, user_id: null, metadata })
    expect(made['token']).toBe(made['token_id'])
    await expectRefused(makeService(MASTER, {}), 400, { param: 'team_id' })
    await expectRefused(makeService(MASTER, { team_id: 'none' }), 404, { param: 'team_id' })
  })

  it("is for a team's admins, and for members whom it permits that", async () => {
    const { team_id } = await newTeam()
    const [admin, member] = [await memberOf(team_id, 'admin'), await memberOf(team_id)]
    await expectDone(makeService(admin.key, { team_id }), { user_id: null })
    await permit(team_id, ['/key/generate'], '1d')
    await expectRefused(makeService(member.key, { team_id }), 401, NO_PERMISSION)
    await permit(team_id, ['/key/service-account/generate'], '1d')
    const made = await expectDone(makeService(member.key, { team_id }), { user_id: null })
    expect(made['expires']).not.toBeNull()
    const blocked = makeService(member.key, { team_id, blocked: true })
    await expectRefused(blocked, 403, { param: 'blocked' })
  })
})
