import { findMember } from '../../db/members.ts'
import { memberPolicy, teamPolicy } from '../../db/policy.ts'
import { getTeam } from '../../db/teams.ts'
import { notFound } from '../../errors.ts'
import { picoToUsd } from '../../money.ts'
import { lowerSpend } from '../lower-spend.ts'
import type { Signed, TellDeps } from '../tell.ts'
import type { Now } from '../../windows.ts'

interface ResetMember extends TellDeps, Now, Signed {
  readonly teamId: string
  readonly userId: string
  readonly resetTo: number
}

/** `POST /team/{team_id}/member/{user_id}/reset_spend`: sets what a member has spent to less. */
export async function resetMemberSpend(request: ResetMember) {
  const { db, teamId, userId, resetTo } = request
  const found = await getTeam(db, teamId)
  if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  const member = await findMember(db, { teamId, userId, userEmail: null })
  if (!member || member.deletedAt) throw notFound('User not found in team', 'user_id')
  const { account, team } = found
  const lowered = await lowerSpend(request, {
    account,
    rows: [memberPolicy(member), teamPolicy(team)],
    row: { kind: 'member', id: userId },
    copy: member,
    toUsd: resetTo,
    field: 'reset_to',
  })
  return {
    team_id: teamId,
    user_id: userId,
    spend: picoToUsd(lowered.afterPico),
    previous_spend: picoToUsd(lowered.beforePico),
    max_budget: lowered.limitPico === null ? null : picoToUsd(lowered.limitPico),
  }
}
