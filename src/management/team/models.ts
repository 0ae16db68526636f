import { z } from 'zod'
import { addTeamModels, removeTeamModels } from '../../db/team-update.ts'
import { teamPolicy } from '../../db/policy.ts'
import { getTeam, type TeamDetails } from '../../db/teams.ts'
import { badRequest, notFound } from '../../errors.ts'
import { id, NAMES_MAX } from '../fields.ts'
import { type Signed, tellAll, type TellDeps } from '../tell.ts'
import type { Now } from '../../windows.ts'

/** `POST /team/model/add` and `/team/model/delete`. */
export const TeamModels = z.object({
  team_id: id,
  models: z.array(id).max(NAMES_MAX, { error: `expected at most ${NAMES_MAX} items` }),
})

interface ChangeModels extends TellDeps, Now, Signed {
  readonly input: z.infer<typeof TeamModels>
}

/** Adds to what a team may call. A team that may call all has these alone then, as in LiteLLM. */
export async function addModels(request: ChangeModels): Promise<TeamDetails> {
  const { db, by, nowMs, input } = request
  const { team_id: teamId, models } = input
  const added = await addTeamModels(db, { teamId, models, by, nowMs, most: NAMES_MAX })
  return told(request, added)
}

/** Takes names away from what a team may call. May be repeated. */
export async function deleteModels(request: ChangeModels): Promise<TeamDetails> {
  const { db, by, nowMs, input } = request
  const { team_id: teamId, models } = input
  return told(request, await removeTeamModels(db, { teamId, models, by, nowMs }))
}

async function told(request: ChangeModels, saved: TeamDetails | null): Promise<TeamDetails> {
  if (!saved) throw await refusal(request)
  await tellAll(request, [{ account: saved.account, row: teamPolicy(saved.team) }])
  return saved
}

async function refusal({ db, input: { team_id: teamId } }: ChangeModels) {
  if (await getTeam(db, teamId)) {
    return badRequest(`models expected at most ${NAMES_MAX} of a team`, 'models')
  }
  return notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
}
