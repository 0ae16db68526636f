import { maySeeAll } from '../../../auth/actor.ts'
import type { KeyFilter } from '../../../db/key-list.ts'
import { ApiError } from '../../../errors.ts'
import type { Asking } from '../../access/teams.ts'

interface Wanted {
  readonly user_id?: string | undefined
  readonly include_team_keys?: boolean | undefined
  readonly include_created_by_keys?: boolean | undefined
}

/** Whose keys are listed: admins and viewers choose, all others see their own. Throws 403. */
export function listedFor({ actor }: Pick<Asking, 'actor'>, wanted: Wanted): KeyFilter['of'] {
  const userId = maySeeAll(actor) ? wanted.user_id : ownId(actor.userId, wanted.user_id)
  if (userId === undefined) return null
  return {
    userId,
    withTeams: wanted.include_team_keys ?? false,
    withCreated: wanted.include_created_by_keys ?? false,
  }
}

function ownId(own: string | null, wanted: string | undefined): string {
  if (own === null) {
    throw foreign(
      "You are not authorized to access this endpoint. No 'user_id' is associated with your API key.",
    )
  }
  if (wanted !== undefined && wanted !== own) {
    throw foreign("You are not authorized to check another user's keys")
  }
  return own
}

function foreign(message: string): ApiError {
  return new ApiError(403, message, { type: 'bad_request_error', param: 'user_id' })
}
