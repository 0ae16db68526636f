import { and, eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import {
  accounts,
  dailySpend,
  keys,
  memberships,
  spendLogs,
  windowSpends,
} from '../../drizzle/schema.ts'
import { sumLogs } from '../../src/db/logs.ts'
import { type ScopeSpend, type SpendBatch, writeSpend } from '../../src/db/spend.ts'
import { entryId } from '../../src/ids.ts'
import type { Charged, Entry } from '../../src/ledger/store.ts'
import { db } from '../setup/database.ts'
import { newTenant } from './tenant.ts'

const DAY = 86_400_000
const T0 = Date.UTC(2026, 9, 1)
const USD = 10n ** 12n

type Tenant = Awaited<ReturnType<typeof newTenant>>

function batchOf(tenant: Tenant, fields: Partial<SpendBatch>): SpendBatch {
  const { accountId, generation } = tenant
  return { accountId, generation, epoch: 5, seq: 5, entries: [], spends: [], ...fields }
}

/** Each kind of scope, and where Postgres keeps what it spent. */
const SCOPES: [string, (tenant: Tenant) => Pick<ScopeSpend, 'scope' | 'budget'>][] = [
  ['the account', () => ({ scope: 'account', budget: 'main' })],
  ['a key', ({ keyScope }) => ({ scope: keyScope, budget: 'main' })],
  ['a member', ({ userScope }) => ({ scope: userScope, budget: 'main' })],
  ['one without a membership', () => ({ scope: 'member:guest', budget: 'main' })],
  ['a model of a key', ({ keyScope }) => ({ scope: `${keyScope}/openai/*`, budget: 'main' })],
  ['a model of a member', ({ userScope }) => ({ scope: `${userScope}/m`, budget: 'main' })],
  ['a further window of a key', ({ keyScope }) => ({ scope: keyScope, budget: '1h' })],
  ['a further window of the account', () => ({ scope: 'account', budget: '1h' })],
]

async function standing({ accountId, teamId, token, userId }: Tenant, by: Partial<ScopeSpend>) {
  const [account] = await db.select().from(accounts).where(eq(accounts.accountId, accountId))
  const [key] = await db.select().from(keys).where(eq(keys.token, token))
  const isMember = and(eq(memberships.teamId, teamId), eq(memberships.userId, userId))
  const [member] = await db.select().from(memberships).where(isMember)
  const rows = await db.select().from(windowSpends).where(eq(windowSpends.accountId, accountId))
  const window = rows.find((row) => row.scope === by.scope && row.budget === by.budget)
  const written = [account, key, member, window].filter((row) => row && row.spendSeq > 0)
  return written.map((row) => [
    Number(row?.spend),
    row?.spendWindowAt.getTime(),
    row?.spendWindowEndAt?.getTime() ?? null,
  ])
}

describe.each(SCOPES)('the spend of %s', (_name, scopeIn) => {
  it('is written once, and no older word on it ever wins', async () => {
    const tenant = await newTenant()
    const budget = scopeIn(tenant)
    const said = { ...budget, startMs: T0, endMs: T0 + DAY, spentPico: 3n * USD }
    await writeSpend(db, batchOf(tenant, { spends: [said] }))
    expect(await standing(tenant, budget)).toEqual([[3, T0, T0 + DAY]])

    const other = { ...said, spentPico: 99n * USD }
    const older: [Partial<SpendBatch>, number][] = [
      [{ seq: 5 }, T0],
      [{ seq: 4 }, T0],
      [{ epoch: 4, seq: 9 }, T0],
      [{ epoch: 9, seq: 9 }, T0 - DAY],
      [{ epoch: 9, seq: 9, generation: 2 }, T0 + DAY],
    ]
    for (const [fields, startMs] of older) {
      await writeSpend(db, batchOf(tenant, { ...fields, spends: [{ ...other, startMs }] }))
    }
    expect(await standing(tenant, budget)).toEqual([[3, T0, T0 + DAY]])
  })

  it.each([
    ['later in the window', { seq: 6 }, T0],
    ['by a later ledger', { epoch: 6, seq: 1 }, T0],
    ['in the next window', { epoch: 1, seq: 1 }, T0 + DAY],
  ])('goes on %s', async (_when, fields, startMs) => {
    const tenant = await newTenant()
    const budget = scopeIn(tenant)
    const said = { ...budget, startMs: T0, endMs: T0 + DAY, spentPico: 3n * USD }
    await writeSpend(db, batchOf(tenant, { spends: [said] }))
    const next = { ...said, startMs, endMs: null, spentPico: USD }
    await writeSpend(db, batchOf(tenant, { ...fields, spends: [next] }))
    expect(await standing(tenant, budget)).toEqual([[1, startMs, null]])
  })
})

describe('the spend of what is elsewhere', () => {
  it('is not written on a key of another account', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()]
    const said = { scope: other.keyScope, budget: 'main', startMs: T0, endMs: null, spentPico: USD }
    await writeSpend(db, batchOf(tenant, { spends: [said] }))
    expect(await standing(other, said)).toEqual([])
  })

  it("is not written on the same user's row in another team", async () => {
    const [tenant, other] = [await newTenant(), await newTenant()]
    const scope = other.userScope
    const said = { scope, budget: 'main', startMs: T0, endMs: null, spentPico: USD }
    await writeSpend(db, batchOf(tenant, { spends: [said] }))
    expect(await standing(other, said)).toEqual([])
  })
})

function entry(fields: Partial<Entry>): Entry {
  return {
    id: entryId(T0),
    revision: 0,
    state: 'settled',
    reservedMs: T0,
    deadlineMs: T0,
    endedMs: T0 + 1,
    holdPico: 0n,
    seenPico: 0n,
    chargePico: 5n,
    holdTokens: 0,
    tokens: 1,
    scopes: [],
    rules: [],
    charged: [['account', 'main', 0, null]],
    detail: { status: 'success', keyHash: 'k' },
    ...fields,
  }
}

describe('what an admin changed', () => {
  it('has a log row that counts if it is of the account’s own spend, and is in no daily sum', async () => {
    const tenant = await newTenant()
    const { accountId, keyScope } = tenant
    const detail = { changedBy: 'admin' }
    const adjusted = { state: 'adjusted', tokens: 0, detail } as const
    const ofKey: Charged[] = [[keyScope, 'main', 0, null]]
    const ofWindow: Charged[] = [['account', '1d', T0, T0 + 1]]
    const entries = [
      entry({}),
      entry({ ...adjusted, chargePico: -3n }),
      entry({ ...adjusted, chargePico: -2n * USD, charged: ofKey, reservedMs: T0 + 1 }),
      entry({ ...adjusted, chargePico: -USD, charged: ofWindow, reservedMs: T0 + 2 }),
    ]
    for (let times = 0; times < 2; times++) await writeSpend(db, batchOf(tenant, { entries }))
    const rows = await db.select().from(spendLogs).where(eq(spendLogs.accountId, accountId))
    const changes = rows.filter(({ state }) => state === 'adjusted')
    expect(changes.map(({ spendPico, detail: said }) => [spendPico, said])).toEqual(
      expect.arrayContaining([
        [-3n, { ...detail, adjusted_usd: '-0.000000000003', scope: 'account' }],
        [0n, { ...detail, adjusted_usd: '-2.000000000000', scope: keyScope }],
        [0n, { ...detail, adjusted_usd: '-1.000000000000', scope: 'account' }],
      ]),
    )
    const days = await db.select().from(dailySpend).where(eq(dailySpend.accountId, accountId))
    expect(days).toMatchObject([{ spendPico: '5', requests: 1, successfulRequests: 1 }])
    expect((await sumLogs(db, tenant, 0)).logsPico).toBe(2n)
  })
})
