/** Of the API's key rows, what the pages show. */
export interface KeyRow {
  readonly token: string
  readonly key_alias: string | null
  readonly key_name: string
  readonly team_id: string | null
  readonly user_id: string | null
  readonly spend: number
  readonly held?: number | null
  readonly max_budget: number | null
  readonly budget_duration: string | null
  readonly budget_reset_at: string | null
  readonly budget_id: string | null
  readonly models: readonly string[]
  readonly blocked: boolean | null
  readonly expires: string | null
  readonly tpm_limit: number | null
  readonly rpm_limit: number | null
  readonly max_parallel_requests: number | null
}

export type KeyInfo = Omit<KeyRow, 'token'>

export interface KeyPageList {
  readonly keys: readonly KeyRow[]
  readonly total_count: number
  readonly current_page: number
  readonly total_pages: number
}

export const nameOf = ({ key_alias: alias, key_name: name }: KeyInfo) => alias || name

export const pathOf = (hash: string) => `/ui/keys/${encodeURIComponent(hash)}`
