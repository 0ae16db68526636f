import type { keys, teams, users } from '../../drizzle/schema.ts'
import { parseDuration } from '../duration.ts'
import type { PolicyRow } from '../ledger/types.ts'
import { parsePico } from '../money.ts'

type Limits = Pick<
  typeof teams.$inferSelect,
  | 'maxBudget'
  | 'budgetDuration'
  | 'budgetAnchorAt'
  | 'maxParallelRequests'
  | 'tpmLimit'
  | 'rpmLimit'
>

export function teamPolicy(team: typeof teams.$inferSelect): PolicyRow {
  return {
    ...limitsOf(team),
    kind: 'account',
    id: `team:${team.teamId}`,
    version: team.version,
    alias: team.teamAlias,
    blocked: team.blocked,
    deleted: team.deletedAt !== null,
    models: team.models,
  }
}

export function userPolicy(user: typeof users.$inferSelect): PolicyRow {
  return {
    ...limitsOf(user),
    kind: 'account',
    id: `user:${user.userId}`,
    version: user.version,
    alias: user.userAlias,
    blocked: false,
    models: user.models,
  }
}

export function keyPolicy(key: typeof keys.$inferSelect): PolicyRow {
  return {
    ...limitsOf(key),
    kind: 'key',
    id: key.token,
    version: key.version,
    alias: key.keyAlias,
    blocked: key.blocked,
    deleted: key.deletedAt !== null,
    expiresAtMs: key.expiresAt?.getTime() ?? null,
    models: key.models,
  }
}

function limitsOf(row: Limits): Pick<PolicyRow, 'deleted' | 'expiresAtMs' | 'budgets' | 'rates'> {
  return {
    deleted: false,
    expiresAtMs: null,
    budgets: [
      {
        id: 'main',
        limitPico: row.maxBudget === null ? null : parsePico(row.maxBudget),
        duration: row.budgetDuration === null ? null : parseDuration(row.budgetDuration),
        anchorMs: row.budgetAnchorAt.getTime(),
      },
    ],
    rates: {
      requestsPerMinute: row.rpmLimit,
      tokensPerMinute: row.tpmLimit,
      parallelRequests: row.maxParallelRequests,
    },
  }
}
