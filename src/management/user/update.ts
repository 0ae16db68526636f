import { z } from 'zod'
import type { Db } from '../../db/connect.ts'
import { userPolicy } from '../../db/policy.ts'
import { updateUser } from '../../db/user/update.ts'
import { findByEmail, getUser, type UserDetails } from '../../db/users.ts'
import { badRequest } from '../../errors.ts'
import { countBefore } from '../added-windows.ts'
import { id, money } from '../fields.ts'
import { someone } from '../member/fields.ts'
import { lowerSpend } from '../lower-spend.ts'
import { type Change, type Signed, tellAll, type TellDeps } from '../tell.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { noUser, teams, userChanges, userFields } from './fields.ts'
import { takenEmail } from './new.ts'
import type { Now } from '../../windows.ts'

/** `POST /user/update`: what is absent stays, null clears. An address alone says who is meant. */
export const UpdateUser = z
  .looseObject({ user_id: id.nullish(), spend: money, teams, ...userFields })
  .superRefine(someone)

export type UserInput = z.infer<typeof UpdateUser>

export interface ChangeDeps extends TellDeps, Now, Signed {
  readonly ignored: readonly string[]
}

/** Changes a user and tells their ledger before it answers. May be repeated. */
export async function changeUser(
  request: ChangeDeps & { readonly input: UserInput },
): Promise<UserDetails> {
  const { db, input } = request
  const { details, change } = await saveUser(request, await findUser(db, input), input)
  await tellAll(request, [change])
  await countBefore(request, change)
  return details
}

/** Throws 404. */
async function findUser(db: Db, { user_id, user_email }: UserInput): Promise<UserDetails> {
  const found = user_id
    ? await getUser(db, user_id)
    : (await findByEmail(db, [user_email ?? '']))[0]
  if (found) return found
  throw user_id ? noUser(user_id) : noUser(user_email ?? null, 'user_email')
}

/** Writes the change down; a ledger has still to be told. */
export async function saveUser(
  request: ChangeDeps,
  found: UserDetails,
  input: UserInput,
): Promise<{ readonly details: UserDetails; readonly change: Change }> {
  const { db, by, ignored, nowMs, resets } = request
  refuseUnenforced('user', input, { known: UpdateUser.shape, ignored })
  requireSameTeams(found, input)
  // Before the rest, which then is not saved without it.
  await lowerUserSpend(request, found, input)
  const { userId } = found.user
  const { userEmail, ...others } = userChanges(input)
  const changes = input.user_id ? { userEmail, ...others } : others
  const saved = await updateUser(db, { userId, changes, by, nowMs, resets })
  if (!saved) throw (await getUser(db, userId)) ? takenEmail(userEmail ?? null) : noUser(userId)
  const { user, account } = saved
  return { details: { ...found, user, account }, change: { account, row: userPolicy(user) } }
}

/** Clients send answers back: what says nothing new is no change. */
function requireSameTeams({ teams: theirs }: UserDetails, { teams: sent }: UserInput): void {
  if (sent === undefined || sent === null) return
  const named = new Set(sent.map(({ team_id }) => team_id))
  if (named.size === theirs.length && theirs.every((teamId) => named.has(teamId))) return
  const message =
    'expected the teams that they are in: /team/member_add and /team/member_delete change these'
  throw badRequest(`teams: ${message}`, 'teams')
}

/** Who spends on their own keys may be forgiven some of it. */
async function lowerUserSpend(
  request: ChangeDeps,
  { user, account }: UserDetails,
  input: UserInput,
): Promise<void> {
  if (typeof input.spend !== 'number' || !account) return
  const policy = userPolicy(user)
  await lowerSpend(request, {
    account,
    rows: [policy],
    row: { kind: 'account', id: policy.id },
    copy: account,
    toUsd: input.spend,
    field: 'spend',
  })
}
