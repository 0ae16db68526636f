import { env, waitUntil } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import yaml from '../../config.yaml'
import { createApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { makeDeps } from '../../src/deps.ts'
import { sha256Hex } from '../../src/ids.ts'
import { chat, newKey, newTeam, post } from '../setup/worker.ts'
import { signedIn, SITE, visit } from './visit.ts'

/** As people write it who would like to run something. */
const evilOf = (mark: string) => `"'><img src=x onerror=alert(1)><script>alert(1)</script>${mark}`

interface Room {
  readonly teamId: string
  readonly userId: string
  readonly budgetId: string
  readonly hash: string
  readonly callId: string
}

/** A team, a key, a user, a budget and a call, each of whose names is evil. */
async function evilRoom(): Promise<Room> {
  const mark = crypto.randomUUID()
  const evil = evilOf(mark)
  const [userId, budgetId] = [`user ${evil}`, `budget ${evil}`]
  await post('/budget/new', { budget_id: budgetId, max_budget: 1 })
  await post('/user/new', {
    user_id: userId,
    user_alias: evil,
    user_email: `${evil}@example.com`,
    models: [evil],
    auto_create_key: false,
  })
  const { team_id: teamId } = await newTeam({
    team_id: `team ${evil}`,
    team_alias: evil,
    models: [evil, 'llama3'],
    members_with_roles: [{ role: 'user', user_id: userId }],
  })
  const fields = { team_id: teamId, user_id: userId, key_alias: evil, models: ['llama3', evil] }
  const key = await newKey({ ...fields, budget_id: budgetId })
  const answer = await chat(key, { user: evil, metadata: { evil } })
  expect(answer.status).toBe(200)
  await env.LEDGER.getByName(`team:${teamId}:1`).flush()
  const callId = answer.headers.get('x-litellm-call-id') ?? ''
  return { teamId, userId, budgetId, hash: await sha256Hex(key), callId }
}

/** Each page as the routes have it, with the parts of its path filled in. */
function pagesOf({
  teamId,
  userId,
  budgetId,
  hash,
  callId,
}: Room): Readonly<Record<string, string>> {
  const [team, user, budget] = [teamId, userId, budgetId].map(encodeURIComponent)
  return {
    '/ui': '/ui',
    '/ui/sign-in': '/ui/sign-in',
    '/ui/teams': `/ui/teams?search=${encodeURIComponent(evilOf(''))}`,
    '/ui/teams/new': '/ui/teams/new',
    '/ui/teams/:id': `/ui/teams/${team}`,
    '/ui/teams/:id/settings': `/ui/teams/${team}/settings`,
    '/ui/teams/:id/members/:user': `/ui/teams/${team}/members/${user}`,
    '/ui/keys': `/ui/keys?team_id=${team}`,
    '/ui/keys/new': `/ui/keys/new?team_id=${team}&user_id=${user}`,
    '/ui/keys/:hash': `/ui/keys/${hash}`,
    '/ui/keys/:hash/settings': `/ui/keys/${hash}/settings`,
    '/ui/test-key': `/ui/test-key?hash=${hash}`,
    '/ui/test-key/code': `/ui/test-key/code?model=${user}&message=${user}`,
    '/ui/logs': `/ui/logs?team_id=${team}`,
    '/ui/logs/:id': `/ui/logs/${callId}`,
    '/ui/users': `/ui/users?user_email=${encodeURIComponent('<img src=x')}`,
    '/ui/users/new': '/ui/users/new',
    '/ui/users/:id': `/ui/users/${user}`,
    '/ui/budgets': '/ui/budgets',
    '/ui/budgets/new': '/ui/budgets/new',
    '/ui/budgets/:id': `/ui/budgets/${budget}`,
    '/ui/models': '/ui/models',
    '/ui/audit': '/ui/audit',
  }
}

/** What is no page, with where it is tested. */
const FILES = ['/ui/logs.csv', '/ui/usage.csv', '/ui/test-key/cost']
/** Which anybody sees. */
const OPEN = new Set(['/ui/sign-in'])

const OFFICE = { DATABASE_URL: 'postgres://a:b@localhost/c', LITELLM_MASTER_KEY: 'sk-1234' }

function routes(method: string): string[] {
  const { config } = parseConfig(yaml, { ...OFFICE, TOLLGATE_DEV: 'true' })
  const app = createApp(makeDeps({ ...env }, config, waitUntil))
  const found = app.routes.filter(
    (route) => route.method === method && route.path.startsWith('/ui'),
  )
  return [...new Set(found.map(({ path }) => path))].filter((path) => !path.includes('/assets/'))
}

describe('every page', () => {
  let room: Room
  beforeAll(async () => {
    room = await evilRoom()
  })

  it('is known here', () => {
    const known = [...Object.keys(pagesOf(room)), ...FILES]
    expect(routes('GET').toSorted()).toEqual(known.toSorted())
  })

  it('writes what people wrote as text, and nothing else', async () => {
    const cookie = await signedIn()
    for (const [name, path] of Object.entries(pagesOf(room))) {
      const answer = await visit(path, { cookie })
      const text = await answer.text()
      expect(answer.status, name).toBe(200)
      expect(text, name).not.toMatch(/<img|<script>|onerror=alert\(1\)>/)
    }
    const { teamId } = room
    for (const path of ['settings', '']) {
      const answer = await visit(`/ui/teams/${encodeURIComponent(teamId)}/${path}`, { cookie })
      if (path) expect(await answer.text()).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    }
  })

  it('writes what was typed as text, where it is refused', async () => {
    const cookie = await signedIn()
    const evil = evilOf('')
    const form = { team_alias: evil, max_budget: evil, models: evil, user_id: evil, role: evil }
    const team = encodeURIComponent(room.teamId)
    for (const path of [
      '/ui/teams/new',
      `/ui/teams/${team}/settings`,
      `/ui/teams/${team}/members`,
    ]) {
      const answer = await visit(path, { cookie, form: { ...form, max_budget_in_team: evil } })
      expect(answer.status, path).toBe(400)
      expect(await answer.text(), path).not.toMatch(/<img|<script>/)
    }
    const answer = await visit(`/ui/logs?start_date=${encodeURIComponent(evil)}`, { cookie })
    expect(await answer.text()).not.toMatch(/<img|<script>/)
  })

  it('is for who is signed in', async () => {
    const paths = [...Object.entries(pagesOf(room)), ...FILES.map((path) => [path, path] as const)]
    for (const [name, path] of paths.filter(([at]) => !OPEN.has(at))) {
      const answer = await visit(path)
      expect(answer.status, name).toBe(303)
      const to = new URL(answer.headers.get('location') ?? '', SITE)
      expect(to.pathname, name).toBe('/ui/sign-in')
      const { pathname, search } = new URL(path, SITE)
      expect(to.searchParams.get('next'), name).toBe(path === '/ui' ? null : pathname + search)
      expect(await answer.text()).toBe('')
    }
  })

  it('of others says nothing to a member of another team, nor changes anything', async () => {
    const { team_id: mine } = await newTeam()
    const userId = `guesser-${mine}`
    await post('/user/new', { user_id: userId, user_role: 'internal_user' })
    await post('/team/member_add', { team_id: mine, member: { user_id: userId, role: 'user' } })
    const cookie = await signedIn(await newKey({ user_id: userId, team_id: mine }))
    const { hash, callId } = room
    const theirs = Object.entries(pagesOf(room)).filter(([name]) => name.includes(':'))
    for (const [name, path] of theirs) {
      const answer = await visit(path, { cookie })
      expect(answer.status, name).toBeGreaterThanOrEqual(400)
      const text = await answer.text()
      expect(text, name).not.toContain('0.0000035')
      expect(text, name).not.toContain(callId)
    }
    const lists = ['/ui/teams', '/ui/keys', '/ui/logs', '/ui/logs.csv', '/ui/usage.csv']
    for (const path of lists) {
      const text = await (await visit(path, { cookie })).text()
      expect(text, path).not.toContain('onerror')
      expect(text, path).not.toContain(hash)
    }
    const before = await stateOf(room)
    const pages = pagesOf(room)
    for (const route of routes('POST').filter((path) => path.includes(':'))) {
      const base = Object.keys(pages)
        .filter((name) => route.startsWith(name))
        .toSorted((a, b) => b.length - a.length)[0]!
      const path = pages[base] + route.slice(base.length)
      const form = { confirmation: evilOf(''), team_alias: 'mine now', max_budget: '0', was: '{}' }
      const answer = await visit(path, { cookie, form })
      expect(answer.status, route).toBeGreaterThanOrEqual(400)
    }
    expect(await stateOf(room)).toEqual(before)
  })
})

/** What the admin sees of it. */
async function stateOf({ teamId, userId, hash, budgetId }: Room) {
  const cookie = await signedIn()
  const [team, user, budget] = [teamId, userId, budgetId].map(encodeURIComponent)
  const paths = [
    `teams/${team}/settings`,
    `users/${user}`,
    `keys/${hash}/settings`,
    `budgets/${budget}`,
  ]
  return Promise.all(paths.map(async (path) => (await visit(`/ui/${path}`, { cookie })).text()))
}
