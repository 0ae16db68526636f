import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import {
  accounts,
  budgets,
  keys,
  memberships,
  spendLogs,
  teams,
  users,
} from '../../drizzle/schema.ts'
import { endedWindows, moveWindows } from '../../src/db/windows.ts'
import { sweep } from '../../src/jobs/sweep.ts'
import { reconcile } from '../../src/ledger/reconcile.ts'
import { CARRIED_MAX_PICO, ROLLING, windowAt } from '../../src/windows.ts'
import { newBudget, newTenant } from '../db/tenant.ts'
import { db } from '../setup/database.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Long before the rows of other tests are due. */
const T0 = Date.UTC(2020, 0, 1)
const at = (ms: number): Date => new Date(ms)
const rolling = (nowMs: number) => ({ nowMs, resets: ROLLING })

const RULE = { budgetDuration: '1d', budgetAnchorAt: at(T0), budgetResetAt: at(T0 + DAY) }
const WINDOW = { spendWindowAt: at(T0), spendWindowEndAt: at(T0 + DAY) }
const SPENT = { ...WINDOW, spend: '3', spendEpoch: 4, spendSeq: 5 }
/** As it is read. */
const SPENT_THEN = { ...SPENT, spend: '3.000000000000' }
const NEXT = {
  spend: '0.000000000000',
  spendWindowAt: at(T0 + DAY),
  spendWindowEndAt: at(T0 + 2 * DAY),
  spendEpoch: 0,
  spendSeq: 0,
}

function ended() {
  return newTenant({
    account: SPENT,
    team: RULE,
    key: { ...RULE, ...SPENT },
    member: { ...RULE, ...SPENT },
  })
}

async function rowsOf(tenant: { accountId: string; teamId: string; token: string }) {
  const { accountId, teamId, token } = tenant
  const [account] = await db.select().from(accounts).where(eq(accounts.accountId, accountId))
  const [team] = await db.select().from(teams).where(eq(teams.teamId, teamId))
  const [key] = await db.select().from(keys).where(eq(keys.token, token))
  const [member] = await db.select().from(memberships).where(eq(memberships.teamId, teamId))
  return { account: account!, team: team!, key: key!, member: member! }
}

describe('a window that ended', () => {
  it('is moved for teams, keys and members: the next reset, and a spend of 0', async () => {
    const tenant = await ended()
    await sweep(db, rolling(T0 + DAY - 1))
    expect(await rowsOf(tenant)).toMatchObject({ account: SPENT_THEN, key: RULE, member: RULE })
    await sweep(db, rolling(T0 + DAY))
    const budgetResetAt = at(T0 + 2 * DAY)
    expect(await rowsOf(tenant)).toMatchObject({
      account: NEXT,
      team: { budgetResetAt },
      key: { ...NEXT, budgetResetAt },
      member: { ...NEXT, budgetResetAt },
    })
  })

  it('is moved for users and their account', async () => {
    const userId = crypto.randomUUID()
    await db.insert(users).values({ userId, ...RULE })
    await db.insert(accounts).values({ accountId: `user:${userId}`, ...SPENT })
    await sweep(db, rolling(T0 + DAY))
    const [user] = await db.select().from(users).where(eq(users.userId, userId))
    const isTheirs = eq(accounts.accountId, `user:${userId}`)
    const [account] = await db.select().from(accounts).where(isTheirs)
    expect(user?.budgetResetAt).toEqual(at(T0 + 2 * DAY))
    expect(account).toMatchObject(NEXT)
  })

  it('is moved for shared budgets, which have no spend, and for who never spent', async () => {
    const budgetId = await newBudget(RULE)
    const tenant = await newTenant({ team: RULE, key: RULE })
    await sweep(db, rolling(T0 + 3 * DAY))
    const [budget] = await db.select().from(budgets).where(eq(budgets.budgetId, budgetId))
    const budgetResetAt = at(T0 + 4 * DAY)
    expect(budget?.budgetResetAt).toEqual(budgetResetAt)
    expect(await rowsOf(tenant)).toMatchObject({ team: { budgetResetAt }, key: { budgetResetAt } })
  })

  it('is moved though Postgres counts microseconds', async () => {
    const { teamId, ...tenant } = await ended()
    const budgetAnchorAt = sql`'2020-01-01T00:00:00.000999Z'::timestamptz`
    await db.update(teams).set({ budgetAnchorAt }).where(eq(teams.teamId, teamId))
    await sweep(db, rolling(T0 + DAY))
    const { team } = await rowsOf({ teamId, ...tenant })
    expect(team.budgetResetAt).toEqual(at(T0 + 2 * DAY))
  })
})

describe('a window that was open when its duration changed', () => {
  const changed = {
    budgetDuration: '1d',
    budgetAnchorAt: at(T0 + 12 * HOUR),
    budgetResetAt: at(T0 + 13 * HOUR),
  }

  it('goes on with its spend until the new reset', async () => {
    const tenant = await newTenant({ account: SPENT, team: changed, key: { ...changed, ...SPENT } })
    await sweep(db, rolling(T0 + 14 * HOUR))
    const budgetResetAt = at(T0 + 36 * HOUR)
    expect(await rowsOf(tenant)).toMatchObject({
      account: SPENT_THEN,
      team: { budgetResetAt },
      key: { ...SPENT_THEN, budgetResetAt },
    })
    await sweep(db, rolling(T0 + 36 * HOUR))
    const { account, key } = await rowsOf(tenant)
    expect([account.spend, key.spend]).toEqual([NEXT.spend, NEXT.spend])
  })

  it('is over if it had ended before', async () => {
    const spent = { ...SPENT, spendWindowEndAt: at(T0 + 11 * HOUR) }
    const tenant = await newTenant({ account: spent, team: changed })
    await sweep(db, rolling(T0 + 14 * HOUR))
    const { account } = await rowsOf(tenant)
    expect(account).toMatchObject({ spend: NEXT.spend, spendWindowAt: changed.budgetAnchorAt })
  })
})

describe('what is carried into a window', () => {
  const resets = { ...ROLLING, rolloverMax: 1 }
  const unopened = { ledger: { audit: async () => null } }

  it.each([
    ['of an account without a ledger is in a log row, once', 0, '-1', 1],
    ['of one with a ledger is for that to say', 1, '-1', 0],
  ])('%s', async (_name, ledgerEpoch, spend, count) => {
    const team = { ...RULE, maxBudget: '4' }
    const { accountId } = await newTenant({ account: { ...SPENT, ledgerEpoch }, team })
    for (let run = 0; run < 2; run++) await sweep(db, { nowMs: T0 + DAY, resets })
    const [account] = await db.select().from(accounts).where(eq(accounts.accountId, accountId))
    expect(Number(account?.spend)).toBe(Number(spend))
    const logs = await db.select().from(spendLogs).where(eq(spendLogs.accountId, accountId))
    expect(logs).toHaveLength(count)
    if (count === 0) return
    expect(logs).toMatchObject([{ state: 'adjusted', callType: 'rollover', endedAt: at(T0 + DAY) }])
    const { postgresPico, differencePico } = await reconcile({ db, ...unopened }, account!)
    expect([postgresPico, differencePico]).toEqual([-(10n ** 12n), 0n])
  })

  it('is as much as Postgres can say', async () => {
    const account = { ...SPENT, spend: '0', ledgerEpoch: 0 }
    const team = { ...RULE, maxBudget: '1e15' }
    const { accountId } = await newTenant({ account, team })
    await sweep(db, { nowMs: T0 + DAY, resets })
    const logs = await db.select().from(spendLogs).where(eq(spendLogs.accountId, accountId))
    expect(logs).toMatchObject([{ spendPico: -CARRIED_MAX_PICO }])
  })
})

describe('what happens between the look and the move', () => {
  async function moveAfter(
    change: (tenant: Awaited<ReturnType<typeof ended>>) => Promise<unknown>,
  ) {
    const tenant = await ended()
    const window = windowAt({ duration: { count: 1, unit: 'd' }, anchorMs: T0 }, rolling(T0 + DAY))
    const mine = new Set([tenant.teamId, tenant.token, tenant.userId])
    const found = await endedWindows(db, T0 + DAY)
    const moved = found
      .filter(({ id }) => mine.has(id))
      .map((row) => ({ ...row, window, spentPico: 0n }))
    expect(moved).toHaveLength(3)
    await change(tenant)
    await moveWindows(db, moved)
    return rowsOf(tenant)
  }

  it.each([
    ['duration', { budgetDuration: '7d' }],
    ['duration, to none', { budgetDuration: null }],
    ['anchor', { budgetAnchorAt: at(T0 + HOUR) }],
  ])('stays: an edit of the %s', async (_name, edit) => {
    const rows = await moveAfter(async ({ teamId, token }) => {
      await db.update(teams).set(edit).where(eq(teams.teamId, teamId))
      await db.update(keys).set(edit).where(eq(keys.token, token))
      await db.update(memberships).set(edit).where(eq(memberships.teamId, teamId))
    })
    expect(rows).toMatchObject({
      account: SPENT_THEN,
      team: { ...RULE, ...edit },
      key: { ...RULE, ...edit, ...SPENT_THEN },
      member: { ...RULE, ...edit, ...SPENT_THEN },
    })
  })

  it("stays: a ledger's word on the new window", async () => {
    const later = { ...NEXT, spend: '7.000000000000', spendEpoch: 4, spendSeq: 6 }
    const rows = await moveAfter(async ({ accountId, token, teamId }) => {
      await db.update(accounts).set(later).where(eq(accounts.accountId, accountId))
      await db.update(keys).set(later).where(eq(keys.token, token))
      await db.update(memberships).set(later).where(eq(memberships.teamId, teamId))
    })
    const budgetResetAt = at(T0 + 2 * DAY)
    expect(rows).toMatchObject({
      account: later,
      team: { budgetResetAt },
      key: { ...later, budgetResetAt },
      member: { ...later, budgetResetAt },
    })
  })
})
