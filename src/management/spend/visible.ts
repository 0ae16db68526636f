import { type Actor, maySeeAll } from '../../auth/actor.ts'
import { findKeyName, teamsOfUser } from '../../db/history/names.ts'
import { ApiError } from '../../errors.ts'
import { type Asking, requireTeamReader } from '../access/teams.ts'
import { requireKeyReader } from '../access/keys.ts'
import { hashOf } from '../key/fields.ts'

/** Whose calls are asked for; what is absent is anybody's. */
export interface Whose {
  readonly teamId?: string | undefined
  readonly userId?: string | undefined
  readonly keyHash?: string | undefined
}

interface Named extends Omit<Whose, 'keyHash'> {
  /** The key itself, or its hash. */
  readonly apiKey?: string | undefined
}

/** Beside a team's admins, members see its calls if it permits them this. */
const TEAM_ACTIVITY = '/team/daily/activity'

/** No key's hash. */
const NOBODYS = 'none'

/**
 * Whose calls an actor is shown: all to admins and viewers, a team's to its admins, else only their
 * own. Throws 403 where others' are asked for.
 */
export async function visible(asking: Asking, { apiKey, ...asked }: Named): Promise<Whose> {
  const { actor } = asking
  const key = apiKey === undefined ? null : await keyShown(asking, apiKey)
  const whose = { ...asked, keyHash: key?.token }
  if (maySeeAll(actor)) return whose
  if (asked.teamId !== undefined) await requireTeamReader(asking, asked.teamId)
  const teamId = asked.teamId ?? key?.teamId ?? undefined
  if (teamId !== undefined && (await seenTeams(asking)).whole.includes(teamId)) {
    return { ...whose, teamId }
  }
  return { ...whose, ...ownOf(actor, asked.userId) }
}

/** A key by itself or its hash, deleted ones too. Throws 403 for one that is not for the actor. */
export async function keyShown(asking: Asking, apiKey: string) {
  const hash = await hashOf(apiKey)
  const key = await findKeyName(asking.db, hash)
  const shown = key ?? { token: hash, teamId: null, userId: null }
  if (hash !== asking.actor.apiKey) await requireKeyReader(asking, shown)
  return shown
}

/** An actor's own calls: a user's, or of a key without one the key's. */
export function ownOf({ userId, apiKey }: Actor, askedUserId?: string): Whose {
  if (askedUserId !== undefined && askedUserId !== userId) {
    const ids = `user_id=${askedUserId}, key's user_id=${userId ?? 'None'}`
    throw new ApiError(403, `key not allowed to access this user's info. ${ids}`, {
      type: 'auth_error',
    })
  }
  // Days have an empty name for what had none.
  return userId ? { userId } : { keyHash: apiKey || NOBODYS }
}

/** The teams that an actor is shown as a whole, and those of which only what is their own. */
export async function seenTeams({ db, actor }: Pick<Asking, 'db' | 'actor'>) {
  const { userId, teamIds } = actor
  const rows = userId === null ? [] : await teamsOfUser(db, userId)
  const whole = rows
    .filter(({ role, permissions }) => role === 'admin' || permissions?.includes(TEAM_ACTIVITY))
    .map(({ teamId }) => teamId)
  const seen = new Set([...rows.map(({ teamId }) => teamId), ...teamIds])
  return { whole, own: [...seen].filter((teamId) => !whole.includes(teamId)) }
}
