import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { newTeam, get, newKey, post, chat } from '../setup/worker.ts'
import { change, fieldsOf, problemAt, read, send, signedIn, visit } from './visit.ts'

interface Info {
  readonly team_info: Readonly<Record<string, unknown>>
}

const infoOf = async (teamId: string) => (await get<Info>(`/team/info?team_id=${teamId}`)).team_info

describe('a team', () => {
  it('is made with all that it may be limited by', async () => {
    const cookie = await signedIn()
    const { status, location } = await send('/ui/teams/new', cookie, {
      team_alias: 'Made',
      models: 'llama3, gpt-4o',
      max_budget: '12.5',
      budget_duration: '30d',
      budget_limits: '1d 2.5, 7d: 5',
      budget_enforcement: 'strict',
      rpm_limit: '10',
      tpm_limit: '2000',
      max_parallel_requests: '3',
      team_member_budget: '1.25',
      team_member_budget_duration: '7d',
      team_member_rpm_limit: '4',
      team_member_tpm_limit: '500',
      team_member_key_duration: '90d',
    })
    expect(status).toBe(303)
    const made = await infoOf(location.split('/').at(-1) ?? '')
    expect(made).toMatchObject({
      team_alias: 'Made',
      models: ['llama3', 'gpt-4o'],
      max_budget: 12.5,
      budget_duration: '30d',
      budget_limits: [
        { budget_duration: '1d', max_budget: 2.5 },
        { budget_duration: '7d', max_budget: 5 },
      ],
      budget_enforcement: 'strict',
      rpm_limit: 10,
      tpm_limit: 2_000,
      max_parallel_requests: 3,
      team_member_budget: 1.25,
      team_member_budget_duration: '7d',
      team_member_rpm_limit: 4,
      team_member_tpm_limit: 500,
      team_member_key_duration: '90d',
    })
    const page = await read(location, cookie)
    for (const shown of ['$12.50', 'Each 30d', 'Each 1d', 'Each 7d']) expect(page).toContain(shown)
  })

  it.each([
    ['max_budget', 'much', 'expected a number'],
    ['max_budget', '-1', 'cannot be negative'],
    ['budget_duration', 'soon', 'expected a duration'],
    ['budget_limits', '1d', 'Expected periods with USD'],
    ['budget_limits', '1d 1, 1d 2', 'expected each duration once'],
    ['rpm_limit', '1.5', 'expected an integer'],
    ['team_member_budget', 'x', 'expected a number'],
  ])('that would have %s = %s is refused there, and what was typed stays', async (...row) => {
    const [field, value, message] = row
    const cookie = await signedIn()
    const form = { team_alias: 'Wrong', [field]: value }
    const { status, text } = await send('/ui/teams/new', cookie, form)
    expect(status).toBe(400)
    expect(problemAt(text, field)).toContain(message)
    expect(fieldsOf(text)).toMatchObject(form)
    expect(text).toMatch(new RegExp(`name="${field}"[^>]*aria-invalid="true"`))
  })

  it('is changed where a field was changed, and nowhere else', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({
      team_alias: 'Changed',
      max_budget: 0.1,
      budget_duration: '7d',
      rpm_limit: 5,
    })
    const at = `/ui/teams/${teamId}/settings`
    const form = fieldsOf(await read(at, cookie))
    expect(form).toMatchObject({ max_budget: '0.1', budget_duration: '7d', rpm_limit: '5' })
    await post('/team/update', { team_id: teamId, budget_duration: '1d' })
    const sent = await send(at, cookie, { ...form, max_budget: '7.25', rpm_limit: '' })
    expect(sent.status).toBe(303)
    expect(await infoOf(teamId)).toMatchObject({
      max_budget: 7.25,
      budget_duration: '1d',
      rpm_limit: null,
      team_alias: 'Changed',
    })
    const wrong = await change(at, cookie, { max_budget: '-1' })
    expect(wrong.status).toBe(400)
    expect(problemAt(wrong.text, 'max_budget')).toContain('cannot be negative')
    // The refused form still knows what its fields said at first.
    const again = await send(at, cookie, { ...fieldsOf(wrong.text), max_budget: '8' })
    expect(again.status).toBe(303)
    expect(await infoOf(teamId)).toMatchObject({ max_budget: 8, budget_duration: '1d' })
  })

  it('is allowed more until a time on the clock of who allows it', async () => {
    const cookie = `${await signedIn()}; tollgate-zone=Europe/Berlin`
    const { team_id: teamId } = await newTeam({ max_budget: 1 })
    const at = `/ui/teams/${teamId}`
    const form = { temp_budget_increase: '2.5', temp_budget_expiry: '2099-07-01T12:00' }
    expect((await send(`${at}/increase`, cookie, form)).status).toBe(303)
    expect(await infoOf(teamId)).toMatchObject({
      temp_budget_increase: 2.5,
      temp_budget_expiry: '2099-07-01T10:00:00.000000Z',
    })
    const page = await read(at, cookie)
    expect(page).toContain('1 Jul 2099, 12:00:00')
    expect(page).toContain('$3.50')
    expect((await send(`${at}/increase/end`, cookie)).status).toBe(303)
    expect(await infoOf(teamId)).toMatchObject({ temp_budget_increase: null })
    const wrong = await send(`${at}/increase`, cookie, { ...form, temp_budget_expiry: 'soon' })
    expect(wrong.status).toBe(400)
    expect(problemAt(wrong.text, 'increase-temp_budget_expiry')).toContain('ISO 8601')
  })

  it('is blocked and unblocked', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam()
    await send(`/ui/teams/${teamId}/block`, cookie)
    expect(await infoOf(teamId)).toMatchObject({ blocked: true })
    expect(await read(`/ui/teams/${teamId}`, cookie)).toContain('<span class="tag">blocked</span>')
    await send(`/ui/teams/${teamId}/unblock`, cookie)
    expect(await infoOf(teamId)).toMatchObject({ blocked: false })
  })

  it('is deleted only by its name', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({ team_alias: 'Doomed' })
    const at = `/ui/teams/${teamId}`
    const wrong = await send(`${at}/delete`, cookie, { confirmation: 'doomed' })
    expect(wrong.status).toBe(400)
    expect(problemAt(wrong.text, 'delete-confirmation')).toContain('not the name')
    expect((await visit(at, { cookie })).status).toBe(200)
    const right = await send(`${at}/delete`, cookie, { confirmation: 'Doomed' })
    expect(right.status).toBe(303)
    expect((await visit(at, { cookie })).status).toBe(404)
  })

  it('shows when its windows are spent up at this pace', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({
      max_budget: 1_000,
      budget_duration: '1d',
      budget_limits: [{ budget_duration: '30d', max_budget: 0.000004 }],
    })
    expect((await chat(await newKey({ team_id: teamId }))).status).toBe(200)
    await env.LEDGER.getByName(`team:${teamId}:1`).flush()
    const page = await read(`/ui/teams/${teamId}`, cookie)
    expect(page).toContain('enough until then at this pace')
    expect(page).toMatch(/spent up <time[^>]*>in less than a minute<\/time> at this pace/)
  })
})

describe('teams', () => {
  it('are found by a part of their name, and in the order that is asked for', async () => {
    const cookie = await signedIn()
    const mark = crypto.randomUUID().slice(0, 8)
    for (const name of ['b', 'a', 'c']) await newTeam({ team_alias: `${mark} ${name}` })
    const namesIn = async (query: string) =>
      [...(await read(`/ui/teams?${query}`, cookie)).matchAll(/<a href="[^"]*">([^<]*)<\/a>/g)]
        .map(([, name = '']) => name)
        .filter((name) => name.startsWith(mark))
    expect(await namesIn(`search=${mark}&sort=team_alias`)).toEqual(
      ['a', 'b', 'c'].map((name) => `${mark} ${name}`),
    )
    expect(await namesIn(`search=${mark}`)).toEqual(
      ['c', 'a', 'b'].map((name) => `${mark} ${name}`),
    )
    expect((await visit('/ui/teams?sort=nothing', { cookie })).status).toBe(400)
    expect(await read('/ui/teams?search=no-such-team', cookie)).toContain('No team has')
  })
})

const membersIn = (page: string) => page.match(/\/members\/m\d\d-/g)?.length

describe('a large team', () => {
  it('shows its first keys, and its members by pages', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam()
    const member = Array.from({ length: 60 }, (_, i) => {
      return { user_id: `m${String(i).padStart(2, '0')}-${teamId}`, role: 'user' }
    })
    await post('/team/member_add', { team_id: teamId, member })
    for (let i = 0; i < 21; i++) await newKey({ team_id: teamId })
    const at = `/ui/teams/${teamId}`
    const first = await read(at, cookie)
    expect(first.match(/<a href="\/ui\/keys\/[0-9a-f]{64}">/g)).toHaveLength(20)
    expect(first).toContain('All 21 keys')
    expect(membersIn(first)).toBe(49)
    expect(first).toContain('href="?page=2"')
    expect(membersIn(await read(`${at}?page=2`, cookie))).toBe(11)
    expect(membersIn(await read(`${at}?page=x`, cookie))).toBe(49)
  })
})

describe('a member', () => {
  it('is added by id or by address, with a role and a budget', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam()
    const at = `/ui/teams/${teamId}/members`
    const userId = `member-${teamId}`
    const one = { user_id: userId, role: 'admin', max_budget_in_team: '2' }
    expect((await send(at, cookie, one)).status).toBe(303)
    const email = `${teamId}@example.com`
    expect((await send(at, cookie, { user_id: email, role: 'user' })).status).toBe(303)
    const page = await read(`/ui/teams/${teamId}`, cookie)
    expect(page).toContain(userId)
    expect(page).toContain(email)
    const again = await send(at, cookie, one)
    expect(again.status).toBe(400)
    expect(again.text).toMatch(/role="alert">[^<]*already/i)
    const odd = await send(at, cookie, { ...one, user_id: 'other', max_budget_in_team: 'much' })
    expect(problemAt(odd.text, 'member-max_budget_in_team')).toContain('expected a number')
  })

  it('is limited, forgiven and removed', async () => {
    const cookie = await signedIn()
    const { team_id: teamId } = await newTeam({ team_member_budget: 9 })
    const userId = `member ${teamId}`
    const member = { user_id: userId, role: 'user' }
    await post('/team/member_add', { team_id: teamId, member })
    const at = `/ui/teams/${teamId}/members/${encodeURIComponent(userId)}`
    expect(fieldsOf(await read(at, cookie))).toMatchObject({ max_budget_in_team: '9' })
    const changes = {
      max_budget_in_team: '3.5',
      budget_duration: '1d',
      rpm_limit: '7',
      role: 'admin',
    }
    expect((await change(at, cookie, changes)).status).toBe(303)
    expect(fieldsOf(await read(at, cookie))).toMatchObject(changes)
    const key = await newKey({ team_id: teamId, user_id: userId })
    expect((await chat(key)).status).toBe(200)
    expect(await read(at, cookie)).toContain('$0.0000035')
    expect((await send(`${at}/reset`, cookie)).status).toBe(303)
    expect(await read(at, cookie)).not.toContain('$0.0000035')
    const odd = await change(at, cookie, { rpm_limit: '-1' })
    expect(problemAt(odd.text, 'rpm_limit')).toContain('non-negative')
    expect((await send(`${at}/remove`, cookie)).status).toBe(303)
    expect((await visit(at, { cookie })).status).toBe(404)
  })

  it('who is an admin of the team changes its name and models, and no budget', async () => {
    const { team_id: teamId } = await newTeam({ team_alias: 'Managed', max_budget: 1 })
    const userId = `manager-${teamId}`
    await post('/user/new', { user_id: userId, user_role: 'internal_user', auto_create_key: false })
    await post('/team/member_add', { team_id: teamId, member: { user_id: userId, role: 'admin' } })
    const cookie = await signedIn(await newKey({ user_id: userId }))
    const at = `/ui/teams/${teamId}/settings`
    const page = await read(at, cookie)
    expect(page).not.toContain('name="max_budget"')
    expect((await change(at, cookie, { team_alias: 'Renamed' })).status).toBe(303)
    expect(await infoOf(teamId)).toMatchObject({ team_alias: 'Renamed', max_budget: 1 })
    await send(at, cookie, { team_alias: 'Renamed', max_budget: '100' })
    expect(await infoOf(teamId)).toMatchObject({ max_budget: 1 })
  })
})
