import { accounts, budgets, keys, memberships, teams } from '../../drizzle/schema.ts'
import { db } from '../setup/database.ts'

type Fields<T extends { readonly $inferInsert: object }> = Partial<T['$inferInsert']>

/** A team with an account, a key and a member, each as a test wants it. */
export async function newTenant(
  fields: {
    readonly account?: Fields<typeof accounts>
    readonly team?: Fields<typeof teams>
    readonly key?: Fields<typeof keys>
    readonly member?: Fields<typeof memberships>
  } = {},
) {
  const teamId = crypto.randomUUID()
  const [accountId, token, userId] = [`team:${teamId}`, `key-of-${teamId}`, `user/of ${teamId}`]
  await db.insert(accounts).values({ ...fields.account, accountId })
  await db.insert(teams).values({ ...fields.team, teamId })
  const named = { token, keyName: 'sk-...abcd', accountId, teamId, userId }
  await db.insert(keys).values({ ...named, ...fields.key })
  await db.insert(memberships).values({ ...fields.member, teamId, userId })
  const userScope = `member:${encodeURIComponent(userId)}`
  return { teamId, accountId, generation: 1, token, userId, keyScope: `key:${token}`, userScope }
}

export async function newBudget(fields: Fields<typeof budgets> = {}): Promise<string> {
  const budgetId = crypto.randomUUID()
  await db.insert(budgets).values({ ...fields, budgetId })
  return budgetId
}
