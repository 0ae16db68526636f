import { z } from 'zod'
import type { KeyChanges } from '../../db/key-update.ts'
import { isRouteGroup } from '../../auth/route-groups.ts'
import { getBudget } from '../../db/budgets.ts'
import type { Db } from '../../db/connect.ts'
import { getTeam } from '../../db/teams.ts'
import { addDuration, parseDuration } from '../../duration.ts'
import { notFound } from '../../errors.ts'
import { sha256Hex } from '../../ids.ts'
import { aliases, duration, flag, id, metadata, name, names } from '../fields.ts'
import { enforcement, limits } from '../limit-fields.ts'
import { enforcementChanges, filled, limitChanges, plainMetadata } from '../limits.ts'

const ROUTES_MAX = 100

/** LiteLLM's word for a key that never ends, which `null` means too. */
export const FOR_EVER = '-1'

const routes = z
  .array(
    id.refine((route) => route.startsWith('/') || isRouteGroup(route), {
      error: 'expected a route such as "/chat/completions", or a group such as "llm_api_routes"',
    }),
  )
  .max(ROUTES_MAX, { error: `expected at most ${ROUTES_MAX} items` })
  .nullish()

/** What a type of keys may call; null: what is sent as `allowed_routes`. */
const ROUTES_OF_TYPE = {
  default: null,
  llm_api: ['llm_api_routes'],
  management: ['management_routes'],
  read_only: ['info_routes'],
} as const

/** What a key is made with and what may be changed later. */
export const keyFields = {
  key_alias: name,
  duration: z
    .literal(['-1', -1])
    .transform(() => FOR_EVER)
    .or(duration),
  allowed_routes: routes,
  key_type: z.enum(['default', 'llm_api', 'management', 'read_only']).nullish(),
  team_id: id.nullish(),
  user_id: id.nullish(),
  budget_id: id.nullish(),
  metadata,
  models: names,
  aliases,
  blocked: flag,
  ...limits,
  ...enforcement,
}

type Input = z.infer<z.ZodObject<typeof keyFields>>

/** Fields as they were sent → what changes: undefined keeps, null clears. */
export function keyChanges(input: Input, nowMs: number): KeyChanges {
  return {
    keyAlias: input.key_alias === '' ? null : input.key_alias,
    metadata: plainMetadata(input.metadata),
    models: input.models === null ? [] : input.models,
    aliases: filled(input.aliases),
    allowedRoutes: routesOf(input),
    budgetId: input.budget_id,
    blocked: input.blocked === null ? false : input.blocked,
    expiresAt: expiry(input.duration, nowMs),
    ...limitChanges(input),
    ...enforcementChanges(input),
  }
}

function routesOf({ key_type: type, allowed_routes: sent }: Input): string[] | undefined {
  const ofType = type && ROUTES_OF_TYPE[type]
  if (ofType) return [...ofType]
  if (sent) return sent
  return sent === null || type ? [] : undefined
}

function expiry(text: string | null | undefined, nowMs: number): Date | null | undefined {
  if (text === undefined || text === null) return text
  if (text === FOR_EVER) return null
  const lifetime = parseDuration(text)
  return lifetime && new Date(addDuration(lifetime, nowMs))
}

interface Owned {
  readonly team_id?: string | null | undefined
  readonly user_id?: string | null | undefined
}

/** A key's spend belongs to its team, else to its user, else to itself. */
export function accountOf({ team_id, user_id }: Owned, token: string): string {
  if (team_id) return `team:${team_id}`
  return user_id ? `user:${user_id}` : `key:${token}`
}

/** Throws 404 if the team or the budget that a key names is not there. */
export async function checkNamed(
  db: Db,
  { team_id, budget_id }: Pick<Input, 'team_id' | 'budget_id'>,
): Promise<void> {
  if (team_id && !(await getTeam(db, team_id))) {
    throw notFound(`Team not found, passed team_id=${team_id}`, 'team_id')
  }
  if (budget_id && !(await getBudget(db, budget_id))) {
    throw notFound(`Budget not found, passed budget_id=${budget_id}`, 'budget_id')
  }
}

/** Management calls name a key by itself or by its hash. */
export async function hashOf(key: string): Promise<string> {
  return key.startsWith('sk-') ? sha256Hex(key) : key
}
