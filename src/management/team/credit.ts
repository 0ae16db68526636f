import { teamPolicy } from '../../db/policy.ts'
import { getTeam } from '../../db/teams.ts'
import { notFound } from '../../errors.ts'
import type { Now } from '../../windows.ts'
import { addCredit } from '../credit.ts'
import type { Signed, TellDeps } from '../tell.ts'
import { liveTeamRow } from './row.ts'

interface CreditTeam extends TellDeps, Now, Signed {
  readonly teamId: string
  readonly amount: number
  readonly creditId: string | null
}

/** `POST /team/{team_id}/credit`: tops up a team's prepaid budget. */
export async function creditTeam(request: CreditTeam) {
  const { db, teamId } = request
  const found = await getTeam(db, teamId)
  if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  const policy = teamPolicy(found.team)
  const { account } = found
  await addCredit({ ...request, account, rows: [policy], row: { kind: 'account', id: policy.id } })
  const after = (await getTeam(db, teamId)) ?? found
  const { spend, max_budget } = await liveTeamRow(request, after, request)
  return { team_id: teamId, spend, max_budget }
}
