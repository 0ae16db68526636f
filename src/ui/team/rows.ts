import type { KeyRow } from '../key/rows.ts'

/** Of the API's team rows, what the pages show. */
export interface Team {
  readonly team_id: string
  readonly team_alias: string | null
  readonly blocked: boolean
  readonly spend: number
  readonly held?: number | null
  readonly max_budget: number | null
  readonly budget_duration: string | null
  readonly budget_reset_at: string | null
  readonly budget_enforcement: string | null
  readonly temp_budget_increase: number | null
  readonly temp_budget_expiry: string | null
  readonly models: readonly string[]
  readonly tpm_limit: number | null
  readonly rpm_limit: number | null
  readonly max_parallel_requests: number | null
}

export interface TeamList {
  readonly teams: readonly Team[]
  readonly total: number
  readonly page: number
  readonly total_pages: number
}

export interface Pace {
  readonly spend_per_hour: number
  /** Null: not before its reset. */
  readonly budget_ends_at: string | null
}

export interface Window {
  readonly budget_duration: string
  readonly max_budget: number | null
  readonly reset_at: string | null
}

export interface TeamRow extends Team {
  readonly members_with_roles: readonly {
    readonly user_id: string | null
    readonly user_email: string | null
    readonly role: string
  }[]
  readonly forecast: { readonly last_day: Pace; readonly window: Pace }
  readonly budget_limits: readonly Window[] | null
  readonly budget_limits_usage: Readonly<Record<string, { readonly current_spend: number }>>
}

export interface MemberLimits {
  readonly max_budget: number | null
  readonly budget_duration: string | null
  readonly budget_reset_at: string | null
  readonly tpm_limit: number | null
  readonly rpm_limit: number | null
}

export interface TeamInfo {
  readonly team_id: string
  readonly team_info: TeamRow
  readonly keys: readonly KeyRow[]
  readonly team_memberships: readonly {
    readonly user_id: string
    readonly spend: number
    readonly litellm_budget_table: MemberLimits | null
  }[]
}

export interface Member {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly spend: number
  /** Their own, or the team's for its members. */
  readonly limits: MemberLimits | null
}

export const nameOf = ({ team_alias: alias, team_id: id }: Pick<Team, 'team_alias' | 'team_id'>) =>
  alias || id

export const pathOf = (teamId: string) => `/ui/teams/${encodeURIComponent(teamId)}`

export const memberPath = (teamId: string, userId: string) =>
  `${pathOf(teamId)}/members/${encodeURIComponent(userId)}`

type Limited = Pick<Team, 'max_budget' | 'temp_budget_increase' | 'temp_budget_expiry'>

export function isLifted({ temp_budget_expiry: until }: Limited, nowMs: number): boolean {
  return until !== null && Date.parse(until) > nowMs
}

/** USD, with what is allowed for a while; null: no limit. */
export function limitOf(team: Limited, nowMs: number): number | null {
  const { max_budget: limit, temp_budget_increase: more } = team
  return limit === null ? null : limit + (isLifted(team, nowMs) ? (more ?? 0) : 0)
}

export function membersOf({ team_info: team, team_memberships: memberships }: TeamInfo): Member[] {
  return team.members_with_roles.flatMap(({ user_id: id, user_email: email, role }) => {
    if (id === null) return []
    const own = memberships.find((membership) => membership.user_id === id)
    const limits = own?.litellm_budget_table ?? null
    return [{ id, name: email ?? id, role, spend: own?.spend ?? 0, limits }]
  })
}

/** Whether somebody may change a team's members, name and models. */
export function isManager(
  { team_info: team }: TeamInfo,
  { isAdmin, userId }: { readonly isAdmin: boolean; readonly userId: string | null },
): boolean {
  const isTheirs = ({ user_id: id, role }: TeamRow['members_with_roles'][number]) =>
    id !== null && id === userId && role === 'admin'
  return isAdmin || team.members_with_roles.some(isTheirs)
}
