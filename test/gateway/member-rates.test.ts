import { eq } from 'drizzle-orm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { budgets, memberships, teams } from '../../drizzle/schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { Db } from '../../src/db/connect.ts'
import { hasMemberRates } from '../../src/db/member-rates.ts'
import { memberRatesWatch } from '../../src/gateway/member-rates.ts'
import { db } from '../setup/database.ts'

/** A database that answers so, and how often it was asked. */
function databaseWith(found: boolean) {
  const execute = vi.fn(async () => ({ rows: [{ found }] }))
  return { db: { execute } as unknown as Db, execute }
}

function configWith(flag: string) {
  return parseConfig('', { EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING: flag }).config
}

/** What is warned of while so many requests come. */
async function warned(flag: string, database: Db, requests: number): Promise<string[]> {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const watch = memberRatesWatch({ config: configWith(flag), db: database })
  const work: Promise<unknown>[] = []
  for (let i = 0; i < requests; i++) watch((deferred) => void work.push(deferred))
  await Promise.all(work)
  return warn.mock.calls.map(([line]) => String(line))
}

afterEach(() => void vi.restoreAllMocks())

describe("members' rate limits that are off", () => {
  it('are warned of once, if there are any', async () => {
    const { db: database, execute } = databaseWith(true)
    const lines = await warned('false', database, 3)
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', event: 'member_rate_limits_off' })
    expect(execute).toHaveBeenCalledTimes(1)
  })

  it('are no news if there are none', async () => {
    expect(await warned('false', databaseWith(false).db, 1)).toEqual([])
  })

  it('never fail a request', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const failing = { execute: async () => Promise.reject(new Error('no database')) }
    expect(await warned('false', failing as unknown as Db, 1)).toEqual([])
  })

  it('are not looked for while they are on', async () => {
    const { db: database, execute } = databaseWith(true)
    expect(await warned('true', database, 2)).toEqual([])
    expect(execute).not.toHaveBeenCalled()
  })
})

describe('hasMemberRates', () => {
  const teamId = crypto.randomUUID()
  const budgetId = crypto.randomUUID()
  const member = { userId: 'u', teamId }

  // Others' rows may be there, too: all that can be said is that these are seen.
  it.each([
    ['a team', () => db.insert(teams).values({ teamId, teamMemberTpmLimit: 5 })],
    ['a membership', () => db.insert(memberships).values({ ...member, rpmLimit: 5 })],
    [
      'a model of a membership',
      () => db.insert(memberships).values({ ...member, modelRpmLimit: { m: 1 } }),
    ],
    [
      'a budget that a membership names',
      async () => {
        await db.insert(budgets).values({ budgetId, tpmLimit: 5 })
        await db.insert(memberships).values({ ...member, budgetId })
      },
    ],
  ])('sees that of %s', async (_what, insert) => {
    await insert()
    expect(await hasMemberRates(db)).toBe(true)
    await db.delete(teams).where(eq(teams.teamId, teamId))
    await db.delete(memberships).where(eq(memberships.teamId, teamId))
    await db.delete(budgets).where(eq(budgets.budgetId, budgetId))
  })
})
