import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { keys, tellings } from '../../../drizzle/schema.ts'
import { keyPolicy } from '../../../src/db/policy.ts'
import { sha256Hex } from '../../../src/ids.ts'
import worker from '../../../src/worker.ts'
import { db } from '../../setup/database.ts'
import { type Isolate, newIsolate } from '../../setup/isolate.ts'
import { get, newKey, newTeam, post } from '../../setup/worker.ts'
import { accountOf, COST, untold } from '../tenant.ts'

const newUser = async (team_id: string, fields: object = {}): Promise<string> => {
  const user_id = crypto.randomUUID()
  await post('/team/member_add', { team_id, member: { role: 'user', user_id }, ...fields })
  return user_id
}

/** A key that a warm isolate has called with. */
async function warmKey(fields: object): Promise<{ key: string; warm: Isolate }> {
  const [key, warm] = [await newKey(fields), newIsolate()]
  expect(await warm.chat(key)).toMatchObject({ status: 200 })
  return { key, warm }
}

const runCron = (): Promise<void> =>
  worker.scheduled(createScheduledController({ cron: '* * * * *', scheduledTime: new Date() }))

interface Sums {
  readonly difference: number
  readonly ledger_spend: number
}

it('a key that is given to another member counts as theirs at once, where it is known too', async () => {
  const { team_id } = await newTeam()
  const [ann, bob] = [await newUser(team_id), await newUser(team_id, { max_budget_in_team: 0 })]
  const { key, warm } = await warmKey({ team_id, user_id: ann })
  await post('/key/update', { key, user_id: bob })
  expect(await warm.chat(key)).toMatchObject({ status: 400, why: 'member:budget' })
  await post('/key/update', { key, user_id: null })
  expect(await warm.chat(key)).toMatchObject({ status: 200 })
})

it('a budget row that is made anew binds keys that went without it', async () => {
  const { team_id } = await newTeam()
  const { budget_id } = await post<{ budget_id: string }>('/budget/new', { max_budget: 1 })
  const key = await newKey({ team_id, budget_id })
  expect(await newIsolate().chat(key)).toMatchObject({ status: 200 })
  await post('/budget/delete', { id: budget_id })
  await post('/key/update', { key })
  const warm = newIsolate()
  expect(await warm.chat(key)).toMatchObject({ status: 200 })
  await post('/budget/new', { budget_id, max_budget: 0 })
  expect(await warm.chat(key)).toMatchObject({ status: 400, why: 'key:budget' })
})

/** A key on its way to another team, as far as the old ledger letting go of it. */
async function halfMoved(fields: object) {
  const [{ team_id: from }, { team_id: to }] = [await newTeam(), await newTeam()]
  const { key, warm } = await warmKey({ team_id: from, ...fields })
  const token = await sha256Hex(key)
  const moving = { account_id: `team:${to}`, team_id: to, user_id: null }
  const version = sql`nextval('policy_version')`
  const set = { moving, version, updatedAt: new Date() }
  const [row] = await db.update(keys).set(set).where(eq(keys.token, token)).returning()
  const noted = { accountId: `team:${from}`, generation: 1, kind: 'key', rowId: token }
  await db.insert(tellings).values({ ...noted, version: row!.version })
  const leaving = { ...keyPolicy(row!), accountId: `team:${to}` }
  await env.LEDGER.getByName(`team:${from}:1`).leave(leaving)
  return { from, to, key, warm }
}

describe('a key that moves', () => {
  it('is not served while it is between two ledgers, however its isolate knows it', async () => {
    const { key, warm, to } = await halfMoved({ max_budget: COST })
    for (const isolate of [warm, newIsolate(), warm]) {
      expect(await isolate.chat(key)).toMatchObject({ status: 503 })
    }
    await post('/key/update', { key, team_id: to })
    for (const isolate of [warm, newIsolate()]) {
      expect(await isolate.chat(key)).toMatchObject({ status: 400, why: 'key:budget' })
    }
  })

  it('is referred from a team that had no ledger when it left', async () => {
    const [{ team_id: from }, { team_id: to }] = [await newTeam(), await newTeam()]
    const key = await newKey({ team_id: from, max_budget: COST })
    const [warm, other] = [newIsolate(), newIsolate()]
    for (const isolate of [warm, other]) {
      expect(await isolate.get('/models', key)).toMatchObject({ status: 200 })
    }
    await post('/key/update', { key, team_id: to })
    await runCron()
    expect(await accountOf(`team:${from}`)).toMatchObject({ ledgerEpoch: 0 })
    expect(await warm.chat(key)).toMatchObject({ status: 200 })
    expect(await other.chat(key)).toMatchObject({ status: 400, why: 'key:budget' })
    const shown = await get<{ team_info: object }>(`/team/info?team_id=${from}`)
    expect(shown.team_info).toMatchObject({ spend: 0 })
    await runCron()
    expect(await untold(`team:${from}`)).toEqual([])
  })

  it('leaves no note behind for longer than anybody may know it', async () => {
    const [{ team_id: from }, { team_id: to }] = [await newTeam(), await newTeam()]
    const key = await newKey({ team_id: from })
    await post('/key/update', { key, team_id: to })
    expect(await untold(`team:${from}`)).toHaveLength(1)
    const createdAt = new Date(Date.now() - 26 * 3_600_000)
    await db
      .update(tellings)
      .set({ createdAt })
      .where(eq(tellings.accountId, `team:${from}`))
    await runCron()
    expect(await untold(`team:${from}`)).toEqual([])
  })

  it('counts each call of its last minute once, though it comes back', async () => {
    const [{ team_id: a }, { team_id: b }] = [await newTeam(), await newTeam()]
    const { key, warm } = await warmKey({ team_id: a, rpm_limit: 4 })
    await post('/key/update', { key, team_id: b })
    expect(await warm.chat(key)).toMatchObject({ status: 200 })
    for (const team_id of [a, b, a]) await post('/key/update', { key, team_id })
    const more = [await warm.chat(key), await warm.chat(key), await warm.chat(key)]
    expect(more.map(({ status }) => status)).toEqual([200, 200, 429])
  })

  it('has spent what it spent, wherever it is, and every team what it paid', async () => {
    const [{ team_id: a }, { team_id: b }] = [await newTeam(), await newTeam()]
    const { key, warm } = await warmKey({ team_id: a, max_budget: 4 * COST })
    for (const team_id of [b, a, b]) {
      await post('/key/update', { key, team_id })
      await post('/key/update', { key, team_id })
      expect(await warm.chat(key)).toMatchObject({ status: 200 })
    }
    expect(await warm.chat(key)).toMatchObject({ status: 400, why: 'key:budget' })
    expect(await get(`/key/info?key=${key}`)).toMatchObject({ info: { spend: 4 * COST } })
    for (const team_id of [a, b]) {
      const sums = await get<Sums>(`/team/reconcile?team_id=${team_id}`)
      expect(sums).toMatchObject({ difference: 0, ledger_spend: 2 * COST })
    }
  })
})
