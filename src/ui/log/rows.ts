/** Of the API's rows of calls, what the pages show. */
export interface LogRow {
  readonly request_id: string
  readonly call_type: string
  readonly startTime: string
  readonly endTime: string
  readonly request_duration_ms: number
  readonly model: string
  readonly model_group: string
  readonly custom_llm_provider: string
  readonly spend: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly status: string
  readonly api_key: string
  readonly user: string
  readonly end_user: string
  readonly team_id: string | null
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface LogPage {
  readonly data: readonly LogRow[]
  readonly page: number
  readonly total_pages: number
}

/** What a row calls its team or key by; empty: it has no name. */
export function aliasOf({ metadata }: LogRow, of: 'team' | 'key'): string {
  const alias = metadata[of === 'team' ? 'user_api_key_team_alias' : 'user_api_key_alias']
  return typeof alias === 'string' ? alias : ''
}
