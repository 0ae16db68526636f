import {
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { accounts, jobs, keys, teams, tellings } from '../../drizzle/schema.ts'
import { NIGHTLY } from '../../src/jobs/cron.ts'
import worker from '../../src/worker.ts'
import { db } from '../setup/database.ts'
import { chat, newKey, newTeam } from '../setup/worker.ts'

const DAY_MS = 86_400_000
const MINUTELY = '* * * * *'

async function tick(cron: string, scheduledTime: number): Promise<void> {
  const controller = createScheduledController({ cron, scheduledTime: new Date(scheduledTime) })
  const context = createExecutionContext()
  await worker.scheduled(controller)
  await waitOnExecutionContext(context)
}

async function teamAndAccount(teamId: string) {
  const [team] = await db.select().from(teams).where(eq(teams.teamId, teamId))
  const [account] = await db
    .select()
    .from(accounts)
    .where(eq(accounts.accountId, `team:${teamId}`))
  return { team: team!, account: account! }
}

async function spentTeam(fields: object): Promise<{ teamId: string; key: string }> {
  const { team_id: teamId } = await newTeam(fields)
  const key = await newKey({ team_id: teamId, budget_duration: '1d' })
  await (await chat(key)).text()
  await env.LEDGER.getByName(`team:${teamId}:1`).flush()
  return { teamId, key }
}

describe('each minute', () => {
  it('moves windows that ended: spend 0 and the next reset, without traffic', async () => {
    const { teamId } = await spentTeam({ budget_duration: '1d' })
    const before = await teamAndAccount(teamId)
    expect(Number(before.account.spend)).toBe(0.0000035)
    const resetMs = before.team.budgetResetAt!.getTime()

    await tick(MINUTELY, resetMs - 1)
    expect((await teamAndAccount(teamId)).team.budgetResetAt!.getTime()).toBe(resetMs)
    await tick(MINUTELY, resetMs + 5_000)
    const after = await teamAndAccount(teamId)
    expect(after.team.budgetResetAt!.getTime()).toBe(resetMs + DAY_MS)
    expect(Number(after.account.spend)).toBe(0)
    const [key] = await db.select().from(keys).where(eq(keys.teamId, teamId))
    expect(Number(key?.spend)).toBe(0)
    expect(key?.budgetResetAt?.getTime()).toBeGreaterThan(resetMs)
  })

  it('changes nothing the second time, and catches up over many windows', async () => {
    const { teamId } = await spentTeam({ budget_duration: '1h' })
    const { team } = await teamAndAccount(teamId)
    const lateMs = team.budgetResetAt!.getTime() + 10 * 3_600_000 + 1
    await tick(MINUTELY, lateMs)
    const once = await teamAndAccount(teamId)
    expect(once.team.budgetResetAt!.getTime()).toBe(team.budgetResetAt!.getTime() + 11 * 3_600_000)
    await tick(MINUTELY, lateMs)
    expect(await teamAndAccount(teamId)).toEqual(once)
  })

  it("leaves a ledger's later word on the new window alone", async () => {
    const { teamId } = await spentTeam({ budget_duration: '1d' })
    const { team, account } = await teamAndAccount(teamId)
    const resetAt = team.budgetResetAt!
    await db
      .update(accounts)
      .set({ spendWindowAt: resetAt, spend: '7' })
      .where(eq(accounts.accountId, account.accountId))
    await tick(MINUTELY, resetAt.getTime())
    expect(Number((await teamAndAccount(teamId)).account.spend)).toBe(7)
  })

  it('tells a ledger what the admin API could not', async () => {
    const { teamId, key } = await spentTeam({})
    const [row] = await db.select().from(keys).where(eq(keys.teamId, teamId))
    const version = row!.version + 1_000_000
    await db.update(keys).set({ blocked: true, version }).where(eq(keys.teamId, teamId))
    const noted = { accountId: `team:${teamId}`, generation: 1, kind: 'key', rowId: row!.token }
    await db.insert(tellings).values({ ...noted, version })
    expect((await chat(key)).status).toBe(200)
    await tick(MINUTELY, Date.now())
    expect((await chat(key)).status).toBe(401)
    const left = await db.select().from(tellings).where(eq(tellings.rowId, row!.token))
    expect(left).toEqual([])
  })
})

describe('each night', () => {
  it('looks at the books of every account that spent, and starts again the next night', async () => {
    await spentTeam({})
    await tick(NIGHTLY, Date.now())
    const [job] = await db.select().from(jobs).where(eq(jobs.job, 'reconcile'))
    expect(job?.cursor).toBe('')
  })

  it('goes on where it stopped', async () => {
    await spentTeam({})
    const last = { job: 'reconcile', cursor: '\u{10ffff}' }
    await db.insert(jobs).values(last).onConflictDoUpdate({ target: jobs.job, set: last })
    await tick(NIGHTLY, Date.now())
    const [job] = await db.select().from(jobs).where(eq(jobs.job, 'reconcile'))
    expect(job?.cursor).toBe('')
  })
})
