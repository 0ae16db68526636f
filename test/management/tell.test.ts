import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { updateTeam } from '../../src/db/team-update.ts'
import { pendingTellings } from '../../src/db/tellings.ts'
import { deleteUsers } from '../../src/db/user/delete.ts'
import { ApiError } from '../../src/errors.ts'
import { changeBudget } from '../../src/management/budget/update.ts'
import { addToTeam, AddMembers } from '../../src/management/member/add.ts'
import { saveTeam } from '../../src/management/team/update.ts'
import { changeUser, UpdateUser } from '../../src/management/user/update.ts'
import { ROLLING } from '../../src/windows.ts'
import worker from '../../src/worker.ts'
import { db } from '../setup/database.ts'
import { chat, get, newKey, newTeam, post } from '../setup/worker.ts'
import { COST, spend, spentTeam, unreachable, untold } from './tenant.ts'

const SIGNED = { by: 'admin', author: { changedBy: 'admin', apiKey: null } }

const actor = {
  by: 'admin',
  role: 'proxy_admin',
  userId: null,
  key: null,
  apiKey: null,
  teamIds: [],
} as const

const deps = () => ({
  db,
  ledgerOf: unreachable,
  ignored: [],
  nowMs: Date.now(),
  resets: ROLLING,
  ...SIGNED,
})

const tick = (): Promise<unknown> =>
  Promise.resolve(
    worker.scheduled(createScheduledController({ cron: '* * * * *', scheduledTime: new Date() })),
  )

const kinds = async (accountId: string): Promise<string[]> =>
  (await untold(accountId)).map(({ kind }) => kind).toSorted()

async function expectUntold(change: Promise<unknown>): Promise<void> {
  const error = await change.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ApiError)
  expect(error).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
    message: expect.stringContaining('saved, but not yet in force'),
  })
}

describe('a change that a ledger can not be told of', () => {
  it('of a team is a 503, saved, and driven on by cron', async () => {
    const { team_id, key } = await spentTeam()
    await expectUntold(saveTeam(deps(), team_id, { blocked: true }))
    expect(await untold(`team:${team_id}`)).toMatchObject([{ kind: 'account' }])
    expect(await get(`/team/info?team_id=${team_id}`)).toMatchObject({
      team_info: { blocked: true },
    })
    await tick()
    expect(await untold(`team:${team_id}`)).toEqual([])
    expect((await chat(key)).status).toBe(401)
  })

  it('of a member likewise', async () => {
    const { team_id } = await newTeam()
    const user_id = crypto.randomUUID()
    const key = await newKey({ team_id, user_id })
    await spend(key)
    const member = { role: 'user', user_id }
    const input = AddMembers.parse({ team_id, member, max_budget_in_team: COST })
    await expectUntold(addToTeam({ ...deps(), actor, input }))
    expect(await untold(`team:${team_id}`)).toMatchObject([{ kind: 'member', rowId: user_id }])
    await tick()
    expect(await untold(`team:${team_id}`)).toEqual([])
    expect((await chat(key)).status).toBe(400)
  })

  it('of a user likewise', async () => {
    const { user_id, key } = await post<{ user_id: string; key: string }>('/user/new', {})
    await spend(key)
    const input = UpdateUser.parse({ user_id, max_budget: COST })
    await expectUntold(changeUser({ ...deps(), input }))
    expect(await untold(`user:${user_id}`)).toMatchObject([
      { kind: 'account', rowId: `user:${user_id}` },
    ])
    await tick()
    expect(await untold(`user:${user_id}`)).toEqual([])
    expect((await chat(key)).status).toBe(400)
  })

  it('of a user who is deleted likewise, with their keys and memberships', async () => {
    const { team_id } = await newTeam()
    const made = { teams: [team_id] }
    const { user_id, key } = await post<{ user_id: string; key: string }>('/user/new', made)
    const ofTeam = await newKey({ team_id, user_id })
    await Promise.all([spend(key), spend(ofTeam)])
    await deleteUsers(db, [user_id])
    expect(await kinds(`user:${user_id}`)).toEqual(['account', 'key'])
    expect(await kinds(`team:${team_id}`)).toEqual(['key', 'member'])
    await tick()
    expect([...(await kinds(`user:${user_id}`)), ...(await kinds(`team:${team_id}`))]).toEqual([])
    expect((await chat(key)).status).toBe(401)
    expect((await chat(ofTeam)).status).toBe(401)
  })

  it('of a shared budget likewise, for each account that has keys naming it', async () => {
    const { budget_id } = await post<{ budget_id: string }>('/budget/new', { max_budget: 1 })
    const { team_id } = await newTeam()
    const keys = [await newKey({ team_id, budget_id }), await newKey({ team_id, budget_id })]
    await Promise.all(keys.map(spend))
    const input = { budget_id, max_budget: COST, budget_duration: undefined }
    await expectUntold(changeBudget({ ...deps(), input }))
    expect(await untold(`team:${team_id}`)).toMatchObject([{ kind: 'budget', rowId: budget_id }])
    await tick()
    expect(await untold(`team:${team_id}`)).toEqual([])
    expect((await chat(keys[0]!)).status).toBe(400)
  })

  it('may be repeated until it is', async () => {
    const { team_id, key } = await spentTeam()
    await expectUntold(saveTeam(deps(), team_id, { blocked: true }))
    await post('/team/block', { team_id })
    expect(await untold(`team:${team_id}`)).toEqual([])
    expect((await chat(key)).status).toBe(401)
  })
})

describe('a change of what has no ledger', () => {
  it('needs no telling, and makes no ledger', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id })
    await post('/team/update', { team_id, max_budget: 0 })
    expect(await untold(`team:${team_id}`)).toEqual([])
    expect(await env.LEDGER.getByName(`team:${team_id}:1`).audit()).toBeNull()
    expect((await chat(key)).status).toBe(400)
  })
})

describe('a telling', () => {
  it('waits with the row as it is now', async () => {
    const { team_id } = await spentTeam()
    const write = { teamId: team_id, by: 'test', nowMs: Date.now(), resets: ROLLING }
    await updateTeam(db, { ...write, changes: { teamAlias: 'first' } })
    await updateTeam(db, { ...write, changes: { teamAlias: 'second' } })
    const pending = await pendingTellings(db, 1_000)
    const mine = pending.filter(({ accountId }) => accountId === `team:${team_id}`)
    expect(mine).toMatchObject([{ row: { alias: 'second' }, isMoving: false }])
  })
})
