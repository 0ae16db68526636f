import type { KeyRow } from '../key/rows.ts'
import type { Team } from '../team/rows.ts'

/** Of the API's user rows, what the pages show. */
export interface UserRow {
  readonly user_id: string
  readonly user_email: string | null
  readonly user_alias: string | null
  readonly user_role: string | null
  readonly spend: number
  readonly held?: number | null
  readonly max_budget: number | null
  readonly budget_reset_at: string | null
  readonly teams: readonly string[]
}

export interface UserList {
  readonly users: readonly UserRow[]
  readonly total: number
  readonly page: number
  readonly total_pages: number
}

export interface UserInfo {
  readonly user_id: string
  readonly user_info: UserRow
  readonly keys: readonly KeyRow[]
  readonly teams: readonly Team[]
}

export const nameOf = ({ user_alias: alias, user_email: email, user_id: id }: UserRow) =>
  alias || email || id

export const pathOf = (userId: string) => `/ui/users/${encodeURIComponent(userId)}`
