import { ApiError, unauthorized } from '../../errors.ts'
import type { Principal } from '../caller.ts'

/** LiteLLM's words. */
export function teamMissing(name: string): ApiError {
  const message = `Team doesn't exist in db. Team=${name}. Create team via \`/team/new\` call.`
  return new ApiError(404, message, { type: 'auth_error' })
}

export function userMissing({ userId, userEmail }: Principal): ApiError {
  const who = userId === null ? `'user_email'=${userEmail}` : `'user_id'=${userId}`
  return unauthorized(
    `Authentication Error, User doesn't exist in db. ${who}. Create user via \`/user/new\` call.`,
  )
}

export function noTeam(field: string): ApiError {
  return unauthorized(
    `Authentication Error, No team id found in token. Checked team_id field '${field}'`,
  )
}

export function forbidden(message: string): ApiError {
  return new ApiError(403, message, { type: 'auth_error' })
}

/** A list as Python prints it: LiteLLM's messages do. */
export function pythonList(items: readonly string[]): string {
  return `[${items.map((item) => `'${item}'`).join(', ')}]`
}
