import { type Actor, maySeeAll } from '../../auth/actor.ts'
import { addMembers } from '../../db/member-changes.ts'
import type { MemberRow, NewMember } from '../../db/members.ts'
import { listUsers, type UserDetails } from '../../db/users.ts'
import type { LimitChanges } from '../../db/limits.ts'
import { memberPolicy } from '../../db/policy.ts'
import { getTeam } from '../../db/teams.ts'
import { notFound } from '../../errors.ts'
import { standings } from '../live.ts'
import { type Signed, tellAll, type TellDeps } from '../tell.ts'
import { knownMembers, membershipRow } from './row.ts'
import { copiedUserRow } from '../user/row.ts'
import type { Now } from '../../windows.ts'

interface Enlist extends TellDeps, Now, Pick<Signed, 'by'> {
  readonly actor: Actor
  readonly teamId: string
  readonly members: readonly NewMember[]
  readonly limits: LimitChanges
}

/** Who is new in a team, as its row and as LiteLLM answers with it. */
export interface Enlisted {
  readonly member: MemberRow
  readonly user: ReturnType<typeof shownTo> | null
  readonly membership: ReturnType<typeof membershipRow>
}

/** Who may add anybody by an address learns no more of them by it. */
function shownTo({ actor, teamId, ...now }: Enlist, details: UserDetails) {
  if (maySeeAll(actor) || details.user.userId === actor.userId) return copiedUserRow(details, now)
  const { userId, userEmail, userAlias } = details.user
  return { user_id: userId, user_email: userEmail, user_alias: userAlias, teams: [teamId] }
}

/** Adds those who are new, in one batch, and tells the team's ledger. Throws 404 without a team. */
export async function enlist(request: Enlist) {
  const { db, teamId, members, limits, by, nowMs, resets } = request
  const before = await getTeam(db, teamId)
  const written = before && (await addMembers(db, { teamId, members, limits, by, nowMs, resets }))
  if (!before || !written) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  const { account, added } = written
  const details = { team: before.team, account, members: written.members }
  if (added.length === 0) return { details, added: [] }
  await tellAll(
    request,
    added.map((member) => ({ account, row: memberPolicy(member) })),
  )
  const known = knownMembers(details, added)
  const live = { standings: await standings(request, account, { known, nowMs, resets }) }
  const users = await listUsers(
    db,
    added.map(({ userId }) => userId),
  )
  const rows = new Map(users.map((each) => [each.user.userId, shownTo(request, each)]))
  return {
    details,
    added: added.map((member) => ({
      member,
      user: rows.get(member.userId) ?? null,
      membership: membershipRow(member, before.team, { ...live, nowMs, resets }),
    })),
  }
}
