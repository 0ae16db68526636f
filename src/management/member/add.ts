import { z } from 'zod'
import { addMembers } from '../../db/member-changes.ts'
import type { MemberRow } from '../../db/members.ts'
import { memberPolicy } from '../../db/policy.ts'
import { getTeam } from '../../db/teams.ts'
import { listUsers } from '../../db/users.ts'
import { ApiError, badRequest, notFound } from '../../errors.ts'
import { id } from '../fields.ts'
import { standings } from '../live.ts'
import { liveTeamRow } from '../team/row.ts'
import { type Signed, tellAll, type TellDeps } from '../tell.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { Member, memberChanges, memberFields, newMembers, NOBODY } from './fields.ts'
import { copiedUserRow } from '../user/row.ts'
import { knownMembers, membershipRow } from './row.ts'
import type { Now } from '../../windows.ts'

const MEMBERS_MAX = 500

/** `POST /team/member_add`: one member or several. */
export const AddMembers = z.looseObject({
  team_id: id,
  member: z.union([Member.transform((one) => [one]), z.array(Member).min(1).max(MEMBERS_MAX)], {
    error: 'expected a member {role, user_id or user_email}, or a list of them',
  }),
  ...memberFields,
})

interface AddToTeam extends TellDeps, Now, Signed {
  readonly input: z.infer<typeof AddMembers>
  readonly ignored: readonly string[]
}

/** Adds members, and their users where they are missing. Of a list, those who are new. */
export async function addToTeam(request: AddToTeam) {
  const { db, by, input, ignored, nowMs, resets } = request
  refuseUnenforced('member', input, { known: AddMembers.shape, ignored })
  const { team_id: teamId, member: sent } = input
  const members = newMembers(sent)
  if (members.length < 1) throw badRequest(NOBODY, 'member')
  const limits = memberChanges(input)
  const before = await getTeam(db, teamId)
  const written = before && (await addMembers(db, { teamId, members, limits, by, nowMs, resets }))
  if (!before || !written) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  const { account, added } = written
  if (added.length === 0) throw alreadyThere(sent, written.members)
  await tellAll(
    request,
    added.map((member) => ({ account, row: memberPolicy(member) })),
  )
  const details = { team: before.team, account, members: written.members }
  const known = knownMembers(details, added)
  const live = await standings(request, account, { known, nowMs, resets })
  const users = await listUsers(
    db,
    added.map(({ userId }) => userId),
  )
  return {
    ...(await liveTeamRow(request, details, request)),
    updated_users: users.map((user) => copiedUserRow(user, request)),
    updated_team_memberships: added.map((member) =>
      membershipRow(member, before.team, { standings: live, nowMs, resets }),
    ),
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
    sent.length === 1
      ? `User already in team. Member: user_id=${one?.user_id ?? 'None'}, ` +
        `user_email=${one?.user_email ?? 'None'}. ${existing}`
      : `All users are already in team. ${existing}`
  return new ApiError(400, message, { type: 'team_member_already_in_team', param: 'member' })
}

const SHOWN_MAX = 100
