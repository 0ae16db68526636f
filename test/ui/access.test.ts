import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { configText, type Isolate, newIsolate } from '../setup/isolate.ts'
import { post } from '../setup/worker.ts'
import { Internet, newSigner, sign, type Signer } from '../auth/jwt/idp.ts'

const ISSUER = 'https://my-team.test'
const AUD = 'tag-of-the-application'

let [internet, isolate, signer] = [new Internet(), {} as Isolate, {} as Signer]

beforeEach(async () => {
  signer = await newSigner('access')
  internet = new Internet().connect()
  internet.pages.set(`${ISSUER}/cdn-cgi/access/certs`, JSON.stringify({ keys: [signer.jwk] }))
  const variables = { CF_ACCESS_TEAM_DOMAIN: 'my-team.test', CF_ACCESS_AUD: AUD }
  isolate = newIsolate(configText(), variables)
})

afterEach(() => void vi.restoreAllMocks())

const ask = (path: string, token: string, headers: Record<string, string> = {}) =>
  isolate.fetch(path, {
    redirect: 'manual',
    headers: { 'cf-access-jwt-assertion': token, ...headers },
  })

const tokenOf = (claims: Record<string, unknown>) =>
  sign(signer, { iss: ISSUER, aud: [AUD], ...claims })

/** Where who signs out goes. */
const leave = async (headers: Record<string, string>) => {
  const init = {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams(),
  } as const
  return (await isolate.fetch('/ui/sign-out', init)).headers.get('location')
}

async function newUser(role: string): Promise<string> {
  const email = `Ada.${crypto.randomUUID()}@Example.com`
  await post('/user/new', { user_email: email, user_role: role, auto_create_key: false })
  return email
}

describe('Cloudflare Access', () => {
  it('signs in who has the address of its token, with their role', async () => {
    const email = await newUser('proxy_admin')
    const page = await ask('/ui', await tokenOf({ email: email.toLowerCase() }))
    expect(page.status).toBe(200)
    const text = await page.text()
    expect(text).toContain('Overview')
    expect(text).toContain(email)
    const other = await newUser('internal_user')
    const token = await tokenOf({ email: other })
    expect((await ask('/ui/users', token)).status).toBe(403)
    expect((await ask('/ui/teams', token)).status).toBe(200)
    expect((await ask('/ui/test-key', token)).status).toBe(200)
  })

  it('lets them change what their role may, under their name', async () => {
    const email = await newUser('proxy_admin')
    const answer = await isolate.fetch('/ui/budgets/new', {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'cf-access-jwt-assertion': await tokenOf({ email }),
        origin: 'http://isolate.test',
      },
      body: new URLSearchParams({ budget_id: `access ${email}`, max_budget: '1' }),
    })
    expect(answer.status).toBe(303)
    const [row] = await post<readonly { created_by: string }[]>('/budget/info', {
      budgets: [`access ${email}`],
    })
    expect(row?.created_by).not.toBe('default_user_id')
  })

  it.each<[string, Record<string, unknown>, number]>([
    ['for another application', { aud: ['other'] }, 401],
    ['of another team', { iss: 'https://other.test' }, 401],
    ['that has expired', { exp: 1 }, 401],
    ['without an address', { email: undefined, common_name: 'service' }, 403],
    ['of nobody here', { email: 'nobody@example.com' }, 403],
  ])('refuses a token %s', async (_name, claims, status) => {
    const email = await newUser('proxy_admin')
    const answer = await ask('/ui', await tokenOf({ email, ...claims }))
    expect(answer.status).toBe(status)
    expect(await answer.text()).not.toContain('Teams near their budget')
  })

  it('refuses what somebody else signed, or nobody', async () => {
    const email = await newUser('proxy_admin')
    const forger = await newSigner('access')
    const forged = await sign(forger, { iss: ISSUER, aud: [AUD], email })
    for (const token of [forged, 'no token', `${btoa('{"alg":"none"}')}.${btoa('{}')}.`]) {
      expect((await ask('/ui', token)).status).toBe(401)
    }
  })

  it('lets them leave where they came in', async () => {
    const token = await tokenOf({ email: await newUser('proxy_admin') })
    const origin = 'http://isolate.test'
    expect(await leave({ origin, 'cf-access-jwt-assertion': token })).toBe('/cdn-cgi/access/logout')
    expect(await leave({ origin })).toBe('/ui/sign-in')
  })

  it('asks to try again while its keys are away', async () => {
    internet.isAway = true
    const answer = await ask('/ui', await tokenOf({ email: await newUser('proxy_admin') }))
    expect(answer.status).toBe(503)
  })

  it('vouches for nobody where it is not configured, nor without a token', async () => {
    const email = await newUser('proxy_admin')
    const plain = newIsolate()
    const headers = { 'cf-access-jwt-assertion': await tokenOf({ email }) }
    const answer = await plain.fetch('/ui', { redirect: 'manual', headers })
    expect(answer.headers.get('location')).toBe('/ui/sign-in')
    const none = await isolate.fetch('/ui', { redirect: 'manual' })
    expect(none.headers.get('location')).toBe('/ui/sign-in')
    const api = await isolate.fetch('/team/list', { headers })
    expect(api.status).toBe(401)
  })
})
