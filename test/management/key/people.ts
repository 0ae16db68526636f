import { eq } from 'drizzle-orm'
import { expect } from 'vitest'
import { teams, users } from '../../../drizzle/schema.ts'
import { db } from '../../setup/database.ts'
import { call, type ErrorBody, newKey, post } from '../../setup/worker.ts'

export interface Person {
  readonly user_id: string
  readonly key: string
}

/** A user with a key of their own. */
export async function person(role = 'internal_user', fields: object = {}): Promise<Person> {
  const user_id = `user-${crypto.randomUUID()}`
  await db.insert(users).values({ userId: user_id, userRole: role })
  return { user_id, key: await newKey({ user_id, ...fields }) }
}

/** The same as a member of a team, with a key of no team. */
export async function memberOf(team_id: string, role: 'admin' | 'user' = 'user'): Promise<Person> {
  const someone = await person()
  await post('/team/member_add', { team_id, member: { role, user_id: someone.user_id } })
  return someone
}

/** What the team's members may do with their keys, and how long keys that they make live. */
export async function permit(
  team_id: string,
  routes: readonly string[],
  life: string | null = null,
): Promise<void> {
  const rules = { teamMemberPermissions: [...routes], teamMemberKeyDuration: life }
  await db.update(teams).set(rules).where(eq(teams.teamId, team_id))
}

export type Row = Readonly<Record<string, unknown>>

/** What a key may ask, and what it is answered. */
export async function ask(key: string, path: string, body?: object) {
  const response = await call(body ? 'POST' : 'GET', path, { key, ...(body && { body }) })
  const answer = await response.json<Partial<ErrorBody> & Row>()
  return { status: response.status, answer, error: answer.error }
}

export async function expectRefused(
  asked: Promise<Awaited<ReturnType<typeof ask>>>,
  status: number,
  expected: { readonly message?: unknown; readonly param?: unknown; readonly type?: unknown } = {},
): Promise<void> {
  const { status: got, error, answer } = await asked
  expect(error, JSON.stringify(answer)).toMatchObject({ code: String(status), ...expected })
  expect(got).toBe(status)
}

export async function expectDone(
  asked: Promise<Awaited<ReturnType<typeof ask>>>,
  expected: object = {},
): Promise<Row> {
  const { status, answer } = await asked
  expect(status, JSON.stringify(answer)).toBe(200)
  expect(answer).toMatchObject(expected)
  return answer
}
