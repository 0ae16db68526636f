import { env, exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/ids.ts'
import { db } from '../setup/database.ts'
import { uiSessions } from '../../drizzle/schema.ts'
import { chat, get, MASTER, newKey, newTeam, post } from '../setup/worker.ts'

const SITE = 'http://tollgate.test'

interface Visit {
  readonly cookie?: string | undefined
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly site?: string
}

/** A page as a browser without script asks for it. */
function visit(path: string, { cookie, form, headers, site = SITE }: Visit = {}) {
  const init: RequestInit = {
    redirect: 'manual',
    method: form ? 'POST' : 'GET',
    headers: { ...(cookie && { cookie }), ...(form && { origin: site }), ...headers },
  }
  if (form) init.body = new URLSearchParams(form)
  return exports.default.fetch(new Request(site + path, init))
}

async function signedIn(key = MASTER): Promise<string> {
  const answer = await visit('/ui/sign-in', { form: { key } })
  expect(answer.status).toBe(303)
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

describe('signing in', () => {
  it('is asked for on every page', async () => {
    for (const path of ['/ui', '/ui/teams', '/ui/teams/new', '/ui/keys', '/ui/test-key']) {
      const answer = await visit(path)
      expect(answer.status).toBe(303)
      expect(answer.headers.get('location')).toBe('/ui/sign-in')
    }
  })

  it('needs a key that somebody has', async () => {
    for (const key of ['', 'sk-nobody', 'x'.repeat(10_000)]) {
      const answer = await visit('/ui/sign-in', { form: { key } })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('set-cookie')).toBeNull()
      expect(await answer.text()).toContain('Nobody has this key.')
    }
  })

  it('keeps neither the key nor what the cookie says', async () => {
    const key = await newKey()
    const token = (await signedIn(key)).split('=')[1] ?? ''
    expect(token).toMatch(/^[0-9a-f]{64}$/)
    const rows = JSON.stringify(await db.select().from(uiSessions))
    expect(rows).not.toContain(token)
    expect(rows).not.toContain(key)
  })

  it('sets a cookie that no script and no other site gets', async () => {
    const plain = await visit('/ui/sign-in', { form: { key: MASTER } })
    expect(plain.headers.get('set-cookie')).toMatch(
      /^tollgate=[0-9a-f]{64}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Strict$/,
    )
    const site = 'https://tollgate.test'
    const secure = await visit('/ui/sign-in', { form: { key: MASTER }, site })
    expect(secure.headers.get('set-cookie')).toMatch(
      /^__Host-tollgate=[0-9a-f]{64}; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    )
  })

  it('ends by signing out, wherever the cookie is', async () => {
    const cookie = await signedIn()
    expect((await visit('/ui/teams', { cookie })).status).toBe(200)
    await visit('/ui/sign-out', { cookie, form: {} })
    expect((await visit('/ui/teams', { cookie })).status).toBe(303)
  })

  it('ends with the key', async () => {
    const key = await newKey()
    const cookie = await signedIn(key)
    expect((await visit('/ui/teams', { cookie })).status).toBe(200)
    await post('/key/block', { key })
    expect((await visit('/ui/teams', { cookie })).status).toBe(303)
  })

  it('ends after a day', async () => {
    const cookie = await signedIn(await newKey())
    await db.update(uiSessions).set({ expiresAt: new Date(Date.now() - 1) })
    expect((await visit('/ui/teams', { cookie })).status).toBe(303)
  })
})

describe('the pages', () => {
  it('take no form from another site', async () => {
    const cookie = await signedIn()
    const form = { team_alias: 'forged' }
    for (const origin of ['https://evil.test', 'null']) {
      const answer = await visit('/ui/teams/new', { cookie, form, headers: { origin } })
      expect(answer.status).toBe(403)
    }
  })

  it('run no script of others, and stand in no frame', async () => {
    const answer = await visit('/ui/sign-in')
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('write every name as text', async () => {
    const evil = `"><script>alert(1)</script>${crypto.randomUUID()}`
    const { team_id: teamId } = await newTeam({ team_alias: evil, models: [evil] })
    await newKey({ team_id: teamId, key_alias: evil })
    const cookie = await signedIn()
    for (const path of [`/ui/teams/${teamId}`, `/ui/teams?search=${encodeURIComponent(evil)}`]) {
      const text = await (await visit(path, { cookie })).text()
      expect(text).not.toContain('<script>alert')
      expect(text).toContain('&lt;script&gt;alert')
    }
  })

  it('make a team, and a key in it that is shown once', async () => {
    const cookie = await signedIn()
    const form = { team_alias: 'Pages', max_budget: '12.5', budget_duration: '30d', models: '' }
    const made = await visit('/ui/teams/new', { cookie, form })
    expect(made.status).toBe(303)
    const at = made.headers.get('location') ?? ''
    const team = await (await visit(at, { cookie })).text()
    expect(team).toContain('$12.50')
    const answer = await visit(`${at}/keys/new`, { cookie, form: { key_alias: 'app' } })
    const [key = ''] = /sk-[\w-]{20,}/.exec(await answer.text()) ?? []
    expect(key).not.toBe('')
    const later = await (await visit(at, { cookie })).text()
    expect(later).toContain('app')
    expect(later).not.toContain(key)
  })

  it('say what is wrong at its field, and keep what was typed', async () => {
    const cookie = await signedIn()
    const form = { team_alias: 'Wrong', max_budget: 'much', budget_duration: '30d' }
    const answer = await visit('/ui/teams/new', { cookie, form })
    expect(answer.status).toBe(400)
    const text = await answer.text()
    expect(text).toMatch(/<input[^>]*name="max_budget"[^>]*value="much"[^>]*aria-invalid="true"/)
    expect(text).toMatch(/id="max_budget-error"[^>]*>[^<]+</)
    expect(text).toContain('value="Wrong"')
  })

  it('delete a team only by its name', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({ team_alias: 'Doomed' })
    const at = `/ui/teams/${teamId}`
    const wrong = await visit(`${at}/delete`, { cookie, form: { confirmation: 'doomed' } })
    expect(wrong.status).toBe(400)
    expect((await visit(at, { cookie })).status).toBe(200)
    const right = await visit(`${at}/delete`, { cookie, form: { confirmation: 'Doomed' } })
    expect(right.status).toBe(303)
    expect((await visit(at, { cookie })).status).toBe(404)
  })

  it('change a budget, and members', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({ team_alias: 'Changed', max_budget: 1 })
    const at = `/ui/teams/${teamId}`
    const send = (what: string, form: Record<string, string>) =>
      visit(`${at}/${what}`, { cookie, form })
    expect((await send('budget', { max_budget: '7.25', budget_duration: '7d' })).status).toBe(303)
    const member = { user_id: `member-${teamId}`, max_budget_in_team: '2' }
    expect((await send('members/add', member)).status).toBe(303)
    const text = await (await visit(at, { cookie })).text()
    expect(text).toContain('$7.25')
    expect(text).toContain(`member-${teamId}`)
    expect(text).toContain('value="2"')
    const change = (what: string, form: Record<string, string> = {}) =>
      send('members/change', { user_id: member.user_id, what, ...form })
    expect((await change('save', { max_budget_in_team: '3.5' })).status).toBe(303)
    expect(await (await visit(at, { cookie })).text()).toContain('value="3.5"')
    expect((await change('reset')).status).toBe(303)
    const odd = await change('save', { max_budget_in_team: 'much' })
    expect(await odd.text()).toMatch(/role="alert"/)
    expect((await change('remove')).status).toBe(303)
    expect(await (await visit(at, { cookie })).text()).not.toContain(`member-${teamId}`)
    const wrong = await send('budget', { max_budget: '-1', budget_duration: '7d' })
    expect(wrong.status).toBe(400)
    expect(await wrong.text()).toMatch(/id="max_budget-error"/)
  })

  it('allow more for a while', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({ max_budget: 1 })
    const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
    const form = { temp_budget_increase: '2.5', temp_budget_expiry: `${until} 12:00:00` }
    const at = `/ui/teams/${teamId}`
    expect((await visit(`${at}/increase`, { cookie, form })).status).toBe(303)
    const { team_info: team } = await get<{ team_info: { temp_budget_increase: number } }>(
      `/team/info?team_id=${teamId}`,
    )
    expect(team.temp_budget_increase).toBe(2.5)
    const wrong = { ...form, temp_budget_expiry: 'soon' }
    const answer = await visit(`${at}/increase`, { cookie, form: wrong })
    expect(await answer.text()).toMatch(/id="temp_budget_expiry-error"/)
  })

  it('say why a key is refused, without a call', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({ max_budget: 1e-9 })
    const key = await newKey({ team_id: teamId })
    const hash = await sha256Hex(key)
    const ask = async (model: string) => {
      const answer = await visit(`/ui/keys/${hash}/ask`, { cookie, form: { model } })
      return answer.text()
    }
    expect(await ask('llama3')).toContain('A call of llama3 would be admitted now.')
    expect((await chat(key)).status).toBe(200)
    expect(await ask('llama3')).toContain('would be refused now: Budget has been exceeded!')
    expect(await ask('no-such-model')).toContain('Invalid model name')
    const stranger = await signedIn(await newKey())
    const theirs = await visit(`/ui/keys/${hash}/ask`, {
      cookie: stranger,
      form: { model: 'llama3' },
    })
    expect(theirs.status).toBeGreaterThanOrEqual(400)
  })

  it('show what was spent on what, by whom, and at which price', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({ team_alias: `Spender ${crypto.randomUUID()}` })
    const key = await newKey({ team_id: teamId })
    expect((await chat(key)).status).toBe(200)
    await env.LEDGER.getByName(`team:${teamId}:1`).flush()
    const logs = await (await visit(`/ui/logs?team_id=${teamId}`, { cookie })).text()
    expect(logs).toContain('$0.0000035')
    const [, id = ''] = /href="\/ui\/logs\/([^"]+)"/.exec(logs) ?? []
    const detail = await (await visit(`/ui/logs/${id}`, { cookie })).text()
    expect(detail).toContain('0.0000005 USD')
    expect(detail).toContain('0.000003 USD')
    const pages = {
      '/ui': 'Overview',
      '/ui/models': 'llama3',
      '/ui/audit': 'created',
      '/ui/users': 'Users',
    }
    for (const [path, word] of Object.entries({ ...pages, '/ui/budgets': 'Budgets' })) {
      const answer = await visit(path, { cookie })
      expect(answer.status, path).toBe(200)
      expect(await answer.text()).toContain(word)
    }
  })

  it('say what is wrong with a search, and keep it', async () => {
    const cookie = await signedIn()
    const answer = await visit('/ui/logs?start_date=yesterday', { cookie })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toMatch(/value="yesterday"[^>]*aria-invalid="true"/)
    expect((await visit('/ui/logs/no-such-call', { cookie })).status).toBe(404)
  })

  it('show and change nothing that the key may not', async () => {
    const [mine, theirs] = [await newTeam(), await newTeam({ team_alias: 'Theirs' })]
    const key = await newKey({ team_id: mine.team_id })
    const cookie = await signedIn(key)
    const at = `/ui/teams/${theirs.team_id}`
    expect((await visit(at, { cookie })).status).toBeGreaterThanOrEqual(400)
    const form = { team_alias: 'Mine now' }
    expect((await visit('/ui/teams/new', { cookie, form })).status).toBeGreaterThanOrEqual(400)
    for (const what of ['block', 'delete', 'keys/new']) {
      const answer = await visit(`${at}/${what}`, { cookie, form: { confirmation: 'Theirs' } })
      expect(answer.status).toBeGreaterThanOrEqual(400)
    }
    const admin = await signedIn()
    expect(await (await visit(at, { cookie: admin })).text()).toContain('Block: refuse')
  })

  it('are as small as that', async () => {
    const cookie = await signedIn()
    const answers = await Promise.all(
      ['/ui/teams', '/ui/assets/style.css'].map((path) => visit(path, { cookie })),
    )
    const bytes = await Promise.all(answers.map((answer) => answer.arrayBuffer()))
    expect(bytes.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(100_000)
  })
})
