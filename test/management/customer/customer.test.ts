import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env, waitUntil } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import yaml from '../../../config.yaml'
import { auditLogs, dailyCustomers, spendLogs } from '../../../drizzle/schema.ts'
import { createApp } from '../../../src/app.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { makeDeps } from '../../../src/deps.ts'
import { db } from '../../setup/database.ts'
import { call, chat, get, MASTER, newTeam, newKey, post } from '../../setup/worker.ts'
import { COST, expectRefusal } from '../tenant.ts'
import { everybody, type Row, status } from '../user/people.ts'

const newCustomer = (fields: object = {}): Promise<Row & { user_id: string }> =>
  post('/customer/new', { user_id: crypto.randomUUID(), ...fields })
const show = (user_id: string, room = 'customer'): Promise<Row> =>
  get(`/${room}/info?end_user_id=${user_id}`)

/** Calls for a customer, and their log rows in Postgres. */
async function spendFor(user: string, team_id: string, times = 1): Promise<void> {
  const key = await newKey({ team_id })
  for (let i = 0; i < times; i++) await (await chat(key, { user })).text()
  await env.LEDGER.getByName(`team:${team_id}:1`).flush()
}

describe.each(['customer', 'end_user'])('/%s', (room) => {
  it('makes, shows, changes and deletes customers', async () => {
    const user_id = crypto.randomUUID()
    const made = { user_id, alias: 'Ann', default_model: 'llama3', blocked: false, spend: 0 }
    const { spend: _none, ...sent } = made
    const nothing = { litellm_budget_table: null, allowed_model_region: null }
    expect(await post(`/${room}/new`, sent)).toMatchObject({ ...made, ...nothing })
    expect(await show(user_id, room)).toMatchObject(made)
    const changed = await post<Row>(`/${room}/update`, { user_id, alias: 'Bea' })
    expect(changed).toMatchObject({ ...made, alias: 'Bea' })
    expect(await post(`/${room}/update`, { ...changed, alias: null })).toMatchObject({
      alias: null,
      default_model: 'llama3',
    })
    const listed = await get<Row[]>(`/${room}/list`)
    expect(listed.map((row) => row['user_id'])).toContain(user_id)
    expect(await post(`/${room}/delete`, { user_ids: [user_id] })).toMatchObject({
      deleted_customers: 1,
    })
    expect(await status(['GET', `/${room}/info?end_user_id=${user_id}`])).toBe(404)
  })

  it.each([
    [{ max_budget: 1 }, 'max_budget'],
    [{ budget_id: 'b' }, 'budget_id'],
    [{ budget_duration: '1d' }, 'budget_duration'],
    [{ tpm_limit: 1 }, 'tpm_limit'],
    [{ rpm_limit: 1 }, 'rpm_limit'],
    [{ max_parallel_requests: 1 }, 'max_parallel_requests'],
    [{ model_max_budget: { llama3: { max_budget: 1 } } }, 'model_max_budget'],
    [{ soft_budget: 1 }, 'soft_budget'],
    [{ blocked: true }, 'blocked'],
    [{ allowed_model_region: 'eu' }, 'allowed_model_region'],
    [{ object_permission: { mcp_servers: ['m'] } }, 'object_permission'],
  ])('refuses %j, which would limit and nothing enforces', async (fields, param) => {
    const { user_id } = await newCustomer({ alias: 'old' })
    await expectRefusal([`/${room}/update`, { user_id, alias: 'new', ...fields }], 400, { param })
    expect(await show(user_id)).toMatchObject({ alias: 'old' })
    await expectRefusal([`/${room}/new`, { user_id: 'never', ...fields }], 400, { param })
    expect(await status(['GET', `/${room}/info?end_user_id=never`])).toBe(404)
  })

  it('refuses to block, and has nothing against unblocking', async () => {
    const { user_id } = await newCustomer()
    const param = 'blocked'
    await expectRefusal([`/${room}/block`, { user_ids: [user_id] }], 400, { param })
    expect(await show(user_id)).toMatchObject({ blocked: false })
    expect(await post(`/${room}/unblock`, { user_ids: [user_id] })).toEqual({ blocked_users: [] })
  })

  it('knows who is there and who is not', async () => {
    const { user_id } = await newCustomer()
    await expectRefusal([`/${room}/new`, { user_id }], 400, {
      message: `Customer already exists, passed user_id=${user_id}. Please pass a new user_id.`,
      param: 'user_id',
    })
    await expectRefusal([`/${room}/update`, { user_id: 'never' }], 404, {
      message: 'End User Id=never does not exist in db',
    })
    await expectRefusal([`/${room}/delete`, { user_ids: [user_id, 'never'] }], 404, {
      message: 'End User Id(s)=never do not exist in db',
      param: 'user_ids',
    })
    expect(await show(user_id)).toMatchObject({ user_id })
    await expectRefusal([`/${room}/new`, {}], 422, { param: 'user_id' })
    await expectRefusal([`/${room}/new`, { user_id, alias: 7 }], 422, { param: 'alias' })
    await expectRefusal([`/${room}/new`, { user_id, default_model: 'never' }], 422, {
      param: 'default_model',
    })
    expect(await status(['GET', `/${room}/info`])).toBe(422)
    expect(await status(['GET', `/${room}/list?page=0`])).toBe(422)
  })

  it.each([
    [['POST', 'new', { user_id: 'x' }], []],
    [['POST', 'update', { user_id: 'x' }], []],
    [['POST', 'delete', { user_ids: ['x'] }], []],
    [['POST', 'block', { user_ids: ['x'] }], []],
    [['POST', 'unblock', { user_ids: ['x'] }], []],
    [['GET', 'info?end_user_id=x'], ['proxy_admin_viewer']],
    [['GET', 'list'], ['proxy_admin_viewer']],
  ] as const)('refuses %j to all but admins and %j', async ([method, path, body], others) => {
    const { team_id } = await newTeam()
    for (const [who, { key }] of await everybody(team_id)) {
      if (who === 'proxy_admin') continue
      const answer = await status([method, `/${room}/${path}`, body], key)
      const may = others.some((other) => other === who)
      const refused = who === 'proxy_admin_viewer' ? 403 : 401
      expect([who, answer]).toEqual([who, may ? expect.toBeOneOf([200, 404]) : refused])
    }
  })
})

describe('what was spent for a customer', () => {
  it('is shown, whoever called for them, and whether they were named before or not', async () => {
    const user = crypto.randomUUID()
    const [a, b] = [await newTeam(), await newTeam()]
    await spendFor(user, a.team_id, 2)
    expect(await show(user)).toMatchObject({ user_id: user, spend: 2 * COST, alias: null })
    await post('/customer/new', { user_id: user, alias: 'Ann' })
    await spendFor(user, b.team_id)
    expect(await show(user)).toMatchObject({ spend: 3 * COST, alias: 'Ann' })
    const listed = await get<Row[]>('/customer/list')
    expect(listed.find((row) => row['user_id'] === user)).toMatchObject({ spend: 3 * COST })
    const sums = await db.select().from(dailyCustomers).where(eq(dailyCustomers.endUser, user))
    expect(sums.map(({ requests }) => requests)).toEqual(expect.arrayContaining([1, 2]))
  })

  it('is theirs too who have only spent when they are changed', async () => {
    const user = crypto.randomUUID()
    await spendFor(user, (await newTeam()).team_id)
    expect(await post('/customer/update', { user_id: user, alias: 'Ann' })).toMatchObject({
      alias: 'Ann',
      spend: COST,
    })
  })

  it('is forgotten with them; the log keeps it', async () => {
    const user = crypto.randomUUID()
    const { team_id } = await newTeam()
    await spendFor(user, team_id)
    await post('/customer/delete', { user_ids: [user] })
    expect(await status(['GET', `/customer/info?end_user_id=${user}`])).toBe(404)
    expect(await newCustomer({ user_id: user })).toMatchObject({ spend: 0 })
    const logged = await db.select().from(spendLogs).where(eq(spendLogs.endUser, user))
    expect(logged).toHaveLength(1)
  })

  it('is listed page by page', async () => {
    const run = `0-${crypto.randomUUID()}`
    for (const user_id of [`${run}a`, `${run}b`]) await newCustomer({ user_id })
    const all = await get<Row[]>('/customer/list')
    const at = all.findIndex(({ user_id }) => user_id === `${run}b`)
    const page = await get<Row[]>(`/customer/list?page_size=1&page=${at + 1}`)
    expect(page).toMatchObject([{ user_id: `${run}b` }])
  })
})

it('writes down who changed a customer', async () => {
  const { user_id } = await newCustomer()
  const headers = { 'litellm-changed-by': 'ann' }
  await call('POST', '/customer/update', { key: MASTER, body: { user_id, alias: 'x' }, headers })
  const noted = await db.select().from(auditLogs).where(eq(auditLogs.objectId, user_id))
  expect(noted.map(({ action, changedBy }) => [action, changedBy])).toEqual(
    expect.arrayContaining([
      ['created', 'default_user_id'],
      ['updated', 'ann'],
    ]),
  )
})

it('lets an operator accept that blocking has no effect', async () => {
  const settings =
    'general_settings:\n  ignore_unsupported: ["customer.blocked", "customer.max_budget"]'
  const { config } = parseConfig(yaml.replace('general_settings:', settings), {
    LITELLM_MASTER_KEY: MASTER,
  })
  const app = createApp(makeDeps({ ...env }, config, waitUntil))
  const ask = async (path: string, body: object): Promise<Row> => {
    const context = createExecutionContext()
    const headers = { authorization: `Bearer ${MASTER}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await app.fetch(new Request(`http://x.test${path}`, init), env, context)
    await waitOnExecutionContext(context)
    expect(response.status).toBe(200)
    return response.json()
  }
  const user_id = crypto.randomUUID()
  expect(await ask('/customer/new', { user_id, max_budget: 5 })).toMatchObject({ blocked: false })
  expect(await ask('/customer/block', { user_ids: [user_id] })).toMatchObject({
    blocked_users: [{ user_id, blocked: true }],
  })
  expect(await show(user_id)).toMatchObject({ blocked: true })
  expect(await ask('/customer/unblock', { user_ids: [user_id] })).toEqual({ blocked_users: [] })
})
