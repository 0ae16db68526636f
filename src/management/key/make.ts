import type { z } from 'zod'
import { isAdmin } from '../../auth/actor.ts'
import { getBudget } from '../../db/budgets.ts'
import type { KeyChanges } from '../../db/key-update.ts'
import { badRequest } from '../../errors.ts'
import { granted, MODELS_ONLY } from '../access/grants.ts'
import { requireKeyMaker, requireServiceKeyMaker } from '../access/keys.ts'
import type { Asking } from '../access/teams.ts'
import { type GenerateKey, generateKey, type NewKey } from './generate.ts'
import {
  isForAnother,
  lastEnd,
  refuseBesideBudget,
  refuseForAdmins,
  requireEnd,
  requireModelsOnly,
} from './rights.ts'

interface MakeKey extends Omit<GenerateKey, 'grant'>, Asking {}

/** `POST /key/generate`: whoever may make this key makes it, and grants what they have themselves. */
export async function makeKey(request: MakeKey) {
  const { actor, input } = request
  const userId = input.user_id ?? (isAdmin(actor) ? null : actor.userId)
  const owner = { teamId: input.team_id ?? null, userId }
  const isByAdmin = await requireKeyMaker(request, owner, '/key/generate')
  return make(request, { ...input, user_id: userId }, isByAdmin)
}

/** `POST /key/service-account/generate`: the same for a key of a team and of no user. */
export async function makeServiceKey(request: MakeKey) {
  const { input } = request
  if (!input.team_id) {
    const message = 'team_id is required for service account keys'
    throw badRequest(`${message}. Please specify \`team_id\` in the request body.`, 'team_id')
  }
  const isByAdmin = await requireServiceKeyMaker(request, input.team_id)
  return make(request, { ...input, user_id: null }, isByAdmin)
}

async function make(request: MakeKey, input: z.infer<typeof NewKey>, isByAdmin: boolean) {
  const { db, actor, nowMs } = request
  if (!isByAdmin) {
    refuseForAdmins(input, null)
    refuseBesideBudget(input, [actor.key])
    requireSameTeam(request, input.team_id ?? null)
  }
  const last = isByAdmin ? null : await lastEnd(request, input.team_id ?? null, nowMs)
  const grant = (sent: KeyChanges): KeyChanges => {
    // Clients send null for a field that they do not use.
    const asked = { ...sent, expiresAt: input.duration ? sent.expiresAt : undefined }
    const handed = lent(request, granted(actor, asked, { isNew: true, isByAdmin }), input.user_id)
    const { expiresAt: end = null } = handed
    if (input.duration) requireEnd(end, last)
    const isSooner = last === null || (end !== null && end < last)
    return { ...handed, expiresAt: isSooner ? end : last }
  }
  const { key, row } = await generateKey({ ...request, input, grant })
  return { key, row, budget: row.budgetId === null ? null : await getBudget(db, row.budgetId) }
}

/** A key that a team's admin makes for somebody else calls models, and manages nothing. */
function lent(asking: Asking, changes: KeyChanges, userId: string | null | undefined): KeyChanges {
  if (!userId || !isForAnother(asking, userId)) return changes
  const routes = changes.allowedRoutes ?? []
  if (routes.length === 0) return { ...changes, allowedRoutes: [...MODELS_ONLY] }
  requireModelsOnly(routes, userId)
  return changes
}

/** "All models of the team" would be others' in another team. Throws 400. */
function requireSameTeam({ actor: { key } }: Asking, teamId: string | null): void {
  if (!key?.models.includes('all-team-models') || key.teamId === teamId) return
  throw badRequest(
    "models of your own key are those of its team: they can't be handed on",
    'models',
  )
}
