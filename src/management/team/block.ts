import { z } from 'zod'
import type { TeamDetails } from '../../db/teams.ts'
import { id } from '../fields.ts'
import type { Signed, TellDeps } from '../tell.ts'
import { saveTeam } from './update.ts'
import type { Now } from '../../windows.ts'

/** `POST /team/block` and `/team/unblock`. */
export const NamedTeam = z.object({ team_id: id })

interface BlockTeam extends TellDeps, Now, Signed {
  readonly teamId: string
  readonly blocked: boolean
}

/** Blocks or unblocks a team from the very next call on. May be repeated. */
export async function blockTeam(request: BlockTeam): Promise<TeamDetails> {
  return saveTeam(request, request.teamId, { blocked: request.blocked })
}
