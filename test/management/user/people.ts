import { ROLES } from '../../../src/auth/caller.ts'
import { call, MASTER, post } from '../../setup/worker.ts'

export type Row = Readonly<Record<string, unknown>>

export interface NewUser extends Row {
  readonly user_id: string
  readonly key: string
}

export const newUser = (fields: object = {}): Promise<NewUser> => post('/user/new', fields)

/** Everybody who may call a management route, each with a key. */
export async function everybody(team_id: string) {
  const ofRoles = ROLES.map(async (user_role) => {
    const user = await newUser({ user_role })
    return [user_role, user] as const
  })
  const alone = await post<NewUser>('/key/generate', { team_id })
  return new Map<string, NewUser>([...(await Promise.all(ofRoles)), ['nobody', alone]])
}

export async function status(
  [method, path, body]: readonly ['GET' | 'POST', string, unknown?],
  key = MASTER,
): Promise<number> {
  const response = await call(method, path, { key, ...(body !== undefined && { body }) })
  await response.text()
  return response.status
}
