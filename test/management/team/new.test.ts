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
  type Team,
} from '../../setup/worker.ts'

interface TeamInfo {
  readonly team_id: string
  readonly team_info: Team & { readonly held: number }
  readonly keys: readonly { readonly token: string; readonly spend: number }[]
}

describe('/team/new', () => {
  it("answers with LiteLLM's row", async () => {
    const before = Date.now()
    const team = await post<Record<string, unknown>>('/team/new', {
      team_alias: 'QA Prod Bot',
      max_budget: 0.000000001,
      budget_duration: '1d',
    })
    expect(team).toMatchObject({
      team_alias: 'QA Prod Bot',
      organization_id: null,
      admins: [],
      members: [],
      members_with_roles: [{ user_id: 'default_user_id', user_email: null, role: 'admin' }],
      metadata: {},
      tpm_limit: null,
      rpm_limit: null,
      max_budget: 1e-9,
      budget_duration: '1d',
      models: [],
      blocked: false,
      spend: 0,
      max_parallel_requests: null,
      model_id: null,
      budget_limits: null,
    })
    expect(team['team_id']).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    )
    const reset = String(team['budget_reset_at'])
    expect(reset).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    const waitMs = Date.parse(reset) - 86_400_000
    expect(waitMs).toBeGreaterThanOrEqual(before)
    expect(waitMs).toBeLessThanOrEqual(Date.now())
  })

  it.each([
    ['1s', 1_000],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['30d', 30 * 86_400_000],
    ['2w', 14 * 86_400_000],
  ])('resets after %s', async (budget_duration, lengthMs) => {
    const team = await post<Record<string, string>>('/team/new', { budget_duration })
    const created = Date.parse(team['created_at'] ?? '')
    expect(Date.parse(team['budget_reset_at'] ?? '') - created).toBe(lengthMs)
  })

  it('keeps what it was given', async () => {
    const fields = {
      team_id: `own-${crypto.randomUUID()}`,
      models: ['llama3', 'openai/*'],
      metadata: { cost_centre: 7 },
      tpm_limit: 1000,
      rpm_limit: 10,
      max_parallel_requests: 3,
      soft_budget: 0.5,
      blocked: true,
      members_with_roles: [{ role: 'user', user_id: 'u1' }],
    }
    const team = await post<Record<string, unknown>>('/team/new', fields)
    const { members_with_roles, ...same } = fields
    expect(team).toMatchObject(same)
    expect(team['members_with_roles']).toContainEqual({
      ...members_with_roles[0],
      user_email: null,
    })
  })

  it('refuses an id that is taken, and changes nothing', async () => {
    const { team_id } = await newTeam({ team_alias: 'first', max_budget: 1 })
    const again = await call('POST', '/team/new', { key: MASTER, body: { team_id, max_budget: 9 } })
    expect(again.status).toBe(400)
    expect((await again.json<ErrorBody>()).error.message).toBe(
      `Team id = ${team_id} already exists. Please use a different team id.`,
    )
    const { team_info } = await get<TeamInfo>(`/team/info?team_id=${team_id}`)
    expect(team_info).toMatchObject({ team_alias: 'first', max_budget: 1 })
  })

  it.each([
    [{ max_budget: -1 }, 400, 'max_budget', 'max_budget cannot be negative. Received: -1'],
    [{ max_budget: 1e300 }, 400, 'max_budget', 'must be a non-negative finite number'],
    ['{"max_budget":1e999}', 400, 'max_budget', 'must be a non-negative finite number'],
    [{ max_budget: 'much' }, 422, 'max_budget', 'expected a number'],
    [{ budget_duration: 'soon' }, 400, 'budget_duration', 'expected a duration'],
    [{ budget_duration: '0s' }, 400, 'budget_duration', 'expected a duration'],
    [{ budget_duration: 5 }, 422, 'budget_duration', 'expected string'],
    [{ rpm_limit: 1.5 }, 422, 'rpm_limit', 'expected an integer'],
    [{ rpm_limit: -1 }, 400, 'rpm_limit', 'non-negative'],
    [{ team_alias: 'a\u0000b' }, 400, 'team_alias', 'control characters'],
    [{ team_alias: 'x'.repeat(10_000) }, 422, 'team_alias', 'at most 256'],
    [{ team_id: '' }, 422, 'team_id', 'non-empty'],
    [{ models: 'llama3' }, 422, 'models', 'expected array'],
    [{ models: Array.from({ length: 10_001 }, () => 'm') }, 422, 'models', 'at most 1000'],
    [{ metadata: [] }, 422, 'metadata', 'expected an object'],
    [{ metadata: { text: '\u0000' } }, 400, 'metadata', 'NUL'],
    [{ blocked: 'yes' }, 422, 'blocked', 'expected a boolean'],
    [{ organization_id: 'o' }, 400, 'organization_id', 'ignore_unsupported'],
    [{ metadata: { guardrails: ['g'] } }, 400, 'metadata.guardrails', 'enforced'],
  ])('names the field of %j', async (body, status, param, words) => {
    const response = await call('POST', '/team/new', { key: MASTER, body })
    const { error } = await response.json<ErrorBody>()
    expect(response.status).toBe(status)
    expect(error).toMatchObject({ param, code: String(status) })
    expect(error.message).toContain(words)
  })

  it('takes the empty defaults that clients send for what they do not use', async () => {
    const team = await newTeam({
      organization_id: null,
      model_max_budget: {},
      guardrails: [],
      team_member_permissions: [],
      object_permission: null,
      unheard_of: true,
    })
    expect(team.max_budget).toBeNull()
  })
})

describe('/team/info and /team/list', () => {
  it('show what the ledger knows at that instant', async () => {
    const { team_id } = await newTeam({ max_budget: 0.000000001 })
    const key = await newKey({ team_id })
    expect((await chat(key)).status).toBe(200)
    const info = await get<TeamInfo>(`/team/info?team_id=${team_id}`)
    expect(info.team_info).toMatchObject({ spend: 0.0000035, held: 0 })
    expect(info.keys).toHaveLength(1)
    expect(info.keys[0]).toMatchObject({ spend: 0.0000035 })
    expect(JSON.stringify(info)).not.toContain(key)
  })

  it('let a key see its own team and no other', async () => {
    const [mine, other] = [await newTeam(), await newTeam()]
    const key = await newKey({ team_id: mine.team_id })
    expect((await call('GET', `/team/info?team_id=${mine.team_id}`, { key })).status).toBe(200)
    const foreign = await call('GET', `/team/info?team_id=${other.team_id}`, { key })
    expect(foreign.status).toBe(403)
  })

  it('answer 404 for an unknown team and 422 without an id', async () => {
    const unknown = await call('GET', '/team/info?team_id=nobody', { key: MASTER })
    expect(unknown.status).toBe(404)
    expect((await unknown.json<ErrorBody>()).error.message).toBe(
      'Team not found, passed team_id=nobody',
    )
    expect((await call('GET', '/team/info', { key: MASTER })).status).toBe(422)
  })

  it('list teams with their keys', async () => {
    const { team_id } = await newTeam({ team_alias: 'listed' })
    await newKey({ team_id })
    const teams = await get<(Team & { keys: unknown[] })[]>('/team/list')
    const listed = teams.find((team) => team.team_id === team_id)
    expect(listed).toMatchObject({ team_alias: 'listed', team_memberships: [] })
    expect(listed?.keys).toHaveLength(1)
  })
})
