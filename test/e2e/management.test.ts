import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectError } from './expect-error.ts'
import { startStack } from './harness.ts'
import type { Stack } from './harness.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

describe('a management call', () => {
  it.each([
    ['max_budget', 'ten'],
    ['max_budget', true],
    ['max_budget', []],
    ['soft_budget', {}],
    ['budget_duration', 30],
    ['tpm_limit', 'five'],
    ['rpm_limit', 1.5],
    ['max_parallel_requests', 'many'],
    ['models', 'script/gpt'],
    ['models', [1]],
    ['metadata', 'text'],
    ['blocked', 'yes'],
    ['team_id', 5],
  ])('with %s: %j is told the field and that its type is wrong', async (field, value) => {
    for (const path of ['/team/new', '/key/generate']) {
      const answer = await stack.http(path, { body: { [field]: value } })
      expectError(answer, 422, {
        message: expect.stringMatching(new RegExp(`^${field}(?:\\.0)?: `)),
        param: expect.stringMatching(new RegExp(`^${field}(?:\\.0)?$`)),
      })
    }
  })

  it.each([
    ['max_budget', '-1', 'max_budget cannot be negative. Received: -1'],
    ['max_budget', '-0.5', 'max_budget cannot be negative. Received: -0.5'],
    ['max_budget', '1e300', 'max_budget must be a non-negative finite number. Received: 1e+300'],
    ['max_budget', '1e999', 'max_budget must be a non-negative finite number. Received: Infinity'],
    ['soft_budget', '-1', 'soft_budget cannot be negative. Received: -1'],
    ['rpm_limit', '-1', 'rpm_limit: expected a non-negative integer'],
    ['tpm_limit', '-1', 'tpm_limit: expected a non-negative integer'],
    [
      'budget_duration',
      '"soon"',
      'budget_duration: expected a duration such as "30s", "30m", "24h", "7d", "2w" or "1mo"',
    ],
    [
      'budget_duration',
      '"0d"',
      'budget_duration: expected a duration such as "30s", "30m", "24h", "7d", "2w" or "1mo"',
    ],
    [
      'budget_duration',
      '"-1d"',
      'budget_duration: expected a duration such as "30s", "30m", "24h", "7d", "2w" or "1mo"',
    ],
  ])('with %s: %s is told the field and what would do', async (field, value, message) => {
    for (const path of ['/team/new', '/key/generate']) {
      const answer = await stack.http(path, { raw: `{"${field}":${value}}` })
      expectError(answer, 400, { message, param: field, type: 'bad_request_error' })
    }
  })

  it.each(['[]', '"text"', 'null', '{"team_alias":', '', '5'])(
    'with the body %j is refused',
    async (raw) => {
      for (const path of ['/team/new', '/key/generate', '/key/delete']) {
        const answer = await stack.http(path, { raw, method: 'POST' })
        expect([400, 422], answer.text).toContain(answer.status)
        expectError(answer, answer.status, { message: expect.any(String) })
      }
    },
  )

  it.each([
    ['/team/new', { organization_id: 'o' }, 'organization_id'],
    ['/team/new', { rpm_limit_type: 'guaranteed_throughput' }, 'rpm_limit_type'],
    ['/team/new', { guardrails: ['g'] }, 'guardrails'],
    ['/team/new', { metadata: { guardrails: ['g'] } }, 'metadata.guardrails'],
    ['/key/generate', { budget_fallbacks: { m: ['n'] } }, 'budget_fallbacks'],
    ['/key/generate', { permissions: { pii: true } }, 'permissions'],
    ['/key/generate', { allowed_passthrough_routes: ['/x'] }, 'allowed_passthrough_routes'],
    ['/key/generate', { auto_rotate: true }, 'auto_rotate'],
    ['/key/generate', { spend: 5 }, 'spend'],
    ['/key/generate', { enforced_params: ['user'] }, 'enforced_params'],
  ])('to %s with %j is refused, because nothing would enforce it', async (path, body, field) => {
    const answer = await stack.http(path, { body })
    expectError(answer, 400, {
      message: expect.stringMatching(new RegExp(`^${field} is not enforced`)),
      param: field,
    })
    expect(answer.text).toContain('ignore_unsupported')
  })

  it('takes numbers as text too, as forms send them', async () => {
    const asText = { max_budget: '1.5', rpm_limit: '5', tpm_limit: '' }
    const asNumbers = { max_budget: 1.5, rpm_limit: 5, tpm_limit: null }
    expect(await stack.newTeam(asText)).toMatchObject(asNumbers)
  })

  it('refuses a team_id that is taken, and leaves its team alone', async () => {
    const team_id = `taken-${randomUUID()}`
    await stack.newTeam({ team_id, team_alias: 'first', max_budget: 1 })
    const answer = await stack.http('/team/new', { body: { team_id, team_alias: 'second' } })
    expectError(answer, 400, {
      message: `Team id = ${team_id} already exists. Please use a different team id.`,
      param: 'team_id',
    })
    const { json } = await stack.http(`/team/info?team_id=${team_id}`)
    expect(json['team_info']).toMatchObject({ team_alias: 'first', max_budget: 1 })
  })

  it('refuses an alias or a key that is taken, unless its key was deleted', async () => {
    const alias = `alias-${randomUUID()}`
    const own = `sk-${randomUUID()}`
    const made = await stack.newKey({ key_alias: alias, key: own })
    expect(made).toBe(own)
    expectError(await stack.http('/key/generate', { body: { key_alias: alias } }), 400, {
      message: expect.stringContaining(`Key with alias '${alias}' already exists.`),
      param: 'key_alias',
    })
    expectError(await stack.http('/key/generate', { body: { key: own } }), 400, {
      message: expect.any(String),
      param: 'key',
    })
    expect((await stack.http('/key/delete', { body: { key_aliases: [alias] } })).status).toBe(200)
    await stack.newKey({ key_alias: alias })
    // A key that was deleted stays dead.
    expect((await stack.http('/key/generate', { body: { key: own } })).status).toBe(400)
  })

  it('refuses a key that does not start with sk-, and a team that is not there', async () => {
    expectError(await stack.http('/key/generate', { body: { key: 'pk-1' } }), 400, {
      message: expect.stringMatching(
        /^Invalid key format\. LiteLLM Virtual Key must start with 'sk-'\./,
      ),
      param: 'key',
    })
    expectError(await stack.http('/key/generate', { body: { team_id: 'nowhere' } }), 404, {
      message: 'Team not found, passed team_id=nowhere',
      param: 'team_id',
    })
    expectError(await stack.http('/team/info?team_id=nowhere'), 404, {
      message: 'Team not found, passed team_id=nowhere',
    })
    expectError(await stack.http('/team/info'), 422, {
      message: 'Malformed request. No team id passed in.',
    })
    expectError(await stack.http('/key/info?key=sk-nobody'), 404, {
      message: 'Key not found in database',
    })
    expectError(await stack.http('/key/delete', { body: { keys: ['sk-nobody'] } }), 404, {
      message: 'No keys found',
    })
    expectError(await stack.http('/key/delete', { body: {} }), 400, {
      message: expect.any(String),
      param: 'keys',
    })
  })

  it('deletes a key, which is refused from the next call on, however often it is repeated', async () => {
    const tenant = await stack.tenant({ max_budget: 1 })
    const second = await stack.newKey({ team_id: tenant.teamId })
    expect((await stack.chat(tenant.key, 'script/gpt')).status).toBe(200)
    const deletion = { body: { keys: [tenant.key] } }
    const deleted = await stack.http('/key/delete', deletion)
    expect(deleted).toMatchObject({ status: 200, json: { deleted_keys: [tenant.key] } })
    for (const stream of [false, true]) {
      expectError(await stack.chat(tenant.key, 'script/gpt', { stream }), 401, {
        message: expect.stringContaining('Unable to find token in cache'),
        type: 'token_not_found_in_db',
        param: 'key',
      })
    }
    expect((await stack.http('/key/delete', deletion)).status).toBe(200)
    expect((await stack.http('/key/delete', deletion)).status).toBe(200)
    expect((await stack.http(`/key/info?key=${tenant.key}`)).status).toBe(404)
    expect((await stack.http('/key/info', { key: tenant.key })).status).toBe(401)
    expect((await stack.chat(second, 'script/gpt')).status).toBe(200)
  })

  it('never shows a key again', async () => {
    const tenant = await stack.tenant({ team_alias: 'shy' })
    const secret = tenant.key.slice('sk-'.length)
    const hash = createHash('sha256').update(tenant.key).digest('hex')
    const own = await stack.http('/key/info', { key: tenant.key })
    expect(own.json).toMatchObject({
      key: hash,
      info: { key_name: `sk-...${tenant.key.slice(-4)}` },
    })
    for (const { status, text } of [
      own,
      await stack.http(`/key/info?key=${hash}`),
      await stack.http(`/team/info?team_id=${tenant.teamId}`),
      await stack.http('/team/list'),
      await stack.http('/metrics'),
    ]) {
      expect(status).toBe(200)
      expect(text).not.toContain(secret)
    }
    // Named by itself it is repeated as it was named, as LiteLLM does; its row has nothing of it.
    const named = await stack.http(`/key/info?key=${tenant.key}`)
    expect(JSON.stringify(named.json['info'])).not.toContain(secret)
    expect(stack.worker.stderr()).not.toContain(secret)
  })
})
