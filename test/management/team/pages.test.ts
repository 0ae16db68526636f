import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { accounts, teams as teamRows } from '../../../drizzle/schema.ts'
import { db } from '../../setup/database.ts'
import { chat, get, newKey, newTeam, post } from '../../setup/worker.ts'
import { addMember, newPerson, outcome, staffedTeam } from '../people.ts'

interface Page {
  readonly teams: readonly {
    readonly team_id: string
    readonly team_alias: string | null
    readonly max_budget: number | null
    readonly spend: number
    readonly members_with_roles: readonly unknown[]
  }[]
  readonly total: number
  readonly page: number
  readonly page_size: number
  readonly total_pages: number
}

const page = (search: string, key?: string): Promise<Page> => get(`/v2/team/list?${search}`, key)

describe('/v2/team/list', () => {
  const mark = crypto.randomUUID()
  const ids: string[] = []

  beforeAll(async () => {
    for (const [i, max_budget] of [3, 1, null, 2, 5].entries()) {
      const { team_id } = await newTeam({ team_alias: `${mark}-${i}`, max_budget })
      ids.push(team_id)
    }
  })

  it('counts all teams and shows a page of them, newest first', async () => {
    const first = await page(`team_alias=${mark}&page_size=2`)
    expect(first).toMatchObject({ total: 5, page: 1, page_size: 2, total_pages: 3 })
    const others = await Promise.all(
      [2, 3, 4].map((n) => page(`team_alias=${mark}&page_size=2&page=${n}`)),
    )
    const shown = [first, ...others].map(({ teams }) => teams.map(({ team_id }) => team_id))
    expect(shown).toEqual([[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]], []])
    expect(first.teams[0]?.members_with_roles).toHaveLength(1)
  })

  it('has pages of ten without being asked', async () => {
    const { teams, ...rest } = await page('')
    expect(rest).toMatchObject({ page: 1, page_size: 10 })
    expect(teams.length).toBeLessThanOrEqual(10)
  })

  it('asks the ledgers of teams that spend, where that is wanted', async () => {
    const own = `${crypto.randomUUID()} live`
    const { team_id } = await newTeam({ team_alias: own, max_budget: 1 })
    await newTeam({ team_alias: `${own} idle`, max_budget: 1 })
    expect((await chat(await newKey({ team_id }))).status).toBe(200)
    const spends = async (live: boolean) =>
      (await page(`team_alias=${own}&live=${live}&sort_by=team_alias`)).teams.map(
        ({ spend }) => spend,
      )
    expect(await spends(true)).toEqual([0.0000035, 0])
    await env.LEDGER.getByName(`team:${team_id}:1`).flush()
    expect(await spends(false)).toEqual([0.0000035, 0])
    // Who has not spent for an hour is let asleep: what Postgres says is true then.
    const long = { spendSeq: Date.now() - 2 * 3_600_000, spend: '0.5' }
    await db
      .update(accounts)
      .set(long)
      .where(eq(accounts.accountId, `team:${team_id}`))
    const born = { createdAt: new Date(Date.now() - 2 * 3_600_000) }
    await db.update(teamRows).set(born).where(eq(teamRows.teamId, team_id))
    expect(await spends(true)).toEqual([0.5, 0])
  })

  it('sorts by what is used of a budget', async () => {
    const own = `${crypto.randomUUID()} used`
    const budgets = [10, null, 0.001, 1, 0]
    for (const [i, max_budget] of budgets.entries()) {
      const { team_id } = await newTeam({ team_alias: `${own} ${i}`, max_budget })
      const isTheirs = eq(accounts.accountId, `team:${team_id}`)
      await db.update(accounts).set({ spend: '0.5' }).where(isTheirs)
    }
    const { teams: found } = await page(
      `team_alias=${own}&sort_by=budget_used&sort_order=desc&page_size=3`,
    )
    expect(found.map(({ max_budget }) => max_budget)).toEqual([0.001, 1, 10])
  })

  it.each([
    ['sort_by=max_budget', [1, 3, 0, 4, 2]],
    ['sort_by=max_budget&sort_order=asc', [1, 3, 0, 4, 2]],
    ['sort_by=max_budget&sort_order=DESC', [4, 0, 3, 1, 2]],
    ['sort_by=team_alias', [0, 1, 2, 3, 4]],
    ['sort_by=team_alias&sort_order=desc', [4, 3, 2, 1, 0]],
    ['sort_order=asc', [0, 1, 2, 3, 4]],
  ])('sorts by %s', async (search, order) => {
    const { teams } = await page(`team_alias=${mark}&${search}`)
    expect(teams.map(({ team_id }) => ids.indexOf(team_id))).toEqual(order)
  })

  it('finds a team by its id, and by a part of its alias in any case', async () => {
    const [team_id = ''] = ids
    expect((await page(`team_id=${team_id}`)).teams).toMatchObject([{ team_id }])
    const part = mark.slice(4).toUpperCase()
    expect((await page(`team_alias=${part}-0`)).teams).toMatchObject([{ team_id }])
    expect((await page('team_id=nobody')).total).toBe(0)
  })

  it('takes what means any text elsewhere as it is written', async () => {
    const alias = `50%_a\\b ${crypto.randomUUID()}`
    const { team_id } = await newTeam({ team_alias: alias })
    const found = await page(`team_alias=${encodeURIComponent(alias)}`)
    expect(found.teams).toMatchObject([{ team_id }])
    for (const wild of ['5%25', '5_%25', '50%25_a%5C%25']) {
      const { teams } = await page(`team_alias=${wild}${alias.slice(-36)}`)
      expect(teams).toEqual([])
    }
  })

  it("shows others their own teams only, and a user's to admins", async () => {
    const [mine, other] = [await staffedTeam(), await staffedTeam()]
    const { user_id, key } = mine.member
    for (const caller of [key, mine.key]) {
      expect(await page('', caller)).toMatchObject({ total: 1, teams: [{ team_id: mine.team_id }] })
      expect((await page(`team_id=${other.team_id}`, caller)).total).toBe(0)
    }
    await addMember(other.team_id, user_id)
    const viewer = await newPerson('proxy_admin_viewer')
    expect(await page(`user_id=${user_id}`, viewer.key)).toMatchObject({ total: 2 })
    expect(await page(`user_id=${user_id}&team_id=${other.team_id}`)).toMatchObject({ total: 1 })
    await post('/team/delete', { team_ids: [other.team_id] })
    expect(await page('', key)).toMatchObject({ total: 1 })
  })

  it.each([
    ['live=maybe', 422, 'live'],
    ['page=0', 400, 'page'],
    ['page=x', 422, 'page'],
    ['page=1.5', 422, 'page'],
    ['page=99999999999', 400, 'page'],
    ['page_size=0', 400, 'page_size'],
    ['page_size=101', 400, 'page_size'],
    ['page_size=', 422, 'page_size'],
    ['sort_by=version', 400, 'sort_by'],
    ['sort_by=created_at;drop', 400, 'sort_by'],
    ['sort_order=up', 400, 'sort_order'],
    ['team_alias=%00', 400, 'team_alias'],
  ])('refuses %s with %i', async (search, status, param) => {
    const answer = await outcome('GET', `/v2/team/list?${search}`, 'sk-1234')
    expect(answer).toMatchObject({ status, error: { param } })
  })
})
