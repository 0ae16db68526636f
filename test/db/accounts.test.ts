import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { accounts, budgets, keys, memberships, windowSpends } from '../../drizzle/schema.ts'
import { openAccount } from '../../src/db/accounts.ts'
import { db } from '../setup/database.ts'
import { newBudget, newTenant } from './tenant.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = new Date(Date.UTC(2026, 9, 1))
const END = new Date(Date.UTC(2026, 9, 2))
const AT = { startMs: START.getTime(), endMs: END.getTime() }
const WINDOW = { spendWindowAt: START, spendWindowEndAt: END }
const usd = (amount: number): bigint => BigInt(amount) * 10n ** 12n
const ago = (ms: number): Date => new Date(Date.now() - ms)

describe('an opening', () => {
  it('has every spend of the account, with the window that it counts in', async () => {
    const tenant = await newTenant({
      account: { spend: '10', ...WINDOW },
      key: { spend: '2', spendWindowAt: START },
      member: { spend: '3', ...WINDOW },
    })
    const { accountId, keyScope, userScope } = tenant
    const further = { accountId, generation: 1, ...WINDOW }
    await db.insert(windowSpends).values([
      { ...further, scope: `${keyScope}/gpt-4`, budget: 'main', spend: '4' },
      { ...further, scope: 'account', budget: '1h', spend: '5' },
      { ...further, scope: 'account', budget: '1d', spend: '0' },
      { ...further, scope: 'account', budget: '1h', spend: '6', generation: 2 },
      { ...further, scope: 'member:guest', budget: 'main', spend: '7' },
      // From before the user became a member.
      { ...further, scope: userScope, budget: 'main', spend: '8' },
    ])
    const opening = await openAccount(db, tenant)
    expect(opening?.spends).toHaveLength(6)
    expect(opening?.spends).toEqual(
      expect.arrayContaining([
        { scope: 'account', budget: 'main', ...AT, spentPico: usd(10) },
        { scope: keyScope, budget: 'main', ...AT, endMs: null, spentPico: usd(2) },
        { scope: userScope, budget: 'main', ...AT, spentPico: usd(3) },
        { scope: `${keyScope}/gpt-4`, budget: 'main', ...AT, spentPico: usd(4) },
        { scope: 'account', budget: '1h', ...AT, spentPico: usd(5) },
        { scope: 'member:guest', budget: 'main', ...AT, spentPico: usd(7) },
      ]),
    )
  })

  it('has nothing of a row that is new', async () => {
    const budgetId = await newBudget()
    const opening = await openAccount(db, await newTenant({ key: { budgetId } }))
    expect(opening).toMatchObject({ epoch: 1, spends: [], changed: [], traffic: [] })
  })

  it.each<[string, Partial<typeof budgets.$inferInsert>, number]>([
    ['changed an hour ago', { updatedAt: ago(HOUR) }, 1],
    ['changed long ago', { updatedAt: ago(26 * HOUR) }, 0],
    ['deleted an hour ago', { deletedAt: ago(HOUR) }, 1],
    ['deleted long ago', { deletedAt: ago(26 * HOUR) }, 0],
  ])('has the rows that caches may hold older: %s', async (_name, fields, times) => {
    const budgetId = await newBudget()
    const { userId, token, ...ref } = await newTenant({ key: { budgetId } })
    const createdAt = ago(48 * HOUR)
    const at = { createdAt, updatedAt: createdAt, ...fields }
    await db.update(keys).set(at).where(eq(keys.token, token))
    await db.update(memberships).set(at).where(eq(memberships.userId, userId))
    await db.update(budgets).set(at).where(eq(budgets.budgetId, budgetId))
    const opening = await openAccount(db, ref)
    const all = [
      ['key', token],
      ['member', userId],
      ['budget', budgetId],
    ]
    const changed = opening?.changed?.map(({ kind, id }) => [kind, id])
    expect(changed).toEqual(times === 1 ? all : [])
  })

  it('has the last minute of a key that came within it', async () => {
    const traffic = [
      { scope: 'key:k', traffic: [{ id: 'a', reservedMs: 1, endedMs: null, tokens: 5 }] },
      { scope: 'key:k/m', traffic: [] },
    ]
    const just = await newTenant({ key: { traffic, updatedAt: ago(MINUTE / 2) } })
    expect((await openAccount(db, just))?.traffic).toEqual(traffic)
    const earlier = await newTenant({ key: { traffic, updatedAt: ago(MINUTE + 1_000) } })
    expect((await openAccount(db, earlier))?.traffic).toEqual([])
  })

  it('is of this generation only, and has a new epoch each time', async () => {
    const tenant = await newTenant()
    expect(await openAccount(db, { ...tenant, generation: 2 })).toBeNull()
    await openAccount(db, tenant)
    expect((await openAccount(db, tenant))?.epoch).toBe(2)
    const [row] = await db.select().from(accounts).where(eq(accounts.accountId, tenant.accountId))
    expect(row?.ledgerEpoch).toBe(2)
  })
})
