import { describe, expect, it } from 'vitest'
import { chat, get, newKey, newTeam, post } from '../../setup/worker.ts'
import { BAD_COMMON, COMMON_FIELDS, COST, expectRefusal, spentTeam, untold } from '../tenant.ts'

type Row = Record<string, unknown>

const update = async (fields: object): Promise<Row> =>
  (await post<{ data: Row }>('/team/update', fields)).data

const info = async (teamId: string): Promise<Row> =>
  (await get<{ team_info: Row }>(`/team/info?team_id=${teamId}`)).team_info

const FIELDS = [
  ...COMMON_FIELDS,
  ['team_alias', 'renamed', 'renamed', null],
  ['model_aliases', { fast: 'llama3' }, { fast: 'llama3' }, {}],
  ['team_member_budget', 2, 2, null],
  ['team_member_budget_duration', '1d', '1d', null],
  ['team_member_rpm_limit', 5, 5, null],
  ['team_member_tpm_limit', 500, 500, null],
  ['team_member_key_duration', '30d', '30d', null],
  ['team_member_permissions', ['/key/generate'], ['/key/generate'], []],
] as const

describe('/team/update', () => {
  it.each(FIELDS)('sets %s to %j, keeps it while absent, and clears it by null', async (...row) => {
    const [field, value, shown, cleared] = row
    const { team_id } = await newTeam()
    expect(await update({ team_id, [field]: value })).toMatchObject({
      [field]: shown,
    })
    expect((await update({ team_id }))[field]).toEqual(shown)
    expect((await info(team_id))[field]).toEqual(shown)
    const nulled = await update({ team_id, [field]: null })
    expect(nulled[field]).toEqual(cleared)
  })

  it.each(FIELDS)('has %s as %j from the beginning too', async (field, value, shown) => {
    const made = await newTeam({ [field]: value })
    expect((made as unknown as Row)[field]).toEqual(shown)
  })

  it.each(BAD_COMMON)('refuses %j with %i by name, and changes nothing', async (...row) => {
    const [fields, status, param] = row
    const { team_id } = await newTeam({ max_budget: 7, team_alias: 'as it was' })
    const before = await info(team_id)
    await expectRefusal(['/team/update', { team_id, team_alias: 'changed', ...fields }], status, {
      param,
    })
    expect(await info(team_id)).toEqual(before)
    await expectRefusal(['/team/new', fields], status, { param })
  })

  it.each([
    [{ team_member_key_duration: 'soon' }, 400, 'team_member_key_duration'],
    [{ team_member_key_duration: 5 }, 422, 'team_member_key_duration'],
  ])('refuses %j as well', async (fields, status, param) => {
    const { team_id } = await newTeam()
    await expectRefusal(['/team/update', { team_id, ...fields }], status, { param })
  })

  it('answers 404 for a team that is not there, and 422 without an id', async () => {
    const message = 'Team not found, passed team_id=nobody'
    await expectRefusal(['/team/update', { team_id: 'nobody' }], 404, { message })
    await expectRefusal(['/team/update', { max_budget: 1 }], 422, { param: 'team_id' })
  })

  it("takes models' limits inside metadata, shows them there, and keeps them with other metadata", async () => {
    const { team_id } = await newTeam({ metadata: { model_rpm_limit: { llama3: 5 }, a: 1 } })
    const shown = { metadata: { model_rpm_limit: { llama3: 5 }, a: 1 } }
    expect(await info(team_id)).toMatchObject({ ...shown, model_rpm_limit: { llama3: 5 } })
    const other = await update({ team_id, metadata: { b: 2 } })
    expect(other['metadata']).toEqual({ model_rpm_limit: { llama3: 5 }, b: 2 })
    const none = { team_id, metadata: { model_rpm_limit: null } }
    expect((await update(none))['metadata']).toEqual({})
  })

  it('clears a temporary increase as it was set: both halves', async () => {
    const { team_id } = await newTeam({
      temp_budget_increase: 5,
      temp_budget_expiry: '2100-01-01T00:00:00',
    })
    expect(await info(team_id)).toMatchObject({
      temp_budget_increase: 5,
      temp_budget_expiry: '2100-01-01T00:00:00.000000Z',
    })
    const cleared = { temp_budget_increase: null, temp_budget_expiry: null }
    expect(await update({ team_id, ...cleared })).toMatchObject(cleared)
  })
})

describe('the windows of a team', () => {
  it('start anew with a duration that is sent, and keep what was spent', async () => {
    const { team_id } = await spentTeam({ max_budget: 1, budget_duration: '1d' })
    const before = Date.now()
    const row = await update({ team_id, budget_duration: '1h' })
    expect(Date.parse(String(row['budget_reset_at']))).toBeGreaterThanOrEqual(before + 3_600_000)
    expect(row['spend']).toBe(COST)
    const same = await update({ team_id, max_budget: 2 })
    expect(same['budget_reset_at']).toBe(row['budget_reset_at'])
  })

  it('of a list go on while their duration is in it', async () => {
    const first = [{ budget_duration: '1d', max_budget: 1 }]
    const models = { llama3: { budget_limit: 1, time_period: '1d' } }
    const { team_id } = await newTeam({ budget_limits: first, model_max_budget: models })
    const [before] = (await info(team_id))['budget_limits'] as { reset_at: string }[]
    const sent = {
      team_id,
      budget_limits: [
        { budget_duration: '2h', max_budget: 1 },
        { budget_duration: '1d', max_budget: 5 },
      ],
    }
    const [, after] = (await update(sent))['budget_limits'] as { reset_at: string }[]
    expect(after).toEqual({ budget_duration: '1d', max_budget: 5, reset_at: before?.reset_at })
  })
})

describe('what binds the next call', () => {
  it('is a budget that was lowered, and one that was raised', async () => {
    const { team_id, key } = await spentTeam({ max_budget: 1 })
    await post('/team/update', { team_id, max_budget: COST / 2 })
    expect((await chat(key)).status).toBe(400)
    await post('/team/update', { team_id, max_budget: null })
    expect((await chat(key)).status).toBe(200)
    expect(await untold(`team:${team_id}`)).toEqual([])
  })

  it('is a window among several, and its usage is shown', async () => {
    const { team_id, key } = await spentTeam({
      budget_limits: [
        { budget_duration: '24h', max_budget: 1 },
        { budget_duration: '1h', max_budget: COST },
      ],
      model_max_budget: { llama3: { budget_limit: 1, time_period: '1d' } },
    })
    const refused = await chat(key)
    expect(refused.status).toBe(400)
    expect(await info(team_id)).toMatchObject({
      spend: COST,
      budget_limits_usage: { '24h': { current_spend: COST }, '1h': { current_spend: COST } },
      model_max_budget_usage: {
        llama3: { current_spend: COST, budget_limit: 1, time_period: '1d' },
      },
    })
  })

  it('is a model, alone', async () => {
    const { team_id, key } = await spentTeam({})
    await post('/team/update', { team_id, model_max_budget: { llama3: { budget_limit: COST } } })
    await chat(key)
    expect((await chat(key)).status).toBe(400)
  })

  it('is a budget of 0 at once, and an increase while it lasts', async () => {
    const { team_id } = await newTeam({ max_budget: 0 })
    const key = await newKey({ team_id })
    expect((await chat(key)).status).toBe(400)
    const temporary = { temp_budget_increase: 1, temp_budget_expiry: '2100-01-01T00:00:00Z' }
    await post('/team/update', { team_id, ...temporary })
    expect((await chat(key)).status).toBe(200)
    await post('/team/update', {
      team_id,
      temp_budget_expiry: '2020-01-01',
      temp_budget_increase: 1,
    })
    expect((await chat(key)).status).toBe(400)
  })

  it('is a block, until it is lifted, however often it is said', async () => {
    const { team_id, key } = await spentTeam()
    for (let i = 0; i < 2; i++) {
      expect(await post('/team/block', { team_id })).toMatchObject({ team_id, blocked: true })
      expect((await chat(key)).status).toBe(401)
    }
    expect(await post('/team/unblock', { team_id })).toMatchObject({ team_id, blocked: false })
    expect((await chat(key)).status).toBe(200)
    await expectRefusal(['/team/block', { team_id: 'nobody' }], 404, { param: 'team_id' })
  })
})
