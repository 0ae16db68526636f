import type { teams } from '../../drizzle/schema.ts'
import type { TeamDefaults } from '../config/config.ts'
import type { Now } from '../windows.ts'
import { made } from './change.ts'
import { newEnforcement, newLimits } from './limits.ts'
import type { TeamChanges } from './team-update.ts'

interface NewTeam extends Now {
  readonly teamId: string
  /** What is undefined is taken from the defaults; null is none. */
  readonly sent: TeamChanges
  readonly defaults: TeamDefaults
  readonly by: string
}

/** All columns of a team that is made now, whoever makes it: defaults, budgets, first reset. */
export function newTeam(asked: NewTeam): typeof teams.$inferInsert {
  const { teamId, sent, defaults, by, nowMs } = asked
  const values = filled([sent, ...defaultsOf(defaults, teamId)])
  return {
    teamId,
    teamAlias: values.teamAlias ?? null,
    metadata: values.metadata ?? {},
    models: values.models ?? [],
    modelAliases: values.modelAliases ?? null,
    blocked: values.blocked ?? false,
    teamMemberBudget: values.teamMemberBudget ?? null,
    teamMemberBudgetDuration: values.teamMemberBudgetDuration ?? null,
    teamMemberAnchorAt: new Date(nowMs),
    teamMemberRpmLimit: values.teamMemberRpmLimit ?? null,
    teamMemberTpmLimit: values.teamMemberTpmLimit ?? null,
    teamMemberPermissions: values.teamMemberPermissions ?? null,
    teamMemberKeyDuration: values.teamMemberKeyDuration ?? null,
    ...made(by, nowMs),
    ...newLimits(values, asked),
    ...newEnforcement(values),
  }
}

/** What is meant for the team by its id goes before what is meant for all. */
function defaultsOf({ byTeam, general }: TeamDefaults, teamId: string): TeamChanges[] {
  const named = byTeam.filter((element) => element.teamId === teamId)
  return [...named.map(({ values }) => values), ...general]
}

/** Field by field, the first that says anything. */
function filled(layers: readonly TeamChanges[]): TeamChanges {
  const said = layers.map((layer) =>
    Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)),
  )
  return Object.assign({}, ...said.toReversed())
}
