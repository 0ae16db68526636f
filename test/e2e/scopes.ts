/** One tenant for each place where a limit may hang, with the keys whose calls it counts. */
import { randomUUID } from 'node:crypto'
import type { Stack } from './harness.ts'

export const SCOPES = ['team', 'key', 'member', 'model'] as const

export type ScopeName = (typeof SCOPES)[number]

/** Whose refusals name it; a model's limit is its key's or its team's. */
export type Owner = 'team' | 'key' | 'member'

export interface Limited {
  teamId: string
  keys: string[]
}

interface Limit {
  /** The exact name that clients send. */
  model: string
  usd?: number
  requestsPerMinute?: number
  /** Further fields of the team. */
  team?: Record<string, unknown>
}

/** Every team's total is its limited scope's: nothing else is called with its keys. */
export async function limitedTenant(
  stack: Stack,
  [scope, owner]: readonly [ScopeName, Owner],
  limit: Limit,
): Promise<Limited> {
  const own = limitFields(scope, limit)
  const { teamId } = await stack.tenant({ ...limit.team, ...(owner !== 'key' && own) })
  const userId = owner === 'member' ? { user_id: `user-${randomUUID()}` } : {}
  const keys: string[] = []
  // Every limit but a key's is shared by several keys.
  for (let i = 0; i < (owner === 'key' ? 1 : 3); i++) {
    keys.push(await stack.newKey({ team_id: teamId, ...userId, ...(owner === 'key' && own) }))
  }
  return { teamId, keys }
}

export function ownerOf(scope: ScopeName, repeat: number): Owner {
  if (scope !== 'model') return scope
  return repeat % 2 === 0 ? 'key' : 'team'
}

const FIELDS = {
  team: ['max_budget', 'rpm_limit'],
  key: ['max_budget', 'rpm_limit'],
  member: ['team_member_budget', 'team_member_rpm_limit'],
  model: ['model_max_budget', 'model_rpm_limit'],
} as const

function limitFields(scope: ScopeName, { model, usd, requestsPerMinute }: Limit) {
  const [budget, rate] = FIELDS[scope]
  const [money, count] =
    scope === 'model'
      ? [{ [model]: { budget_limit: usd } }, { [model]: requestsPerMinute }]
      : [usd, requestsPerMinute]
  return {
    ...(usd !== undefined && { [budget]: money }),
    ...(requestsPerMinute !== undefined && { [rate]: count }),
  }
}
