import { describe, expect, it } from 'vitest'
import { call, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { spentTeam } from '../tenant.ts'
import { ago, deliver, hash, newUser, TODAY } from '../spend/tenant.ts'
import { act, CHANGES, newTenant, type Written } from './changes.ts'

interface Page {
  readonly audit_logs: readonly Written[]
  readonly total: number
  readonly page: number
  readonly page_size: number
  readonly total_pages: number
}

const search = (query: string, key = MASTER) => get<Page>(`/audit/logs?page_size=100&${query}`, key)

async function writtenBy(by: string): Promise<readonly Written[]> {
  return (await search(`changed_by=${by}&sort_order=asc`)).audit_logs
}

const order = (a: Written, b: Written): number =>
  a.table_name + a.object_id < b.table_name + b.object_id ? -1 : 1

describe('the audit log has', () => {
  it.each(Object.entries(CHANGES))('%s with before and after, once', async (_name, change) => {
    const tenant = await newTenant()
    const by = `somebody-${crypto.randomUUID()}`
    const request = change.path(tenant)
    expect((await act(by, request)).status).toBe(200)
    const rows = await writtenBy(by)
    const expected = change
      .leaves(tenant)
      .map(([action, table_name, object_id, before, after]) => {
        return {
          action,
          table_name,
          object_id,
          changed_by: by,
          before_value: before && expect.objectContaining(before),
          updated_values: after && expect.objectContaining(after),
        } as unknown as Written
      })
      .toSorted(order)
    expect(rows.toSorted(order)).toMatchObject(expected)
    expect(rows).toHaveLength(expected.length)
    for (const row of rows) {
      expect(row.changed_by_api_key).toBe(await hash(MASTER))
      expect(await get(`/audit/logs/${row.id}`)).toEqual(row)
      expect(await get(`/audit/${row.id}`)).toEqual(row)
    }
    expect(JSON.stringify(rows)).not.toContain(tenant.key)
    expect(JSON.stringify(rows)).not.toContain(MASTER)
  })

  it('what is made, without the key itself', async () => {
    const by = `somebody-${crypto.randomUUID()}`
    const made = async <T>(path: string, body: object): Promise<T> =>
      (await act(by, [path, body])).json<T>()
    const user_id = `user-${crypto.randomUUID()}`
    const members_with_roles = [{ user_id, role: 'admin' }]
    const { team_id } = await made<{ team_id: string }>('/team/new', { members_with_roles })
    const { key, token } = await made<{ key: string; token: string }>('/key/generate', { team_id })
    const { budget_id } = await made<{ budget_id: string }>('/budget/new', { max_budget: 1 })
    const second = `user-${crypto.randomUUID()}`
    await made('/team/member_add', { team_id, member: { user_id: second, role: 'user' } })
    const rows = await writtenBy(by)
    expect(rows.map(({ table_name, object_id }) => [table_name, object_id])).toEqual(
      expect.arrayContaining([
        ['LiteLLM_TeamTable', team_id],
        ['LiteLLM_TeamMembership', `${team_id}/${user_id}`],
        ['LiteLLM_TeamMembership', `${team_id}/${second}`],
        ['LiteLLM_UserTable', user_id],
        ['LiteLLM_UserTable', second],
        ['LiteLLM_VerificationToken', token],
        ['LiteLLM_BudgetTable', budget_id],
      ]),
    )
    for (const { action, before_value, updated_values } of rows) {
      expect([action, before_value]).toEqual(['created', null])
      expect(updated_values).not.toBe(null)
    }
    expect(JSON.stringify(rows)).not.toContain(key)
  })

  it('what a ledger changed', async () => {
    const { team_id, key } = await spentTeam({}, { max_budget: 1 })
    const by = `somebody-${crypto.randomUUID()}`
    expect((await act(by, [`/key/${key}/reset_spend`, { reset_to: 0 }])).status).toBe(200)
    expect((await act(by, [`/key/${key}/credit`, { amount: 1 }])).status).toBe(200)
    const rows = await writtenBy(by)
    expect(rows.map(({ object_id }) => object_id)).toEqual([await hash(key), await hash(key)])
    expect(rows).toMatchObject([
      { before_value: { spend: '0.000003500000' }, updated_values: { spend: '0.000000000000' } },
      {
        before_value: { spend: '0.000000000000' },
        updated_values: { spend: '-1.000000000000', credit: '1.000000000000' },
      },
    ])
    expect(await search(`object_id=${team_id}`)).toMatchObject({ total: 1 })
  })

  it('a credit that is repeated once', async () => {
    for (const tenant of [await newTeam({ max_budget: 1 }), await spentTeam({ max_budget: 1 })]) {
      const by = `somebody-${crypto.randomUUID()}`
      const id = crypto.randomUUID()
      const credit = [`/team/${tenant.team_id}/credit`, { amount: 1, id }] as const
      for (let i = 0; i < 2; i++) expect((await act(by, credit)).status).toBe(200)
      await deliver(`team:${tenant.team_id}`)
      expect((await act(by, credit)).status).toBe(200)
      const rows = await writtenBy(by)
      expect(rows).toMatchObject([{ updated_values: { credit_id: id } }])
      expect(rows[0]!.before_value).not.toBe(null)
    }
  })

  it('whoever acts where the client names nobody', async () => {
    const { userId, key } = await newUser('proxy_admin')
    const { team_id } = await post<{ team_id: string }>('/team/new', {}, key)
    const { audit_logs } = await search(`object_id=${team_id}`)
    const [row] = audit_logs
    expect(row).toMatchObject({
      changed_by: userId,
      changed_by_api_key: await hash(key),
      action: 'created',
    })
    expect((await search(`changed_by_api_key=${key}`)).audit_logs).toContainEqual(row)
  })
})

describe('the audit log has nothing', () => {
  it('of what was refused', async () => {
    const { team_id, key } = await newTenant()
    const by = `somebody-${crypto.randomUUID()}`
    const alias = crypto.randomUUID()
    await newKey({ key_alias: alias })
    const { userId } = await newUser()
    for (const request of [
      ['/team/new', { team_id }],
      ['/team/new', { max_budget: -1 }],
      ['/team/update', { team_id, max_budget: 'much' }],
      ['/team/update', { team_id: 'nobody' }],
      ['/team/member_update', { team_id, user_id: userId, max_budget_in_team: 1 }],
      ['/key/generate', { key_alias: alias }],
      ['/key/update', { key, key_alias: alias }],
      ['/key/update', { key, team_id: 'nobody' }],
      [`/key/${key}/reset_spend`, { reset_to: 5 }],
      [`/key/${key}/credit`, { amount: -1 }],
      ['/budget/update', { budget_id: 'nobody', max_budget: 1 }],
    ] as const) {
      const { status } = await act(by, request)
      expect([request[0], status >= 400 && status < 500]).toEqual([request[0], true])
    }
    expect(await writtenBy(by)).toEqual([])
  })

  it('of what changes nothing', async () => {
    const { team_id, key } = await newTenant()
    const by = `somebody-${crypto.randomUUID()}`
    await act(by, ['/team/update', { team_id, max_budget: 1 }])
    await act(by, ['/key/unblock', { key }])
    expect(await writtenBy(by)).toEqual([])
    for (let i = 0; i < 2; i++) await act(by, ['/team/delete', { team_ids: [team_id] }])
    expect((await writtenBy(by)).filter(({ object_id }) => object_id === team_id)).toHaveLength(1)
  })
})

describe('/audit/logs', () => {
  it('filters, sorts and pages', async () => {
    const { team_id } = await newTeam()
    const by = `somebody-${crypto.randomUUID()}`
    for (const team_alias of ['a', 'b', 'c']) {
      await act(by, ['/team/update', { team_id, team_alias }])
    }
    await act(by, ['/team/block', { team_id }])
    const page = await get<Page>(`/audit?changed_by=${by}&page=2&page_size=3`)
    expect(page).toMatchObject({ total: 4, page: 2, page_size: 3, total_pages: 2 })
    expect(page.audit_logs).toMatchObject([{ updated_values: { team_alias: 'a' } }])
    const named = `changed_by=${by}`
    expect(await search(`${named}&action=blocked`)).toMatchObject({ total: 1 })
    expect(await search(`${named}&table_name=LiteLLM_TeamTable`)).toMatchObject({ total: 4 })
    expect(await search(`${named}&table_name=x`)).toMatchObject({ total: 0, audit_logs: [] })
    expect(await search(`${named}&start_date=${TODAY}&end_date=${TODAY}`)).toMatchObject({
      total: 4,
    })
    expect(await search(`${named}&end_date=${ago(1)}`)).toMatchObject({ total: 0 })
    const sorted = await search(`${named}&sort_by=action&sort_order=asc`)
    expect(sorted.audit_logs[0]).toMatchObject({ action: 'blocked' })
  })

  it('knows no such change', async () => {
    for (const id of ['nobody', crypto.randomUUID()]) {
      const response = await call('GET', `/audit/logs/${id}`, { key: MASTER })
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({
        error: { message: `Audit log with ID ${id} not found` },
      })
    }
  })
})
