import type { z } from 'zod'
import type { Actor } from '../../auth/actor.ts'
import { made } from '../../db/change.ts'
import { newEnforcement, newLimits } from '../../db/limits.ts'
import { newKey, sha256Hex } from '../../ids.ts'
import { granted } from '../access/grants.ts'
import { accountOf, keyChanges, keyFields } from '../key/fields.ts'
import type { Now } from '../../windows.ts'

/** What is said of the key that comes with a new user. */
export const firstKeyFields = {
  key_alias: keyFields.key_alias,
  duration: keyFields.duration,
  aliases: keyFields.aliases,
  allowed_routes: keyFields.allowed_routes,
  key_type: keyFields.key_type,
}

type Input = Pick<
  z.infer<z.ZodObject<typeof keyFields>>,
  | keyof typeof firstKeyFields
  | 'team_id'
  | 'metadata'
  | 'models'
  | 'rpm_limit'
  | 'tpm_limit'
  | 'max_parallel_requests'
>

interface Making extends Now {
  readonly actor: Pick<Actor, 'key'>
  readonly by: string
  readonly input: Input
}

/** As in LiteLLM it has the user's models and rates; budgets are the user's alone. */
export async function firstKey({ actor, by, input, ...now }: Making, userId: string) {
  const secret = newKey()
  const token = await sha256Hex(secret)
  const { key_alias, duration, aliases, allowed_routes, key_type, metadata, models } = input
  const named = { key_alias, duration, aliases, allowed_routes, key_type, metadata, models }
  const { rpm_limit, tpm_limit, max_parallel_requests } = input
  const limits = { rpm_limit, tpm_limit, max_parallel_requests, budget_duration: undefined }
  const sent = keyChanges({ ...named, ...limits, temp_budget_expiry: undefined }, now.nowMs)
  const changes = granted(actor, sent, { isNew: true, isByAdmin: true })
  const owned = { team_id: input.team_id, user_id: userId }
  const row = {
    token,
    keyName: `sk-...${secret.slice(-4)}`,
    keyAlias: changes.keyAlias ?? null,
    accountId: accountOf(owned, token),
    teamId: input.team_id ?? null,
    userId,
    metadata: changes.metadata ?? {},
    models: changes.models ?? [],
    aliases: changes.aliases ?? null,
    allowedRoutes: changes.allowedRoutes ?? [],
    expiresAt: changes.expiresAt ?? null,
    ...made(by, now.nowMs),
    ...newLimits({ ...changes, modelRpmLimit: null, modelTpmLimit: null }, now),
    ...newEnforcement({}),
  }
  return { secret, row }
}
