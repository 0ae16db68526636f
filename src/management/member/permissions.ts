import { z } from 'zod'
import type { Db } from '../../db/connect.ts'
import { getTeam } from '../../db/teams.ts'
import { notFound } from '../../errors.ts'
import { PERMISSIONS } from '../../auth/member-permissions.ts'
import { permissions } from '../access/permissions.ts'
import { permissionsOf } from '../access/teams.ts'
import { id } from '../fields.ts'
import { filled } from '../limits.ts'
import { liveTeamRow } from '../team/row.ts'
import { saveTeam } from '../team/update.ts'
import type { Signed, TellDeps } from '../tell.ts'
import type { Now } from '../../windows.ts'

/** `GET /team/permissions_list`. */
export async function listPermissions(db: Db, teamId: string) {
  const found = await getTeam(db, teamId)
  if (!found) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  return {
    team_id: teamId,
    team_member_permissions: permissionsOf(found.team),
    all_available_permissions: PERMISSIONS,
  }
}

/** `POST /team/permissions_update`. None at all are LiteLLM's defaults. */
export const UpdatePermissions = z.object({ team_id: id, team_member_permissions: permissions })

interface ChangePermissions extends TellDeps, Now, Signed {
  readonly input: z.infer<typeof UpdatePermissions>
}

/** Sets what members may do with their team's keys. May be repeated. */
export async function changePermissions(request: ChangePermissions) {
  const { team_id: teamId, team_member_permissions: sent } = request.input
  const details = await saveTeam(request, teamId, { teamMemberPermissions: filled(sent) })
  return liveTeamRow(request, details, request)
}
