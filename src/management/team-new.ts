import { z } from 'zod'
import { ADMIN_USER_ID } from '../auth/caller.ts'
import type { Db } from '../db/connect.ts'
import { insertTeam, type TeamRow } from '../db/teams.ts'
import { badRequest } from '../errors.ts'
import { flag, id, limits, metadata, name, names } from './fields.ts'
import { limitColumns } from './limits.ts'
import { refuseUnenforced } from './unsupported.ts'

const Member = z.object({
  role: z.enum(['admin', 'user']),
  user_id: id.nullish(),
  user_email: name,
})

/** `POST /team/new`; every field may be absent. */
export const NewTeam = z.looseObject({
  team_id: id.nullish(),
  team_alias: name,
  members_with_roles: z.array(Member).max(500).nullish(),
  metadata,
  models: names,
  blocked: flag,
  ...limits,
})

interface CreateTeam {
  readonly db: Db
  readonly input: z.infer<typeof NewTeam>
  readonly ignored: readonly string[]
  readonly nowMs: number
}

/** Creates a team with its account. Its creator is its admin, as in LiteLLM. */
export async function createTeam({ db, input, ignored, nowMs }: CreateTeam): Promise<TeamRow> {
  refuseUnenforced('team', input, ignored)
  const teamId = input.team_id ?? crypto.randomUUID()
  const members = (input.members_with_roles ?? []).map((member) => ({
    user_id: member.user_id ?? null,
    user_email: member.user_email ?? null,
    role: member.role,
  }))
  const creator = { user_id: ADMIN_USER_ID, user_email: null, role: 'admin' }
  const team = await insertTeam(db, {
    teamId,
    teamAlias: input.team_alias ?? null,
    membersWithRoles: [creator, ...members],
    metadata: input.metadata ?? {},
    models: input.models ?? [],
    blocked: input.blocked ?? false,
    createdBy: ADMIN_USER_ID,
    updatedBy: ADMIN_USER_ID,
    createdAt: new Date(nowMs),
    updatedAt: new Date(nowMs),
    ...limitColumns(input, nowMs),
  })
  if (team) return team
  const message = `Team id = ${teamId} already exists. Please use a different team id.`
  throw badRequest(message, 'team_id')
}
