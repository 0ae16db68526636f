import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { keys, tellings, windowSpends } from '../../../drizzle/schema.ts'
import { KeyCache } from '../../../src/auth/key-cache.ts'
import type { AccountRef } from '../../../src/db/accounts.ts'
import { sha256Hex } from '../../../src/ids.ts'
import type { LedgerClient } from '../../../src/ledger/client.ts'
import { moveKey } from '../../../src/ledger/move-key.ts'
import { changeKey, UpdateKey } from '../../../src/management/key/change/update.ts'
import worker from '../../../src/worker.ts'
import { db } from '../../setup/database.ts'
import { chat, get, newKey, newTeam, post } from '../../setup/worker.ts'
import {
  reachable,
  unreachable,
  accountOf,
  COST,
  expectRefusal,
  spend,
  spentTeam,
  untold,
} from '../tenant.ts'
import { ROLLING } from '../../../src/windows.ts'

type Row = Record<string, unknown>

const info = async (key: string): Promise<Row> =>
  (await get<{ info: Row }>(`/key/info?key=${key}`)).info
const teamSpend = async (teamId: string): Promise<unknown> =>
  (await get<{ team_info: Row }>(`/team/info?team_id=${teamId}`)).team_info['spend']
const move = (key: string, to: object): Promise<Row> => post('/key/update', { key, ...to })

const nothing = (): Promise<null> => Promise.resolve(null)

async function rowOf(key: string) {
  const [row] = await db
    .select()
    .from(keys)
    .where(eq(keys.token, await sha256Hex(key)))
  return row
}

describe('a key that goes to another team', () => {
  it('takes along what it spent, and the next call is the new team’s', async () => {
    const { team_id: from, key } = await spentTeam()
    const { team_id: to } = await spentTeam()
    expect(await move(key, { team_id: to })).toMatchObject({ team_id: to, spend: COST })
    await spend(key)
    expect(await info(key)).toMatchObject({ team_id: to, spend: 2 * COST })
    expect(await teamSpend(from)).toBe(COST)
    expect(await teamSpend(to)).toBe(2 * COST)
    expect(await rowOf(key)).toMatchObject({ accountId: `team:${to}`, moving: null })
    expect(await untold(`team:${from}`)).toEqual([])
    expect(await untold(`team:${to}`)).toEqual([])
  })

  it('takes it along where neither, the old one, or the new one has a ledger', async () => {
    const [a, b, c] = [await newTeam(), await newTeam(), await spentTeam()]
    const key = await newKey({ team_id: a.team_id, max_budget: 3 * COST })
    await move(key, { team_id: b.team_id })
    expect(await accountOf(`team:${b.team_id}`)).toMatchObject({ ledgerEpoch: 0 })
    await move(key, { team_id: c.team_id })
    await spend(key)
    await move(key, { team_id: a.team_id })
    expect(await info(key)).toMatchObject({ spend: COST })
    await spend(key)
    await spend(key)
    expect((await chat(key)).status).toBe(400)
    expect(await info(key)).toMatchObject({ spend: 3 * COST })
    expect(await teamSpend(a.team_id)).toBe(2 * COST)
  })

  it('cannot shed a budget by going there and back', async () => {
    const { team_id: from, key } = await spentTeam({}, { max_budget: COST, budget_duration: '1d' })
    const { team_id: to } = await newTeam()
    for (const team_id of [to, from, to]) {
      await move(key, { team_id })
      expect((await chat(key)).status).toBe(400)
      expect(await info(key)).toMatchObject({ spend: COST })
    }
  })

  it('takes along the windows of its models and its further ones', async () => {
    const { key } = await spentTeam(
      {},
      {
        budget_limits: [{ budget_duration: '24h', max_budget: 2 * COST }],
        model_max_budget: { llama3: { budget_limit: 1, time_period: '1d' } },
      },
    )
    const { team_id } = await newTeam()
    await move(key, { team_id })
    const usage = {
      budget_limits_usage: { '24h': { current_spend: COST } },
      model_max_budget_usage: { llama3: { current_spend: COST } },
    }
    expect(await info(key)).toMatchObject(usage)
    const rows = await db
      .select()
      .from(windowSpends)
      .where(eq(windowSpends.accountId, `team:${team_id}`))
    expect(rows.map(({ budget }) => budget).toSorted()).toEqual(['24h', 'main'])
    await spend(key)
    expect((await chat(key)).status).toBe(400)
  })

  it('takes along its last minute', async () => {
    const { key } = await spentTeam({}, { rpm_limit: 1 })
    const { team_id } = await newTeam()
    await move(key, { team_id })
    expect((await chat(key)).status).toBe(429)
  })

  it('settles where it was held what was in flight', async () => {
    const { team_id: from, key } = await spentTeam()
    const { team_id: to } = await spentTeam()
    const [answer] = await Promise.all([chat(key, { stream: true }), move(key, { team_id: to })])
    await answer.text()
    await env.LEDGER.getByName(`team:${from}:1`).flush()
    const spent = Number(await teamSpend(from)) + Number(await teamSpend(to))
    expect(spent).toBeCloseTo((answer.ok ? 3 : 2) * COST, 12)
  })

  it('refuses a team that is not there, and stays', async () => {
    const { team_id, key } = await spentTeam()
    await expectRefusal(['/key/update', { key, team_id: 'nowhere' }], 404, { param: 'team_id' })
    expect(await info(key)).toMatchObject({ team_id })
  })
})

describe('a key that goes to a user, or stands alone', () => {
  it('is paid for by the account of whom it belongs to', async () => {
    const { key } = await spentTeam()
    const user_id = crypto.randomUUID()
    await move(key, { team_id: null, user_id })
    await spend(key)
    expect(await info(key)).toMatchObject({ team_id: null, user_id, spend: 2 * COST })
    expect(await rowOf(key)).toMatchObject({ accountId: `user:${user_id}` })
    await move(key, { user_id: null })
    await spend(key)
    expect(await info(key)).toMatchObject({ user_id: null, spend: 3 * COST })
    expect(await rowOf(key)).toMatchObject({ accountId: `key:${await sha256Hex(key)}` })
  })
})

async function interrupted() {
  const { team_id: from, key } = await spentTeam({}, { max_budget: 2 * COST })
  const { team_id: to } = await spentTeam()
  const row = (await rowOf(key))!
  const moving = { account_id: `team:${to}`, team_id: to, user_id: null }
  const [changed] = await db
    .update(keys)
    .set({ moving, version: sql`nextval('policy_version')` })
    .where(eq(keys.token, row.token))
    .returning()
  const { version } = changed!
  const noted = { accountId: `team:${from}`, generation: 1, kind: 'key', rowId: row.token }
  await db.insert(tellings).values({ ...noted, version })
  return { from, to, key }
}

describe('a move that broke off', () => {
  it('is completed by cron', async () => {
    const { from, to, key } = await interrupted()
    await worker.scheduled(
      createScheduledController({ cron: '* * * * *', scheduledTime: new Date() }),
    )
    expect(await rowOf(key)).toMatchObject({ accountId: `team:${to}`, teamId: to, moving: null })
    expect(await info(key)).toMatchObject({ team_id: to, spend: COST })
    expect(await untold(`team:${from}`)).toEqual([])
    await spend(key)
    expect((await chat(key)).status).toBe(400)
  })

  it('is completed by the same call, and by any other change of the key', async () => {
    for (const change of [{ max_budget: 2 * COST }, { repeat: true }]) {
      const { to, key } = await interrupted()
      await move(key, 'repeat' in change ? { team_id: to } : change)
      expect(await info(key)).toMatchObject({ team_id: to, spend: COST })
    }
  })

  it('is completed once, by however many at the same time', async () => {
    const { to, key } = await interrupted()
    await Promise.all(Array.from({ length: 5 }, () => move(key, { team_id: to })))
    expect(await info(key)).toMatchObject({ team_id: to, spend: COST })
  })

  it.each(['old', 'new'])(
    'for want of the %s ledger is a 503, and goes on later',
    async (which) => {
      const { team_id: from, key } = await spentTeam({}, { max_budget: 2 * COST })
      const { team_id: to } = await spentTeam()
      await moveWithout(which === 'old' ? from : to, key, to)
      expect(await rowOf(key)).toMatchObject({ moving: { team_id: to }, teamId: from })
      await move(key, { team_id: to })
      expect(await info(key)).toMatchObject({ team_id: to, spend: COST })
      await spend(key)
      expect((await chat(key)).status).toBe(400)
      expect(await untold(`team:${from}`)).toEqual([])
    },
  )

  it.each([
    ['key', 'keys'],
    ['team', 'team_ids'],
  ])('brings what a key spent whose %s was deleted meanwhile', async (what, field) => {
    const { team_id: from, key } = await spentTeam()
    const { team_id: to } = await spentTeam()
    await moveWithout(to, key, to)
    await post(`/${what}/delete`, { [field]: [what === 'key' ? key : from] })
    const rowId = await sha256Hex(key)
    // Where cron finds it, which would drive on the moves of other tests, too.
    expect(await untold(`team:${from}`)).toContainEqual(expect.objectContaining({ rowId }))
    await moveKey({ db, ledgerOf: reachable }, rowId)
    const moved = { accountId: `team:${to}`, moving: null, deletedAt: expect.any(Date) }
    expect(await rowOf(key)).toMatchObject({ ...moved, spend: COST.toFixed(12) })
  })
})

/** A move that breaks off for want of one of the ledgers. */
async function moveWithout(teamId: string, key: string, to: string): Promise<void> {
  const ledgerOf = (ref: AccountRef): LedgerClient =>
    ref.accountId === `team:${teamId}` ? unreachable() : reachable(ref)
  const input = UpdateKey.parse({ key, team_id: to })
  const sharedKeys = { get: nothing, put: nothing, remove: nothing }
  const admin = { by: 'admin', role: 'proxy_admin', userId: 'admin', key: null } as const
  const actor = { ...admin, apiKey: null, teamIds: [] }
  const signed = { by: 'admin', author: { changedBy: 'admin', apiKey: null }, actor }
  const deps = { db, ledgerOf, sharedKeys, keyCache: new KeyCache(), ignored: [], ...signed }
  await expect(
    changeKey({ ...deps, path: '/key/update', input, nowMs: Date.now(), resets: ROLLING }),
  ).rejects.toMatchObject({
    status: 503,
  })
}
