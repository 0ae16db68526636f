import { z } from 'zod'
import { type Actor, isAdmin } from '../../auth/actor.ts'
import { listUserIds } from '../../db/users.ts'
import { ApiError, badRequest } from '../../errors.ts'
import { flag, id } from '../fields.ts'
import { liveTeamRow } from '../team/row.ts'
import type { Signed, TellDeps } from '../tell.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { alreadyMember, MEMBERS_MAX } from './add.ts'
import { enlist, type Enlisted } from './enlist.ts'
import { Member, memberChanges, memberFields, newMembers, NOBODY } from './fields.ts'
import type { Now } from '../../windows.ts'

/** All users are added in one batch. */
const ALL_USERS_MAX = 5_000

/** `POST /team/bulk_member_add`. */
export const BulkAddMembers = z
  .looseObject({
    team_id: id,
    members: z
      .array(Member)
      .max(MEMBERS_MAX, { error: `expected at most ${MEMBERS_MAX} items` })
      .nullish(),
    all_users: flag,
    ...memberFields,
  })
  .superRefine(({ members, all_users }, context) => {
    if (all_users || (members && members.length > 0)) return
    const message = 'expected at least one member, or all_users: true'
    context.addIssue({ code: 'custom', path: ['members'], message })
  })

type Sent = z.infer<typeof Member>

interface BulkAdd extends TellDeps, Now, Signed {
  readonly actor: Actor
  readonly input: z.infer<typeof BulkAddMembers>
  readonly ignored: readonly string[]
}

/** Adds who is new, in one batch, and says of each who was sent what became of them. */
export async function bulkAddToTeam(request: BulkAdd) {
  const { input, ignored } = request
  refuseUnenforced('member', input, { known: BulkAddMembers.shape, ignored })
  const { team_id: teamId } = input
  const sent = input.all_users ? await everybody(request) : (input.members ?? [])
  const limits = memberChanges(input)
  const { details, added } = await enlist({ ...request, teamId, members: newMembers(sent), limits })
  const results = outcomes(sent, added)
  const successes = results.filter(({ success }) => success).length
  return {
    team_id: teamId,
    results,
    total_requested: sent.length,
    successful_additions: successes,
    failed_additions: sent.length - successes,
    updated_team: await liveTeamRow(request, details, request),
  }
}

/** Who they are is for proxy admins to know. */
async function everybody({ db, actor }: BulkAdd): Promise<Sent[]> {
  if (!isAdmin(actor)) {
    const message = 'Team admins are not allowed to add all users. Ask a proxy admin.'
    throw new ApiError(403, message, { type: 'auth_error', param: 'all_users' })
  }
  const ids = await listUserIds(db, ALL_USERS_MAX + 1)
  if (ids.length <= ALL_USERS_MAX) {
    return ids.map((user_id) => ({ role: 'user', user_id, user_email: null }))
  }
  const message = `all_users expected at most ${ALL_USERS_MAX} users: send members instead`
  throw badRequest(message, 'all_users')
}

function outcomes(sent: readonly Sent[], added: readonly Enlisted[]) {
  const left = new Map(added.map((enlisted) => [enlisted.member.userId, enlisted]))
  const take = (enlisted: Enlisted | undefined): Enlisted | undefined => {
    if (enlisted) left.delete(enlisted.member.userId)
    return enlisted
  }
  // Who was named by id is not who an email found.
  const byId = sent.map(({ user_id: userId }) => (userId ? take(left.get(userId)) : undefined))
  const emails = new Map(
    [...left.values()].map((enlisted) => [enlisted.member.userEmail, enlisted]),
  )
  return sent.map((member, i) => {
    const { user_id: userId, user_email: email } = member
    const found = byId[i] ?? (userId || !email ? undefined : emails.get(email))
    if (found && !byId[i]) emails.delete(email ?? null)
    return outcome(member, found)
  })
}

function outcome(member: Sent, found: Enlisted | undefined) {
  const isNobody = !member.user_id && !member.user_email
  return {
    user_id: found?.member.userId ?? member.user_id ?? null,
    user_email: found?.member.userEmail ?? member.user_email ?? null,
    success: found !== undefined,
    error: found ? null : isNobody ? NOBODY : alreadyMember(member),
    updated_user: found?.user ?? null,
    updated_team_membership: found?.membership ?? null,
  }
}
