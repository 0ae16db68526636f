import { z } from 'zod'
import { PERMISSIONS } from '../auth/member-permissions.ts'
import { parseDuration } from '../duration.ts'
import { MONEY_MAX_USD, parsePico, picoToDecimal } from '../money.ts'
import type { TeamDefaults, TeamDefaultValues } from './config.ts'
import { expected, expectedValue, id, numeric, oneOf, text, texts } from './values.ts'

/** The id in LiteLLM's documentation of the element that is for every new team. */
export const FOR_ALL_TEAMS = 'default-settings'

const USD = 'USD, 0 or more, such as 100'
const DURATION = 'a duration such as "30d", "24h" or "1mo"'
const COUNT = 'a whole number, 0 or more'

const usd = () => numeric(USD, [0, MONEY_MAX_USD]).transform((value) => decimal(value))
const duration = () =>
  text(DURATION).refine((value) => parseDuration(value) !== null, expectedValue(DURATION))
const whole = () =>
  numeric(COUNT, [0, Number.MAX_SAFE_INTEGER]).refine(Number.isSafeInteger, expectedValue(COUNT))
const byModel = <T extends z.ZodType>(limit: T) =>
  z.record(z.string(), limit, expected('a mapping of models'))

function decimal(value: number): string {
  return picoToDecimal(parsePico(value))
}

const BudgetWindow = z.strictObject(
  { budget_duration: duration(), max_budget: usd() },
  expected('a mapping such as {budget_duration: 24h, max_budget: 1}'),
)

const ModelBudget = z.strictObject(
  {
    budget_limit: usd().optional(),
    time_period: duration().optional(),
    max_budget: usd().optional(),
    budget_duration: duration().optional(),
  },
  expected('a mapping such as {budget_limit: 1, time_period: 1d}'),
)

/** What a new team may have without being asked for: what `/team/new` takes and limits a team. */
const fields = {
  max_budget: usd().optional(),
  soft_budget: usd().optional(),
  budget_duration: duration().optional(),
  budget_reset_alignment: oneOf('rolling', 'calendar').optional(),
  budget_limits: z.array(BudgetWindow, expected('a list of budgets')).optional(),
  model_max_budget: byModel(ModelBudget).optional(),
  model_rpm_limit: byModel(whole()).optional(),
  model_tpm_limit: byModel(whole()).optional(),
  budget_enforcement: oneOf('headroom', 'strict', 'observe').optional(),
  models: texts('a list of models such as ["gpt-4o"]').optional(),
  tpm_limit: whole().optional(),
  rpm_limit: whole().optional(),
  max_parallel_requests: whole().optional(),
  team_member_budget: usd().optional(),
  team_member_budget_duration: duration().optional(),
  team_member_rpm_limit: whole().optional(),
  team_member_tpm_limit: whole().optional(),
  team_member_permissions: texts('a list of routes such as ["/key/generate"]')
    .pipe(z.array(z.string().refine(isPermission, expectedValue(PERMISSIONS.join(' or ')))))
    .optional(),
  team_member_key_duration: duration().optional(),
}

export const DefaultTeamParams = z.object(
  fields,
  expected('a mapping such as {max_budget: 100, budget_duration: 30d}'),
)

const Element = z.object(
  { team_id: id().optional(), ...fields },
  expected('a mapping such as {team_id: "default-settings", max_budget: 100}'),
)

export const DefaultTeamSettings = z
  .array(Element, expected('a list such as [{team_id: "default-settings", max_budget: 100}]'))
  .superRefine((elements, context) => {
    const seen = new Set<string>()
    for (const [i, { team_id: teamId = FOR_ALL_TEAMS }] of elements.entries()) {
      const message = `expected each team once, got "${teamId}" again`
      if (seen.has(teamId)) context.addIssue({ code: 'custom', path: [i, 'team_id'], message })
      seen.add(teamId)
    }
  })

interface Sent {
  readonly default_team_settings?: z.infer<typeof DefaultTeamSettings> | undefined
  readonly default_team_params?: z.infer<typeof DefaultTeamParams> | undefined
}

/** What the two settings of LiteLLM give to new teams, the nearest first. */
export function makeTeamDefaults(sent: Sent): TeamDefaults {
  const elements = sent.default_team_settings ?? []
  const general = elements.find(isGeneral) ?? elements[0]
  return {
    byTeam: elements.flatMap(({ team_id: teamId, ...values }) =>
      teamId === undefined || teamId === FOR_ALL_TEAMS ? [] : [{ teamId, values: columns(values) }],
    ),
    general: [general, sent.default_team_params].flatMap((values) =>
      values ? [columns(values)] : [],
    ),
  }
}

/** LiteLLM's first element is for every team, whoever it names: that may not be what was meant. */
export function teamDefaultsWarning(sent: Sent): string | null {
  const [first, ...others] = sent.default_team_settings ?? []
  if (!first || [first, ...others].some(isGeneral)) return null
  if (Object.keys(first).every((name) => name === 'team_id')) return null
  return (
    `litellm_settings.default_team_settings[0] holds for every new team, as in LiteLLM, though it ` +
    `names "${first.team_id}": add an element with team_id "${FOR_ALL_TEAMS}" to change that`
  )
}

function isGeneral({ team_id: teamId }: z.infer<typeof Element>): boolean {
  return teamId === undefined || teamId === FOR_ALL_TEAMS
}

function columns(sent: z.infer<typeof DefaultTeamParams>): TeamDefaultValues {
  const { model_max_budget: models } = sent
  return {
    maxBudget: sent.max_budget,
    softBudget: sent.soft_budget,
    budgetDuration: sent.budget_duration,
    budgetResetAlignment: sent.budget_reset_alignment,
    budgetLimits: sent.budget_limits,
    modelMaxBudget: models && mapModels(models),
    modelRpmLimit: sent.model_rpm_limit,
    modelTpmLimit: sent.model_tpm_limit,
    budgetEnforcement: sent.budget_enforcement,
    models: sent.models,
    tpmLimit: sent.tpm_limit,
    rpmLimit: sent.rpm_limit,
    maxParallelRequests: sent.max_parallel_requests,
    teamMemberBudget: sent.team_member_budget,
    teamMemberBudgetDuration: sent.team_member_budget_duration,
    teamMemberRpmLimit: sent.team_member_rpm_limit,
    teamMemberTpmLimit: sent.team_member_tpm_limit,
    teamMemberPermissions: filled(sent.team_member_permissions),
    teamMemberKeyDuration: sent.team_member_key_duration,
  }
}

/** None at all are LiteLLM's, as nothing said. */
function filled(names: string[] | undefined): string[] | undefined {
  return names?.length === 0 ? undefined : names
}

function isPermission(name: string): boolean {
  return PERMISSIONS.includes(name)
}

/** LiteLLM takes either pair of names. */
function mapModels(models: Readonly<Record<string, z.infer<typeof ModelBudget>>>) {
  const entries = Object.entries(models).map(([model, budget]) => {
    const budget_limit = budget.budget_limit ?? budget.max_budget ?? null
    const time_period = budget.time_period ?? budget.budget_duration ?? null
    return [model, { budget_limit, time_period }] as const
  })
  return Object.fromEntries(entries)
}
