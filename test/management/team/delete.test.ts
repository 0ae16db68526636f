import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { accounts, spendLogs, tellings } from '../../../drizzle/schema.ts'
import { entryId } from '../../../src/ids.ts'
import { unlimitedRow } from '../../../src/ledger/policy.ts'
import { db } from '../../setup/database.ts'
import {
  call,
  chat,
  type ErrorBody,
  get,
  MASTER,
  newKey,
  newTeam,
  post,
} from '../../setup/worker.ts'

interface Books {
  readonly ledger_spend: number
  readonly postgres_spend: number
  readonly log_spend: number
  readonly undelivered_entries: number
  readonly difference: number
}

const reconcile = (teamId: string): Promise<Books> => get(`/team/reconcile?team_id=${teamId}`)

describe('/team/delete', () => {
  it('refuses its keys from the next call on, and is gone', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id })
    expect((await chat(key)).status).toBe(200)
    expect(await post('/team/delete', { team_ids: [team_id] })).toEqual({
      deleted_teams: [team_id],
    })
    expect((await chat(key)).status).toBe(401)
    expect((await call('GET', `/team/info?team_id=${team_id}`, { key: MASTER })).status).toBe(404)
    expect((await call('GET', `/key/info?key=${key}`, { key: MASTER })).status).toBe(404)
    const body = { team_id }
    expect((await call('POST', '/key/generate', { key: MASTER, body })).status).toBe(404)
  })

  it('brings what was spent to Postgres first', async () => {
    const { team_id } = await newTeam()
    await (await chat(await newKey({ team_id }))).text()
    await post('/team/delete', { team_ids: [team_id] })
    const rows = await db.select().from(spendLogs).where(eq(spendLogs.teamId, team_id))
    expect(rows.map(({ spendPico }) => spendPico)).toEqual([3_500_000n])
  })

  it('may be repeated, names a team that never was, and then deletes nothing', async () => {
    const { team_id } = await newTeam()
    await post('/team/delete', { team_ids: [team_id] })
    await post('/team/delete', { team_ids: [team_id] })
    const body = { team_ids: ['never-was'] }
    const unknown = await call('POST', '/team/delete', { key: MASTER, body })
    expect(unknown.status).toBe(404)
    expect((await unknown.json<ErrorBody>()).error.message).toBe(
      'Team not found, passed team_id=never-was',
    )
  })

  it('settles where it was held what was in flight, and says how much that is', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id })
    await (await chat(key)).text()
    const ledger = env.LEDGER.getByName(`team:${team_id}:1`)
    const id = entryId(Date.now())
    const rows = [unlimitedRow('account', `team:${team_id}`)]
    const money = { expectedPico: 5n, boundPico: 5n, expectedTokens: 1 }
    const inFlight = { ...rows[0]!, version: Number.MAX_SAFE_INTEGER }
    await ledger.reserve({ id, rows: [inFlight], ...money, detail: {} })
    const body = { team_ids: [team_id] }
    const deleted = await call('POST', '/team/delete', { key: MASTER, body })
    expect(deleted.headers.get('x-tollgate-pending')).toBe('1')
    await ledger.settle({ id, rows, chargePico: 7n, tokens: 1, detail: {} })
    await ledger.flush()
    const logged = await db.select().from(spendLogs).where(eq(spendLogs.entryId, id))
    expect(logged.map(({ spendPico }) => spendPico)).toEqual([7n])
  })
})

describe('a team made again with the id of a deleted one', () => {
  it('starts clean: no spend, no keys, a ledger of its own', async () => {
    const { team_id } = await newTeam({ max_budget: 0.000000001, team_alias: 'old' })
    const old = await newKey({ team_id })
    await (await chat(old)).text()
    expect((await chat(old)).status).toBe(400)
    await post('/team/delete', { team_ids: [team_id] })

    await newTeam({ team_id, max_budget: 0.000000001 })
    const info = await get<{ team_info: object; keys: object[] }>(`/team/info?team_id=${team_id}`)
    expect(info).toMatchObject({ team_info: { spend: 0, team_alias: null }, keys: [] })
    expect((await chat(old)).status).toBe(401)
    const key = await newKey({ team_id })
    expect((await chat(key)).status).toBe(200)
    expect((await chat(key)).status).toBe(400)
    const [account] = await db
      .select()
      .from(accounts)
      .where(eq(accounts.accountId, `team:${team_id}`))
    expect(account).toMatchObject({ generation: 2, ledgerEpoch: 1 })
  })

  it('keeps its books apart from those of the deleted one', async () => {
    const { team_id } = await newTeam()
    await (await chat(await newKey({ team_id }))).text()
    await post('/team/delete', { team_ids: [team_id] })
    await newTeam({ team_id })
    expect(await reconcile(team_id)).toMatchObject({ ledger_spend: 0, log_spend: 0, difference: 0 })
    const ghost = env.LEDGER.getByName(`team:${team_id}:1`)
    const id = entryId(Date.now())
    const rows = [unlimitedRow('account', `team:${team_id}`)]
    await ghost.settle({ id, rows, chargePico: 9n, tokens: 1, detail: {} })
    await ghost.flush()
    await (await chat(await newKey({ team_id }))).text()
    await env.LEDGER.getByName(`team:${team_id}:2`).flush()
    expect(await reconcile(team_id)).toMatchObject({
      ledger_spend: 0.0000035,
      postgres_spend: 0.0000035,
      log_spend: 0.0000035,
      difference: 0,
    })
  })
})

describe('/team/reconcile', () => {
  it('agrees while entries wait, and when Postgres has them all', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id })
    for (let i = 0; i < 3; i++) await (await chat(key)).text()
    expect(await reconcile(team_id)).toMatchObject({ ledger_spend: 0.0000105, difference: 0 })
    await env.LEDGER.getByName(`team:${team_id}:1`).flush()
    expect(await reconcile(team_id)).toMatchObject({
      ledger_spend: 0.0000105,
      postgres_spend: 0.0000105,
      log_spend: 0.0000105,
      held: 0,
      undelivered_entries: 0,
      difference: 0,
    })
  })

  it('shows money that is in the ledger alone', async () => {
    const { team_id } = await newTeam()
    await (await chat(await newKey({ team_id }))).text()
    await env.LEDGER.getByName(`team:${team_id}:1`).flush()
    await db.delete(spendLogs).where(eq(spendLogs.teamId, team_id))
    expect(await reconcile(team_id)).toMatchObject({ log_spend: 0, difference: 0.0000035 })
  })

  it('is 0 for a team that never spent, and 404 for none', async () => {
    const { team_id } = await newTeam()
    expect(await reconcile(team_id)).toMatchObject({ ledger_spend: 0, difference: 0 })
    const response = await call('GET', '/team/reconcile?team_id=none', { key: MASTER })
    expect(response.status).toBe(404)
  })
})

describe('a change that was told', () => {
  it('is not noted any more', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id })
    await (await chat(key)).text()
    await post('/key/delete', { keys: [key] })
    await post('/team/delete', { team_ids: [team_id] })
    const noted = await db
      .select()
      .from(tellings)
      .where(eq(tellings.accountId, `team:${team_id}`))
    expect(noted).toEqual([])
  })
})
