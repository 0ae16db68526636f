import { z } from 'zod'
import type { Actor } from '../../auth/actor.ts'
import type { TeamDefaults } from '../../config/config.ts'
import type { Db } from '../../db/connect.ts'
import { newTeam } from '../../db/new-team.ts'
import { insertTeam, type TeamDetails } from '../../db/teams.ts'
import { badRequest } from '../../errors.ts'
import { id } from '../fields.ts'
import { bothOrNeither } from '../limit-fields.ts'
import { Member, newMembers } from '../member/fields.ts'
import { refuseUnenforced } from '../unsupported.ts'
import { teamChanges, teamFields } from './fields.ts'
import type { Now } from '../../windows.ts'

const MEMBERS_MAX = 500

/** `POST /team/new`; every field may be absent. */
export const NewTeam = z
  .looseObject({
    team_id: id.nullish(),
    members_with_roles: z.array(Member).max(MEMBERS_MAX).nullish(),
    ...teamFields,
  })
  .superRefine(bothOrNeither)

interface CreateTeam extends Now {
  readonly db: Db
  readonly by: string
  readonly actor: Pick<Actor, 'userId'>
  readonly input: z.infer<typeof NewTeam>
  readonly ignored: readonly string[]
  readonly defaults: TeamDefaults
}

/**
 * Creates a team with its account; config.yaml fills in what was not sent. Its creator is its admin,
 * as in LiteLLM.
 */
export async function createTeam(request: CreateTeam): Promise<TeamDetails> {
  const { db, by, input, ignored, defaults, nowMs, resets } = request
  refuseUnenforced('team', input, { known: NewTeam.shape, ignored })
  const teamId = input.team_id ?? crypto.randomUUID()
  const sent = teamChanges(input)
  const { userId } = request.actor
  const creator = userId === null ? [] : [{ user_id: userId, role: 'admin' as const }]
  const inserted = await insertTeam(db, {
    team: newTeam({ teamId, sent, defaults, by, nowMs, resets }),
    members: newMembers([...creator, ...(input.members_with_roles ?? [])]),
    by,
    nowMs,
    resets,
  })
  if (inserted) return inserted
  const message = `Team id = ${teamId} already exists. Please use a different team id.`
  throw badRequest(message, 'team_id')
}
