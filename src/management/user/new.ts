import { z } from 'zod'
import type { Actor } from '../../auth/actor.ts'
import { made } from '../../db/change.ts'
import { isConditionRefused, violatedConstraint } from '../../db/failures.ts'
import { newLimits } from '../../db/limits.ts'
import { memberPolicy, userPolicy } from '../../db/policy.ts'
import { getTeam } from '../../db/teams.ts'
import { type InsertedUser, insertUser } from '../../db/user/insert.ts'
import { findByEmail } from '../../db/users.ts'
import { ApiError, notFound, unavailable } from '../../errors.ts'
import { flag, id } from '../fields.ts'
import { takenAlias } from '../key/generate.ts'
import { decimal } from '../limits.ts'
import { type Change, type Signed, tellAll, type TellDeps } from '../tell.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { DEFAULT_ROLE, teams, userChanges, userFields } from './fields.ts'
import { firstKey, firstKeyFields } from './first-key.ts'
import type { Now } from '../../windows.ts'

/** `POST /user/new`; every field may be absent. */
export const NewUser = z.looseObject({
  user_id: id.nullish(),
  auto_create_key: flag,
  team_id: id.nullish(),
  teams,
  ...userFields,
  ...firstKeyFields,
})

type Input = z.infer<typeof NewUser>

interface CreateUser extends TellDeps, Now, Signed {
  readonly actor: Pick<Actor, 'key'>
  readonly input: Input
  readonly ignored: readonly string[]
}

export interface CreatedUser extends InsertedUser {
  /** Shown once, and kept nowhere. */
  readonly secret: string | null
  readonly pending: number
}

/**
 * Makes a user with their memberships and, unless told otherwise, a first key. Ledgers hear of it:
 * keys may have been made for this id, and used, before there was a user.
 */
export async function createUser(request: CreateUser): Promise<CreatedUser> {
  const { db, by, input, ignored, nowMs } = request
  refuseUnenforced('user', input, { known: NewUser.shape, ignored })
  const userId = input.user_id ?? crypto.randomUUID()
  const key = input.auto_create_key === false ? null : await firstKey(request, userId)
  const changes = userChanges(input)
  const user = {
    userId,
    userEmail: changes.userEmail ?? null,
    userAlias: changes.userAlias ?? null,
    userRole: changes.userRole ?? DEFAULT_ROLE,
    ssoUserId: changes.ssoUserId ?? null,
    metadata: changes.metadata ?? {},
    models: changes.models ?? [],
    ...made(by, nowMs),
    ...newLimits(changes, request),
  }
  const joined = joinedTeams(input)
  try {
    const row = key?.row ?? null
    const inserted = await insertUser(db, { user, key: row, joined, by, nowMs })
    const pending = await tellAll(request, changesOf(inserted))
    return { ...inserted, secret: key?.secret ?? null, pending }
  } catch (error) {
    throw (await refusal(request, { userId, error })) ?? error
  }
}

/** Each once; the team of the first key is one of them. */
function joinedTeams({ team_id, teams: sent }: Input) {
  const all = [...(sent ?? []), ...(team_id ? [{ team_id }] : [])]
  const joined = all.map(({ team_id: teamId, ...team }: NonNullable<Input['teams']>[number]) => ({
    teamId,
    role: team.user_role ?? 'user',
    maxBudget: decimal(team.max_budget_in_team ?? null),
  }))
  return [...new Map(joined.toReversed().map((team) => [team.teamId, team])).values()]
}

function changesOf({ user, members, accounts }: InsertedUser): Change[] {
  const accountOf = new Map(accounts.map((account) => [account.accountId, account]))
  const own = accountOf.get(`user:${user.userId}`)
  return [
    ...(own ? [{ account: own, row: userPolicy(user) }] : []),
    ...members.flatMap((member) => {
      const account = accountOf.get(`team:${member.teamId}`)
      return account ? [{ account, row: memberPolicy(member) }] : []
    }),
  ]
}

/** What stood in the way; null if it failed otherwise. */
async function refusal(
  { db, input }: CreateUser,
  { userId, error }: { readonly userId: string; readonly error: unknown },
): Promise<ApiError | null> {
  if (violatedConstraint(error) === 'users_pkey') return taken(`id ${userId}`, 'user_id')
  if (!isConditionRefused(error)) return takenAlias(error, input.key_alias)
  const [other] = input.user_email ? await findByEmail(db, [input.user_email]) : []
  if (other) return takenEmail(other.user.userEmail)
  for (const { teamId } of joinedTeams(input)) {
    if (!(await getTeam(db, teamId))) {
      return notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
    }
  }
  return unavailable('What stood in the way of this user is gone again. Please repeat the call.')
}

export function takenEmail(email: string | null): ApiError {
  return taken(`email ${email}`, 'user_email')
}

function taken(what: string, param: string): ApiError {
  return new ApiError(409, `User with ${what} already exists`, { type: 'bad_request_error', param })
}
