import { z } from 'zod'
import { teamPolicy } from '../../db/policy.ts'
import { type TeamChanges, updateTeam } from '../../db/team-update.ts'
import type { TeamDetails } from '../../db/teams.ts'
import { notFound } from '../../errors.ts'
import { id } from '../fields.ts'
import { bothOrNeither } from '../limit-fields.ts'
import { countBefore } from '../added-windows.ts'
import { type Signed, tellAll, type TellDeps } from '../tell.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { teamChanges, teamFields } from './fields.ts'
import type { Now } from '../../windows.ts'

/** `POST /team/update`: what is absent stays, null clears. */
export const UpdateTeam = z.looseObject({ team_id: id, ...teamFields }).superRefine(bothOrNeither)

interface ChangeTeam extends TellDeps, Now, Signed {
  readonly input: z.infer<typeof UpdateTeam>
  readonly ignored: readonly string[]
}

/** Changes a team and tells its ledger before it answers. May be repeated. */
export async function changeTeam(request: ChangeTeam): Promise<TeamDetails> {
  const { input, ignored } = request
  refuseUnenforced('team', input, { known: UpdateTeam.shape, ignored })
  return saveTeam(request, input.team_id, teamChanges(input))
}

export async function saveTeam(
  deps: TellDeps & Now & Pick<Signed, 'by'>,
  teamId: string,
  changes: TeamChanges,
): Promise<TeamDetails> {
  const { db, by, nowMs, resets } = deps
  const saved = await updateTeam(db, { teamId, changes, by, nowMs, resets })
  if (!saved) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  const change = { account: saved.account, row: teamPolicy(saved.team) }
  await tellAll(deps, [change])
  await countBefore(deps, change)
  return saved
}
