import { env } from 'cloudflare:workers'
import { dailySpend, spendLogs, users } from '../../../drizzle/schema.ts'
import { entryId, sha256Hex } from '../../../src/ids.ts'
import { db } from '../../setup/database.ts'
import { newKey, newTeam, post } from '../../setup/worker.ts'

export const TODAY = new Date().toISOString().slice(0, 10)
const DAY_MS = 86_400_000

/** So many days before today. */
export function ago(days: number): string {
  return new Date(Date.parse(TODAY) - days * DAY_MS).toISOString().slice(0, 10)
}

/** Waits for what a team's ledger has to say. */
export async function deliver(accountId: string): Promise<void> {
  await env.LEDGER.getByName(`${accountId}:1`).flush()
}

/** A user with a role, and a key of theirs. */
export async function newUser(userRole = 'internal_user') {
  const userId = `user-${crypto.randomUUID()}`
  await db.insert(users).values({ userId, userRole })
  return { userId, key: await newKey({ user_id: userId }) }
}

/** A team with an admin and a member, each with a key of it, and a key of nobody. */
export async function crew() {
  const { team_id } = await newTeam({ team_alias: 'Crew' })
  const [admin, member] = [await newUser(), await newUser()]
  await post('/team/member_add', { team_id, member: [inTeam(admin, 'admin'), inTeam(member)] })
  const adminKey = await newKey({ team_id, user_id: admin.userId })
  const memberKey = await newKey({
    team_id,
    user_id: member.userId,
    key_alias: crypto.randomUUID(),
  })
  const botKey = await newKey({ team_id })
  return { team_id, accountId: `team:${team_id}`, admin, member, adminKey, memberKey, botKey }
}

function inTeam({ userId }: { readonly userId: string }, role = 'user') {
  return { user_id: userId, role }
}

type Log = Partial<typeof spendLogs.$inferInsert>

/** A call as a ledger would have delivered it, with its share of the day. */
export async function logged(fields: Log & { readonly accountId: string }) {
  const endedAt = fields.endedAt ?? new Date()
  const row = {
    day: endedAt.toISOString().slice(0, 10),
    entryId: entryId(endedAt.getTime()),
    revision: 0,
    state: 'settled',
    startedAt: endedAt,
    endedAt,
    spendPico: 3_500_000n,
    promptTokens: 10,
    completionTokens: 20,
    totalTokens: 30,
    status: 'success',
    model: 'llama3',
    modelGroup: 'llama3',
    provider: 'openai',
    ...fields,
  }
  await db.insert(spendLogs).values(row)
  return row
}

type Day = Partial<typeof dailySpend.$inferInsert>

/** Sums of a day, each named by what is given. */
export async function summed(rows: readonly (Day & { readonly accountId: string })[]) {
  const made = rows.map((row) => ({
    day: TODAY,
    keyHash: '',
    userId: '',
    modelGroup: 'llama3',
    model: 'llama3',
    provider: 'openai',
    spendPico: '3500000',
    requests: 1,
    successfulRequests: 1,
    promptTokens: 10,
    completionTokens: 20,
    ...row,
  }))
  for (let i = 0; i < made.length; i += 500) {
    await db.insert(dailySpend).values(made.slice(i, i + 500))
  }
}

export const hash = sha256Hex
