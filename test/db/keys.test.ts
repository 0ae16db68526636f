import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { budgets, keys, memberships } from '../../drizzle/schema.ts'
import { findKey } from '../../src/db/keys.ts'
import { plainMember } from '../../src/db/policy.ts'
import { db } from '../setup/database.ts'
import { newBudget, newTenant } from './tenant.ts'

describe('a key is found', () => {
  it('with its account, its member and the budget that it names', async () => {
    const budgetId = await newBudget({ maxBudget: '1' })
    const { token, accountId, userId } = await newTenant({
      key: { budgetId },
      member: { rpmLimit: 3 },
    })
    expect(await findKey(db, token)).toMatchObject({
      accountId,
      generation: 1,
      key: { kind: 'key', id: token, accountId, budgetId },
      account: { kind: 'account', id: accountId },
      member: { kind: 'member', id: userId, rates: { requestsPerMinute: 3 } },
      budget: { kind: 'budget', id: budgetId, budgets: [{ limitPico: 10n ** 12n }] },
    })
  })

  it('with a member that is none, if its user is not in its team', async () => {
    const { token, userId } = await newTenant()
    await db.delete(memberships).where(eq(memberships.userId, userId))
    expect((await findKey(db, token))?.member).toEqual(plainMember(userId))
  })

  it('with a deleted membership, whose calls are refused', async () => {
    const { token } = await newTenant({ member: { deletedAt: new Date() } })
    expect((await findKey(db, token))?.member?.deleted).toBe(true)
  })

  it.each([
    ['without a user', { userId: null }],
    ['without a team', { teamId: null }],
  ])('%s without a member', async (_name, key) => {
    const { token } = await newTenant({ key })
    expect((await findKey(db, token))?.member).toBeNull()
  })

  it('without a budget that was deleted', async () => {
    const budgetId = await newBudget()
    const { token } = await newTenant({ key: { budgetId } })
    await db.update(budgets).set({ deletedAt: new Date() }).where(eq(budgets.budgetId, budgetId))
    expect(await findKey(db, token)).toMatchObject({ key: { budgetId }, budget: null })
  })

  it('in its present account while it is moving to another', async () => {
    const { accountId, token } = await newTenant()
    const moving = { account_id: 'team:new', team_id: 'new', user_id: null }
    await db.update(keys).set({ moving }).where(eq(keys.token, token))
    expect(await findKey(db, token)).toMatchObject({ accountId, key: { accountId } })
  })
})
