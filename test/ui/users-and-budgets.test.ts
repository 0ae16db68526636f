import { describe, expect, it } from 'vitest'
import { get, newKey, post } from '../setup/worker.ts'
import { change, fieldsOf, problemAt, read, send, signedIn, visit } from './visit.ts'

interface User {
  readonly user_info: Readonly<Record<string, unknown>>
}

const userOf = async (userId: string) =>
  (await get<User>(`/user/info?user_id=${encodeURIComponent(userId)}`)).user_info

describe('a user', () => {
  it('is made with a first key, and signs in with it', async () => {
    const cookie = await signedIn()
    const userId = `ada ${crypto.randomUUID()}`
    const made = await send('/ui/users/new', cookie, {
      user_id: userId,
      user_email: `${userId.slice(4)}@example.com`,
      user_role: 'internal_user',
      auto_create_key: 'yes',
      max_budget: '3',
      budget_duration: '30d',
    })
    expect(made.status).toBe(200)
    const [key = ''] = /sk-[\w-]{20,}/.exec(made.text) ?? []
    expect(await userOf(userId)).toMatchObject({ user_role: 'internal_user', max_budget: 3 })
    const theirs = await signedIn(key)
    expect((await visit('/ui/users', { cookie: theirs })).status).toBe(403)
    expect((await visit('/ui', { cookie: theirs })).status).toBe(303)
    const found = await read(`/ui/users?user_email=${userId.slice(4)}`, cookie)
    expect(found).toContain(`/ui/users/${encodeURIComponent(userId)}`)
  })

  it('is made without one, changed and deleted', async () => {
    const cookie = await signedIn()
    const userId = `bob-${crypto.randomUUID()}`
    const asked = { user_id: userId, user_role: 'internal_user', auto_create_key: 'no' }
    const made = await send('/ui/users/new', cookie, asked)
    expect(made.location).toBe(`/ui/users/${userId}`)
    const at = made.location
    const changes = { user_alias: 'Bob', user_role: 'proxy_admin_viewer', rpm_limit: '5' }
    expect((await change(at, cookie, changes)).status).toBe(303)
    expect(await userOf(userId)).toMatchObject({ ...changes, rpm_limit: 5 })
    const odd = await change(at, cookie, { max_budget: '-2' })
    expect(problemAt(odd.text, 'max_budget')).toContain('cannot be negative')
    const again = await send('/ui/users/new', cookie, asked)
    expect(problemAt(again.text, 'user_id')).toContain('already exists')
    expect((await send(`${at}/delete`, cookie)).status).toBe(303)
    expect((await visit(at, { cookie })).status).toBe(404)
  })

  it('who may look at everything changes nothing', async () => {
    const userId = `viewer-${crypto.randomUUID()}`
    await post('/user/new', { user_id: userId, user_role: 'proxy_admin_viewer' })
    const cookie = await signedIn(await newKey({ user_id: userId }))
    for (const path of ['/ui', '/ui/teams', '/ui/users', '/ui/budgets', '/ui/audit']) {
      expect(await read(path, cookie)).not.toContain('Create')
    }
    const sent = await send('/ui/budgets/new', cookie, { budget_id: userId })
    expect(sent.status).toBe(400)
    expect(sent.text).toContain('role="alert"')
  })
})

describe('a shared budget', () => {
  it('is made, changed and deleted', async () => {
    const cookie = await signedIn()
    const budgetId = `shared ${crypto.randomUUID()}`
    const form = { budget_id: budgetId, max_budget: '5', budget_duration: '7d', tpm_limit: '100' }
    expect((await send('/ui/budgets/new', cookie, form)).status).toBe(303)
    expect(await read('/ui/budgets', cookie)).toContain(budgetId)
    const at = `/ui/budgets/${encodeURIComponent(budgetId)}`
    const { budget_id: _id, ...limits } = form
    expect(fieldsOf(await read(at, cookie))).toMatchObject(limits)
    expect((await change(at, cookie, { max_budget: '6', tpm_limit: '' })).status).toBe(303)
    expect(fieldsOf(await read(at, cookie))).toMatchObject({ max_budget: '6', tpm_limit: '' })
    const odd = await change(at, cookie, { budget_duration: 'often' })
    expect(problemAt(odd.text, 'budget_duration')).toContain('expected a duration')
    const again = await send('/ui/budgets/new', cookie, form)
    expect(problemAt(again.text, 'budget_id')).toContain('already exists')
    expect((await send(`${at}/delete`, cookie)).status).toBe(303)
    expect((await visit(at, { cookie })).status).toBe(404)
  })
})
