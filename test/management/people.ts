import { users } from '../../drizzle/schema.ts'
import { db } from '../setup/database.ts'
import { call, type ErrorBody, newKey, newTeam, post } from '../setup/worker.ts'

export interface Person {
  readonly user_id: string
  /** A key of their own, in no team. */
  readonly key: string
}

/** Somebody of a role, with a key that acts for them. */
export async function newPerson(userRole = 'internal_user'): Promise<Person> {
  const user_id = `${userRole}-${crypto.randomUUID()}`
  await db.insert(users).values({ userId: user_id, userRole })
  return { user_id, key: await newKey({ user_id }) }
}

/** A team with an admin and a member of its own, and a key that nobody owns. */
export async function staffedTeam(fields: object = {}) {
  const [admin, member] = await Promise.all([newPerson(), newPerson()])
  const { team_id } = await newTeam({
    members_with_roles: [
      { role: 'admin', user_id: admin.user_id },
      { role: 'user', user_id: member.user_id },
    ],
    ...fields,
  })
  return { team_id, admin, member, key: await newKey({ team_id }) }
}

export async function addMember(team_id: string, user_id: string, role = 'user'): Promise<void> {
  await post('/team/member_add', { team_id, member: { role, user_id } })
}

/** Status and error of an answer. */
export async function outcome(method: string, path: string, key: string, body?: unknown) {
  const response = await call(method, path, { key, body })
  const { error } = await response.json<Partial<ErrorBody>>()
  return { status: response.status, error }
}
