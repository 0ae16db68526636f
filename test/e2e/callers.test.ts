import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './eventually.ts'
import { expectError } from './expect-error.ts'
import { HI } from './gateway.ts'
import type { Answer, Ask } from './gateway.ts'
import { startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const CHAT = '/v1/chat/completions'
const CALL = { model: 'script/gpt', messages: HI }

let stack: Stack
let key: string
let teamId: string

beforeAll(async () => {
  stack = await startStack()
  const tenant = await stack.tenant({ max_budget: 1 })
  key = tenant.key
  teamId = tenant.teamId
})
afterAll(() => stack.close())

const ask = (headers: Record<string, string>, path = CHAT): Promise<Answer> =>
  stack.http(path, { key: null, body: CALL, headers })

describe('who asks wrongly', () => {
  it('is told that there is no key', async () => {
    for (const headers of [{}, { authorization: '' }, { authorization: '  ' }]) {
      expectError(await ask(headers), 401, {
        message: 'Authentication Error, No api key passed in.',
        type: 'auth_error',
        param: 'None',
      })
    }
  })

  it('is told the hash of an unknown key, and not the key', async () => {
    const unknown = `sk-${randomUUID()}`
    const hash = createHash('sha256').update(unknown).digest('hex')
    const answer = await ask({ authorization: `Bearer ${unknown}` })
    expectError(answer, 401, {
      message:
        'Authentication Error, Invalid proxy server token passed. Received API Key = ' +
        `sk-...${unknown.slice(-4)}, Key Hash (Token) =${hash}. ` +
        'Unable to find token in cache or `LiteLLM_VerificationTokenTable`',
      type: 'token_not_found_in_db',
      param: 'key',
    })
    expect(answer.text).not.toContain(unknown)
  })

  it('is told that a key starts with sk-', async () => {
    const secret = 'hunter2-is-my-password'
    const answer = await ask({ authorization: `Bearer ${secret}` })
    expectError(answer, 401, {
      message: "LiteLLM Virtual Key expected. Received=hunt****word, expected to start with 'sk-'.",
      type: 'auth_error',
    })
    for (const short of ['x', 'hunter2!']) {
      const { status, text } = await ask({ authorization: `Bearer ${short}` })
      expect(status).toBe(401)
      expect(text).toContain('Received=****,')
    }
  })

  it('never passes with the hash of a key, nor with half of the master key', async () => {
    const hash = createHash('sha256').update(key).digest('hex')
    for (const given of [
      hash,
      `sk-${hash}`,
      'sk-123',
      'sk-12345',
      'sk-1234 ,',
      `${key} x`,
      key.toUpperCase(),
    ]) {
      expect((await ask({ authorization: `Bearer ${given}` })).status, given).toBe(401)
    }
  })

  it.each([
    ['authorization', (k: string) => `Bearer ${k}`],
    ['authorization', (k: string) => `bearer   ${k}`],
    ['authorization', (k: string) => k],
    ['authorization', (k: string) => `Basic ${Buffer.from(`user:${k}`).toString('base64')}`],
    ['api-key', (k: string) => k],
    ['x-api-key', (k: string) => k],
    ['x-goog-api-key', (k: string) => k],
    ['ocp-apim-subscription-key', (k: string) => k],
    ['x-litellm-api-key', (k: string) => `Bearer ${k}`],
  ])('passes with the key in %s', async (name, value) => {
    expect((await ask({ [name]: value(key) })).status).toBe(200)
    expect((await ask({ [name]: value('sk-nobody') })).status).toBe(401)
  })

  it.each([
    ['/team/new', { body: {} }],
    ['/team/reconcile', {}],
    ['/key/generate', { body: {} }],
    ['/key/delete', { body: { keys: ['sk-x'] } }],
  ] satisfies [string, Ask][])('may not use %s with a virtual key', async (path, request) => {
    const answer = await stack.http(path, { ...request, key })
    expectError(answer, 401, {
      message: expect.stringContaining(`Authentication Error, Only proxy admin can be used`),
      type: 'auth_error',
    })
    expect(answer.text).toContain(`Route=${path}`)
    for (const nobody of [null, 'sk-nobody']) {
      expect((await stack.http(path, { ...request, key: nobody })).status).toBe(401)
    }
  })

  it('lists its own team, and no other', async () => {
    const mine = await stack.tenant({})
    await stack.tenant({})
    for (const path of ['/team/list', '/v2/team/list']) {
      const { text } = await stack.http(path, { key: mine.key })
      expect(text.match(/"team_alias"/g)).toHaveLength(1)
      expect(text).toContain(`"team_id":"${mine.teamId}"`)
    }
  })

  it('may see the team and the key that are its own, and no others', async () => {
    const other = await stack.tenant()
    expect((await stack.http(`/team/info?team_id=${teamId}`, { key })).status).toBe(200)
    expectError(await stack.http(`/team/info?team_id=${other.teamId}`, { key }), 403, {
      message: expect.stringContaining(`not authorized to access this team=${other.teamId}`),
    })
    expect((await stack.http('/key/info', { key })).status).toBe(200)
    const asked = await stack.http(`/key/info?key=${other.key}`, { key })
    expectError(asked, 403, { message: expect.any(String) })
    // Whether a team exists is nobody's business either.
    expect((await stack.http('/team/info?team_id=nowhere', { key })).status).toBe(403)
  })

  it('is refused before anything of the body is looked at', async () => {
    const answer = await stack.http(CHAT, { key: 'sk-nobody', raw: '{{{' })
    expect(answer.status).toBe(401)
    expect((await stack.http('/team/new', { key: 'sk-nobody', raw: '{{{' })).status).toBe(401)
  })
})

describe('a key', () => {
  it('that expired, is blocked or of a blocked team is refused in the words of LiteLLM', async () => {
    const blocked = await stack.newKey({ team_id: teamId, blocked: true })
    expectError(await stack.chat(blocked, 'script/gpt'), 401, {
      message:
        "Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin.",
      type: 'auth_error',
    })
    const tenant = await stack.tenant({ blocked: true })
    expectError(await stack.chat(tenant.key, 'script/gpt'), 401, {
      message: `Authentication Error, Team=${tenant.teamId} is blocked. Update via \`/team/unblock\` if your admin.`,
      type: 'auth_error',
    })
    const brief = await stack.newKey({ team_id: teamId, duration: '1s' })
    await eventually(async () => {
      expect((await stack.chat(brief, 'script/gpt')).status).not.toBe(200)
    })
    expectError(await stack.chat(brief, 'script/gpt'), 401, {
      message: expect.stringMatching(
        /^Authentication Error - Expired Key\. Key Expiry time \S+Z and current time \S+Z$/,
      ),
      type: 'expired_key',
    })
  })

  it('reaches only the models that it and its team may', async () => {
    const tenant = await stack.tenant({ models: ['script/*'] })
    const narrow = await stack.newKey({ team_id: tenant.teamId, models: ['script/gpt'] })
    expect((await stack.chat(narrow, 'script/gpt')).status).toBe(200)
    expectError(await stack.chat(narrow, 'script/other'), 403, {
      message:
        "key not allowed to access model. This key can only access models=['script/gpt']. Tried to access script/other",
      type: 'key_model_access_denied',
      param: 'model',
    })
    expectError(await stack.chat(tenant.key, 'hasty/gpt'), 403, {
      message:
        "team not allowed to access model. This team can only access models=['script/*']. Tried to access hasty/gpt",
      type: 'team_model_access_denied',
      param: 'model',
    })
  })

  it('with max_budget 0 gets no answer at all', async () => {
    const tenant = await stack.tenant({ max_budget: 0 })
    const { status, text } = await stack.chat(tenant.key, 'script/gpt')
    expect(status).toBe(400)
    expect(text).toContain('Current cost: 0.0, Max budget: 0.0')
  })
})
