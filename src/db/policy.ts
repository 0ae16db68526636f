import type { KeySecret } from '../../drizzle/columns.ts'
import type { budgets, keys, memberships, teams, users } from '../../drizzle/schema.ts'
import { parseDuration } from '../duration.ts'
import {
  type BudgetPolicy,
  type Limits,
  type PolicyRow,
  UNLIMITED_RATES,
  unlimitedRow,
} from '../ledger/policy.ts'
import { parsePico } from '../money.ts'
import type { Schedule } from '../windows.ts'

type TeamRow = typeof teams.$inferSelect

/** The columns that every row which limits something has. */
type LimitRow = Pick<
  TeamRow,
  | 'maxBudget'
  | 'budgetDuration'
  | 'budgetAnchorAt'
  | 'budgetResetAlignment'
  | 'budgetLimits'
  | 'modelMaxBudget'
  | 'modelRpmLimit'
  | 'modelTpmLimit'
  | 'maxParallelRequests'
  | 'tpmLimit'
  | 'rpmLimit'
>
type EnforcementRow = Pick<TeamRow, 'budgetEnforcement' | 'tempBudgetIncrease' | 'tempBudgetExpiry'>

export function teamPolicy(team: TeamRow): PolicyRow {
  const memberLimits = memberLimitsOf(team)
  return {
    ...limitsOf(team),
    ...enforcementOf(team),
    kind: 'account',
    id: `team:${team.teamId}`,
    version: team.version,
    alias: team.teamAlias,
    blocked: team.blocked,
    deleted: team.deletedAt !== null,
    models: team.models,
    ...(team.modelAliases && { aliases: team.modelAliases }),
    ...(memberLimits && { memberLimits }),
  }
}

export function userPolicy(user: typeof users.$inferSelect): PolicyRow {
  return {
    ...limitsOf(user),
    kind: 'account',
    id: `user:${user.userId}`,
    version: user.version,
    alias: user.userAlias,
    deleted: user.deletedAt !== null,
    models: user.models,
  }
}

export function keyPolicy(key: typeof keys.$inferSelect): PolicyRow {
  return {
    ...limitsOf(key),
    ...enforcementOf(key),
    kind: 'key',
    id: key.token,
    version: key.version,
    alias: key.keyAlias,
    blocked: key.blocked,
    deleted: key.deletedAt !== null,
    expiresAtMs: key.expiresAt?.getTime() ?? null,
    models: key.models,
    accountId: key.accountId,
    userId: key.userId,
    budgetId: key.budgetId,
    ...(key.aliases && { aliases: key.aliases }),
    ...(key.allowedRoutes.length > 0 && { routes: key.allowedRoutes }),
    ...(key.secrets && { secrets: key.secrets.map(secretOf) }),
  }
}

function secretOf({ hash, until }: KeySecret) {
  return { hash, untilMs: until === null ? null : Date.parse(until) }
}

export function memberPolicy(member: typeof memberships.$inferSelect): PolicyRow {
  return {
    ...limitsOf(member),
    kind: 'member',
    id: member.userId,
    version: member.version,
    deleted: member.deletedAt !== null,
    budgetId: member.budgetId,
  }
}

/** Who has a key of a team without being in it: the team's limits for members hold all the same. */
export function plainMember(userId: string): PolicyRow {
  return unlimitedRow('member', userId)
}

export function budgetPolicy(budget: typeof budgets.$inferSelect): PolicyRow {
  return {
    ...limitsOf(budget),
    kind: 'budget',
    id: budget.budgetId,
    version: budget.version,
    deleted: budget.deletedAt !== null,
  }
}

/** What rows have in common; where one has nothing to say, the defaults stand. */
function limitsOf(row: LimitRow) {
  const modelLimits = modelLimitsOf(row)
  return {
    alias: null,
    blocked: false,
    deleted: false,
    expiresAtMs: null,
    models: [],
    budgets: [
      mainOf(row.maxBudget, scheduleOf(row)),
      ...(row.budgetLimits ?? []).map(({ max_budget, budget_duration, anchor_at }) => ({
        ...mainOf(max_budget, scheduleOf(row, budget_duration, anchor_at)),
        id: budget_duration,
      })),
    ],
    rates: {
      requestsPerMinute: row.rpmLimit,
      tokensPerMinute: row.tpmLimit,
      parallelRequests: row.maxParallelRequests,
    },
    ...(modelLimits && { modelLimits }),
  }
}

function mainOf(limit: string | null, schedule: Schedule): BudgetPolicy {
  return { id: 'main', limitPico: limit === null ? null : parsePico(limit), ...schedule }
}

type ScheduleRow = Pick<LimitRow, 'budgetDuration' | 'budgetAnchorAt' | 'budgetResetAlignment'>

/** How the windows of a row's main budget lie, or of another that has a duration of its own. */
export function scheduleOf(
  row: ScheduleRow,
  duration = row.budgetDuration,
  anchorAt: string | Date = row.budgetAnchorAt,
): Schedule {
  return {
    duration: duration === null ? null : parseDuration(duration),
    anchorMs: new Date(anchorAt).getTime(),
    ...(row.budgetResetAlignment && { alignment: row.budgetResetAlignment }),
  }
}

function modelLimitsOf(row: LimitRow): Record<string, Limits> | null {
  const { modelMaxBudget, modelRpmLimit, modelTpmLimit } = row
  const named = [modelMaxBudget, modelRpmLimit, modelTpmLimit].flatMap((limits) =>
    Object.keys(limits ?? {}),
  )
  if (named.length === 0) return null
  const limitsFor = (model: string): Limits => {
    const budget = valueOf(modelMaxBudget, model)
    return {
      budgets: budget
        ? [mainOf(budget.budget_limit, scheduleOf(row, budget.time_period, budget.anchor_at))]
        : [],
      rates: {
        requestsPerMinute: valueOf(modelRpmLimit, model),
        tokensPerMinute: valueOf(modelTpmLimit, model),
        parallelRequests: null,
      },
    }
  }
  return Object.fromEntries([...new Set(named)].map((model) => [model, limitsFor(model)]))
}

/** A model may be called as every object's own properties are. */
function valueOf<T>(values: Readonly<Record<string, T>> | null, name: string): T | null {
  return values && Object.hasOwn(values, name) ? (values[name] ?? null) : null
}

/** Without a duration of its own, the budget of members has its windows from the team's. */
function memberLimitsOf(team: TeamRow): Limits | null {
  const { teamMemberBudget, teamMemberBudgetDuration, teamMemberRpmLimit, teamMemberTpmLimit } =
    team
  const said = [teamMemberBudget, teamMemberBudgetDuration, teamMemberRpmLimit, teamMemberTpmLimit]
  if (said.every((value) => value === null)) return null
  const schedule =
    teamMemberBudgetDuration === null
      ? scheduleOf(team)
      : scheduleOf(team, teamMemberBudgetDuration, team.teamMemberAnchorAt)
  const main = mainOf(teamMemberBudget, schedule)
  const rates = { requestsPerMinute: teamMemberRpmLimit, tokensPerMinute: teamMemberTpmLimit }
  return { budgets: [main], rates: { ...UNLIMITED_RATES, ...rates } }
}

function enforcementOf(row: EnforcementRow): Pick<PolicyRow, 'enforcement' | 'increase'> {
  const { budgetEnforcement, tempBudgetIncrease, tempBudgetExpiry } = row
  const increase =
    tempBudgetIncrease !== null && tempBudgetExpiry !== null
      ? { pico: parsePico(tempBudgetIncrease), untilMs: tempBudgetExpiry.getTime() }
      : null
  return { enforcement: budgetEnforcement, increase }
}
