import { z } from 'zod'
import { updateMember } from '../../db/member-changes.ts'
import { findMember } from '../../db/members.ts'
import { memberPolicy } from '../../db/policy.ts'
import { getTeam } from '../../db/teams.ts'
import { badRequest, notFound } from '../../errors.ts'
import { decimalField } from '../limits.ts'
import { type Signed, tellAll, type TellDeps } from '../tell.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { memberChanges, memberFields, memberRole, named, someone } from './fields.ts'
import type { Now } from '../../windows.ts'

/** `POST /team/member_update`: what is absent stays, null falls back to the team's default. */
export const UpdateMember = z
  .looseObject({ ...named, ...memberFields, role: memberRole })
  .superRefine(someone)

interface ChangeMember extends TellDeps, Now, Signed {
  readonly input: z.infer<typeof UpdateMember>
  readonly ignored: readonly string[]
}

/** Changes what limits a member and tells the team's ledger before it answers. May be repeated. */
export async function changeMember(request: ChangeMember) {
  const { db, by, input, ignored, nowMs, resets } = request
  refuseUnenforced('member', input, { known: UpdateMember.shape, ignored })
  const { team_id: teamId, user_id: userId = null, user_email: userEmail = null } = input
  if (!(await getTeam(db, teamId))) {
    throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  }
  const who = await findMember(db, { teamId, userId, userEmail })
  const changes = { ...memberChanges(input), role: input.role ?? undefined }
  const written =
    who && (await updateMember(db, { teamId, userId: who.userId, changes, by, nowMs, resets }))
  if (!written)
    throw badRequest('User not found in team', userId === null ? 'user_email' : 'user_id')
  const { account, member } = written
  await tellAll(request, [{ account, row: memberPolicy(member) }])
  return {
    team_id: teamId,
    user_id: member.userId,
    user_email: member.userEmail,
    max_budget_in_team: decimalField(member.maxBudget),
    budget_duration: member.budgetDuration,
    tpm_limit: member.tpmLimit,
    rpm_limit: member.rpmLimit,
    role: member.role,
  }
}
