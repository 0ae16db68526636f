import { env, exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/ids.ts'
import { chat, get, MASTER, newKey, newTeam, post } from '../setup/worker.ts'
import { change, fieldsOf, problemAt, read, send, signedIn, visit } from './visit.ts'

interface Info {
  readonly info: Readonly<Record<string, unknown>>
}

const infoOf = async (hash: string) => (await get<Info>(`/key/info?key=${hash}`)).info

const keyIn = (page: string) => /sk-[\w-]{20,}/.exec(page)?.[0] ?? ''

async function newUser(): Promise<{ readonly userId: string; readonly key: string }> {
  const userId = `user-${crypto.randomUUID()}`
  const asked = { user_id: userId, user_role: 'internal_user' }
  const { key } = await post<{ key: string }>('/user/new', asked)
  return { userId, key }
}

describe('a key', () => {
  it('is made in a team with limits of its own, and shown once', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({ team_alias: 'Keyed' })
    const page = await read(`/ui/keys/new?team_id=${teamId}`, cookie)
    expect(page).toContain('Create a key of Keyed')
    const made = await send('/ui/keys/new', cookie, {
      ...fieldsOf(page),
      key_alias: `app of ${teamId}`,
      models: 'llama3',
      duration: '30d',
      max_budget: '2.5',
      budget_duration: '1d',
      rpm_limit: '3',
      max_parallel_requests: '2',
    })
    expect(made.status).toBe(200)
    const key = keyIn(made.text)
    const hash = await sha256Hex(key)
    expect(made.text).toContain('http://tollgate.test/v1')
    expect(await infoOf(hash)).toMatchObject({
      team_id: teamId,
      key_alias: `app of ${teamId}`,
      models: ['llama3'],
      max_budget: 2.5,
      budget_duration: '1d',
      rpm_limit: 3,
      max_parallel_requests: 2,
      expires: expect.any(String),
    })
    for (const at of [`/ui/teams/${teamId}`, `/ui/keys/${hash}`, `/ui/keys?team_id=${teamId}`]) {
      const later = await read(at, cookie)
      expect(later).toContain(`app of ${teamId}`)
      expect(later).not.toContain(key)
    }
  })

  it('that would be wrong is refused at its field', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam()
    const form = { team_id: teamId, duration: 'soon' }
    const { status, text } = await send('/ui/keys/new', cookie, form)
    expect(status).toBe(400)
    expect(problemAt(text, 'duration')).toContain('expected a duration')
    const nowhere = await send('/ui/keys/new', cookie, { team_id: 'no-such-team' })
    expect(problemAt(nowhere.text, 'team_id')).toContain('Team not found')
  })

  it('is changed, where a field was changed', async () => {
    const cookie = await signedIn()
    const hash = await sha256Hex(await newKey({ duration: '30d', rpm_limit: 5 }))
    const at = `/ui/keys/${hash}/settings`
    const { expires } = await infoOf(hash)
    const changes = { key_alias: `named ${hash.slice(0, 8)}`, rpm_limit: '', max_budget: '1' }
    expect((await change(at, cookie, changes)).status).toBe(303)
    const changed = { key_alias: changes.key_alias, rpm_limit: null, max_budget: 1, expires }
    expect(await infoOf(hash)).toMatchObject(changed)
    expect((await change(at, cookie, { duration: 'never' })).status).toBe(303)
    expect(await infoOf(hash)).toMatchObject({ expires: null })
    const odd = await change(at, cookie, { max_budget: 'much' })
    expect(problemAt(odd.text, 'max_budget')).toContain('expected a number')
  })

  it('is blocked, forgiven, regenerated and deleted', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam()
    const key = await newKey({ team_id: teamId })
    const hash = await sha256Hex(key)
    const at = `/ui/keys/${hash}`
    expect((await chat(key)).status).toBe(200)
    expect(await read(at, cookie)).toContain('$0.0000035')
    expect((await send(`${at}/reset`, cookie)).status).toBe(303)
    expect(await read(at, cookie)).not.toContain('$0.0000035')
    expect((await send(`${at}/block`, cookie)).status).toBe(303)
    expect((await chat(key)).status).toBe(401)
    expect((await send(`${at}/unblock`, cookie)).status).toBe(303)
    expect((await chat(key)).status).toBe(200)
    const renewed = keyIn((await send(`${at}/regenerate`, cookie)).text)
    expect((await chat(key)).status).toBe(401)
    expect((await chat(renewed)).status).toBe(200)
    const now = `/ui/keys/${await sha256Hex(renewed)}`
    expect((await send(`${now}/delete`, cookie)).status).toBe(303)
    expect((await visit(now, { cookie })).status).toBe(404)
  })

  it('says why it would be refused, without a call', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({ max_budget: 1e-9 })
    const key = await newKey({ team_id: teamId })
    const hash = await sha256Hex(key)
    const ask = async (model: string) =>
      (await send(`/ui/keys/${hash}/ask`, cookie, { model })).text
    expect(await ask('llama3')).toContain('A call of llama3 would be admitted now.')
    expect((await chat(key)).status).toBe(200)
    expect(await ask('llama3')).toContain('would be refused now: Budget has been exceeded!')
    expect(await ask('no-such-model')).toContain('Invalid model name')
    const stranger = await signedIn(await newKey())
    const theirs = await send(`/ui/keys/${hash}/ask`, stranger, { model: 'llama3' })
    expect(theirs.status).toBe(403)
  })

  it('of nobody sees itself', async () => {
    const key = await newKey({ key_alias: `lonely ${crypto.randomUUID()}` })
    const page = await read('/ui/keys', await signedIn(key))
    expect(page).toContain('lonely')
    expect(page).toContain(await sha256Hex(key))
  })

  it('of their own is made by users without a team', async () => {
    const { userId, key } = await newUser()
    const cookie = await signedIn(key)
    const made = await send('/ui/keys/new', cookie, { key_alias: `own ${userId}` })
    expect(made.status).toBe(200)
    expect(await infoOf(await sha256Hex(keyIn(made.text)))).toMatchObject({ user_id: userId })
    expect(await read('/ui/keys', cookie)).toContain(`own ${userId}`)
  })
})

const call = (cookie: string, body: unknown, type = 'application/json') =>
  visitJson('/ui/test-key/call', cookie, { body: JSON.stringify(body), type })

describe('trying a key', () => {
  it('that was picked is a call of that key', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({ max_budget: 1e-9 })
    const key = await newKey({ team_id: teamId, key_alias: `picked ${teamId}` })
    const hash = await sha256Hex(key)
    expect(await read(`/ui/test-key?hash=${hash}`, cookie)).toMatch(
      new RegExp(`<option value="${hash}" selected[^>]*>picked ${teamId}<`),
    )
    const answer = await call(cookie, { hash, model: 'llama3', message: 'hi' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(await answer.text()).toContain('data: [DONE]')
    await env.LEDGER.getByName(`team:${teamId}:1`).flush()
    const id = answer.headers.get('x-litellm-call-id') ?? ''
    const cost = await visit(`/ui/test-key/cost?id=${id}`, { cookie })
    expect(await cost.json()).toEqual({ usd: 0.0000035, at: expect.stringContaining('/ui/logs/') })
    const refused = await call(cookie, { hash, model: 'llama3', message: 'hi' })
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('Budget has been exceeded!')
    await post('/key/block', { key })
    expect((await call(cookie, { hash, model: 'llama3', message: 'hi' })).status).toBe(401)
  })

  it('is for admins, and for whom the key acts', async () => {
    const [one, other] = [await newUser(), await newUser()]
    const body = { hash: await sha256Hex(one.key), model: 'llama3', message: 'hi' }
    const own = await signedIn(one.key)
    expect(await read('/ui/test-key', own)).toContain(body.hash)
    expect((await call(own, body)).status).toBe(200)
    const foreign = await signedIn(other.key)
    expect(await read('/ui/test-key', foreign)).not.toContain(body.hash)
    expect((await call(foreign, body)).status).toBe(403)
    const nobody = await signedIn(await newKey())
    expect((await call(nobody, body)).status).toBe(403)
  })

  it('takes no form, and nothing that is no call', async () => {
    const cookie = await signedIn()
    const body = { hash: await sha256Hex(MASTER), model: 'llama3', message: 'hi' }
    expect((await call(cookie, body, 'text/plain')).status).toBe(403)
    expect((await call(cookie, { ...body, message: 5 })).status).toBe(400)
    expect((await call(cookie, 'no object')).status).toBe(400)
  })

  it('shows code for what was asked, whatever is in it', async () => {
    const cookie = await signedIn()
    const query = new URLSearchParams({ model: `it's "x"`, message: `</pre><script>'` })
    const code = await read(`/ui/test-key/code?${query.toString()}`, cookie)
    expect(code).not.toContain('<script>')
    expect(code).toContain(String.raw`it&#39;\&#39;&#39;s \&quot;x\&quot;`)
  })
})

/** As a script of the page sends it. */
function visitJson(
  path: string,
  cookie: string,
  { body, type }: { readonly body: string; readonly type: string },
) {
  const headers = { cookie, 'content-type': type, origin: 'https://elsewhere.test' }
  const ours = { ...headers, origin: 'http://tollgate.test' }
  const init = { method: 'POST', body, headers: type === 'text/plain' ? headers : ours }
  return exports.default.fetch(new Request(`http://tollgate.test${path}`, init))
}
