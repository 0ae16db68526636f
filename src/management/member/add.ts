import { z } from 'zod'
import type { Actor } from '../../auth/actor.ts'
import type { MemberRow } from '../../db/members.ts'
import { ApiError, badRequest } from '../../errors.ts'
import { id } from '../fields.ts'
import { liveTeamRow } from '../team/row.ts'
import type { Signed, TellDeps } from '../tell.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { enlist } from './enlist.ts'
import { Member, memberChanges, memberFields, newMembers, NOBODY } from './fields.ts'
import type { Now } from '../../windows.ts'

export const MEMBERS_MAX = 500

/** `POST /team/member_add`: one member or several. */
export const AddMembers = z.looseObject({
  team_id: id,
  member: z.union([Member.transform((one) => [one]), z.array(Member).min(1).max(MEMBERS_MAX)], {
    error: 'expected a member {role, user_id or user_email}, or a list of them',
  }),
  ...memberFields,
})

interface AddToTeam extends TellDeps, Now, Signed {
  readonly actor: Actor
  readonly input: z.infer<typeof AddMembers>
  readonly ignored: readonly string[]
}

/** Adds members, and their users where they are missing. Of a list, those who are new. */
export async function addToTeam(request: AddToTeam) {
  const { input, ignored } = request
  refuseUnenforced('member', input, { known: AddMembers.shape, ignored })
  const { team_id: teamId, member: sent } = input
  const members = newMembers(sent)
  if (members.length < 1) throw badRequest(NOBODY, 'member')
  const limits = memberChanges(input)
  const { details, added } = await enlist({ ...request, teamId, members, limits })
  if (added.length === 0) throw alreadyThere(sent, details.members)
  return {
    ...(await liveTeamRow(request, details, request)),
    updated_users: added.flatMap(({ user }) => user ?? []),
    updated_team_memberships: added.map(({ membership }) => membership),
  }
}

/** The words and the type that LiteLLM's clients look for. */
function alreadyThere(
  sent: readonly z.infer<typeof Member>[],
  members: readonly MemberRow[],
): ApiError {
  const shown = members.slice(0, SHOWN_MAX).map(({ userId, userEmail, role }) => {
    const [user, email] = [userId, userEmail].map((text) => (text === null ? 'None' : `'${text}'`))
    return `Member(user_id=${user}, user_email=${email}, role='${role}')`
  })
  const existing = `Existing members=[${shown.join(', ')}]`
  const [one] = sent
  const message =
    sent.length === 1 && one
      ? `${alreadyMember(one)}. ${existing}`
      : `All users are already in team. ${existing}`
  return new ApiError(400, message, { type: 'team_member_already_in_team', param: 'member' })
}

const SHOWN_MAX = 100

export function alreadyMember({ user_id, user_email }: z.infer<typeof Member>): string {
  const who = `user_id=${user_id ?? 'None'}, user_email=${user_email ?? 'None'}`
  return `User already in team. Member: ${who}`
}
