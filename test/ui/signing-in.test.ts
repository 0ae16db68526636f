import { createExecutionContext } from 'cloudflare:test'
import { env, waitUntil } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { uiSessions } from '../../drizzle/schema.ts'
import { createApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { connect } from '../../src/db/connect.ts'
import { makeDeps } from '../../src/deps.ts'
import { sha256Hex } from '../../src/ids.ts'
import { db } from '../setup/database.ts'
import { MASTER, newKey, post } from '../setup/worker.ts'
import { signedIn, visit } from './visit.ts'

/** Where who signs in is sent on to. */
const land = async (to: string) =>
  (await visit('/ui/sign-in', { form: { key: MASTER, next: to } })).headers.get('location')

describe('signing in', () => {
  it('needs a key that somebody has', async () => {
    for (const key of ['', 'sk-nobody', 'x'.repeat(10_000)]) {
      const answer = await visit('/ui/sign-in', { form: { key } })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('set-cookie')).toBeNull()
      expect(await answer.text()).toContain('Nobody has this key.')
    }
  })

  it('goes on with the page that was asked for, and with none elsewhere', async () => {
    const sent = await visit('/ui/teams?search=a%20b')
    const at = sent.headers.get('location') ?? ''
    const page = await (await visit(at)).text()
    const [, next = ''] = /name="next" value="([^"]*)"/.exec(page) ?? []
    expect(next).toBe('/ui/teams?search=a%20b')
    expect(await land(next)).toBe(next)
    for (const elsewhere of [
      'https://evil.test/ui/teams',
      '//evil.test/ui/teams',
      '/\\evil.test/ui/x',
      '/ui/../team/list',
      '/ui/sign-in',
      'javascript:alert(1)',
      '',
    ]) {
      expect(await land(elsewhere), elsewhere).toBe('/ui')
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
    const key = await newKey()
    const cookie = await signedIn(key)
    const isTheirs = eq(uiSessions.keyHash, await sha256Hex(key))
    await db
      .update(uiSessions)
      .set({ expiresAt: new Date(Date.now() - 1) })
      .where(isTheirs)
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

  it('take no form of any size', async () => {
    const cookie = await signedIn()
    const form = { team_alias: 'x'.repeat(1024 * 1024) }
    expect((await visit('/ui/teams/new', { cookie, form })).status).toBe(413)
  })

  it('ask for their assets anew after a deployment only', async () => {
    const first = await visit('/ui/assets/style.css')
    expect(first.headers.get('cache-control')).toBe('no-cache')
    const etag = first.headers.get('etag') ?? ''
    const again = await visit('/ui/assets/style.css', { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
    expect((await visit('/ui/assets/nothing.js')).status).toBe(303)
  })

  it('are as small as that', async () => {
    const cookie = await signedIn()
    const page = await (await visit('/ui/teams', { cookie })).text()
    const assets = [...page.matchAll(/(?:href|src)="(\/ui\/assets\/[^"]+)"/g)].map(([, at]) => at!)
    expect(assets).toContain('/ui/assets/style.css')
    const answers = await Promise.all(assets.map((path) => visit(path)))
    const bytes = await Promise.all(answers.map((answer) => answer.arrayBuffer()))
    expect(page.length + bytes.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(
      100_000,
    )
  })

  it('say in words that the database is away', async () => {
    const away = { ...env, NEON_FETCH_ENDPOINT: 'http://127.0.0.1:9/sql' }
    const { config } = parseConfig('model_list: []', {
      LITELLM_MASTER_KEY: MASTER,
      TOLLGATE_DEV: 'true',
    })
    const app = createApp(makeDeps(away, config, waitUntil))
    try {
      const headers = { cookie: `tollgate=${'0'.repeat(64)}` }
      const context = createExecutionContext()
      const answer = await app.fetch(
        new Request('http://tollgate.test/ui', { headers }),
        env,
        context,
      )
      expect(answer.status).toBe(503)
      expect(await answer.text()).toContain('The database cannot be reached right now.')
    } finally {
      connect(env)
    }
  })
})
