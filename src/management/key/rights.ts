import { type Actor, isAdmin } from '../../auth/actor.ts'
import type { KeyOwner } from '../../db/key-update.ts'
import type { KeyRow } from '../../db/keys.ts'
import { getTeam } from '../../db/teams.ts'
import { addDuration, parseDuration } from '../../duration.ts'
import { ApiError, badRequest } from '../../errors.ts'
import { isForModelsOnly } from '../access/grants.ts'
import { requireKeyMaker, requireKeyWriter } from '../access/keys.ts'
import { type Asking, isTeamAdmin } from '../access/teams.ts'
import { says } from '../unsupported.ts'

/** For what lifts limits: admins, and those of the key's team. Throws 403. */
export async function requireKeyAdmin(
  asking: Asking,
  { teamId }: Pick<KeyRow, 'teamId'>,
): Promise<void> {
  if (isAdmin(asking.actor)) return
  if (teamId !== null && (await isTeamAdmin(asking, teamId))) return
  throw forbidden(
    `Only proxy admins and admins of the key's team may do this. Route=${asking.path}`,
  )
}

/** For what a key has spent: the same, but nobody forgives their own. Throws 403. */
export async function requireForgiver(
  asking: Asking,
  key: Pick<KeyRow, 'teamId' | 'token' | 'userId'>,
): Promise<void> {
  await requireKeyAdmin(asking, key)
  const { actor } = asking
  if (isAdmin(actor) || !isOwn(actor, key)) return
  throw forbidden(`Nobody but a proxy admin may reset the spend of their own. Route=${asking.path}`)
}

/** Who may change this key, and give it to another owner. Returns whether it was an admin who asked. */
export async function requireChanger(
  asking: Asking,
  [key, owner]: readonly [KeyRow, KeyOwner | null],
  permission: string,
): Promise<boolean> {
  const isByAdmin = await requireKeyWriter(asking, key, permission)
  const isGiven = owner && (owner.teamId !== key.teamId || owner.userId !== key.userId)
  if (!isGiven) return isByAdmin
  return (await requireKeyMaker(asking, owner, '/key/generate')) && isByAdmin
}

/** What lifts limits, and where a row has it. */
const FOR_ADMINS = {
  blocked: 'blocked',
  temp_budget_increase: 'tempBudgetIncrease',
  temp_budget_expiry: 'tempBudgetExpiry',
  budget_enforcement: 'budgetEnforcement',
  budget_id: 'budgetId',
} as const satisfies Record<string, keyof KeyRow>

/** Throws 403 that names the field. Empty defaults of a client change nothing. */
export function refuseForAdmins(
  input: Readonly<Record<string, unknown>>,
  key: KeyRow | null,
): void {
  for (const [field, column] of Object.entries(FOR_ADMINS)) {
    const isSent = input[field] !== undefined && (says(input[field]) || says(key?.[column]))
    if (isSent) throw onlyAdmins(field)
  }
  // Only its ledger knows whether this is what the key has spent.
  if (says(input['spend']) || (key && typeof input['spend'] === 'number')) throw onlyAdmins('spend')
}

function onlyAdmins(field: string): ApiError {
  return forbidden(`${field} may be set by proxy admins and team admins only`, field)
}

/** What a shared budget row may say as well, and a key's own word would win over. */
const OF_BUDGETS = [
  'max_budget',
  'budget_duration',
  'budget_limits',
  'model_max_budget',
  'model_rpm_limit',
  'model_tpm_limit',
  'tpm_limit',
  'rpm_limit',
  'max_parallel_requests',
]

/** Nobody but an admin sets limits beside those of a budget row that an admin gave. Throws 403. */
export function refuseBesideBudget(
  input: Readonly<Record<string, unknown>>,
  keys: readonly (Pick<KeyRow, 'budgetId'> | null)[],
): void {
  if (keys.every((key) => key === null || key.budgetId === null)) return
  const field = OF_BUDGETS.find((name) => says(input[name]))
  if (field !== undefined) throw onlyAdmins(field)
}

/**
 * A key acts for its user. What a team's admin gets hold of for somebody else may therefore call
 * models, and manage nothing. Throws 403.
 */
export function requireModelsOnly(routes: readonly string[], userId: string): void {
  if (isForModelsOnly(routes)) return
  const message = `A team admin's key for user_id=${userId} may call models only`
  throw forbidden(`${message}: allowed_routes must be within ["llm_api_routes"].`, 'allowed_routes')
}

/** Whether somebody who is no proxy admin would hold a key of another user. */
export function isForAnother({ actor }: Pick<Asking, 'actor'>, userId: string | null) {
  return !isAdmin(actor) && userId !== null && userId !== actor.userId
}

/** When a key of this team ends at the latest if a member makes it; null: never. */
export async function lastEnd(
  { db }: Pick<Asking, 'db'>,
  teamId: string | null,
  nowMs: number,
): Promise<Date | null> {
  const found = teamId === null ? null : await getTeam(db, teamId)
  const life = parseDuration(found?.team.teamMemberKeyDuration ?? '')
  return life && new Date(addDuration(life, nowMs))
}

/** Throws 400: the key would live longer than the team lets keys of its members live. */
export function requireEnd(end: Date | null, last: Date | null): void {
  if (last === null || (end !== null && end <= last)) return
  throw badRequest('duration exceeds team_member_key_duration of the team', 'duration')
}

function isOwn(actor: Actor, key: Pick<KeyRow, 'token' | 'userId'>): boolean {
  if (actor.key?.token === key.token) return true
  return actor.userId !== null && actor.userId === key.userId
}

function forbidden(message: string, param = 'None'): ApiError {
  return new ApiError(403, message, { type: 'auth_error', param })
}
