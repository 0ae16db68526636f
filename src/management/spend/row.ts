import type { LogRow } from '../../db/history/logs.ts'
import { isoMicros } from '../../duration.ts'
import { picoToUsd } from '../../money.ts'

/** A call as LiteLLM's spend logs have it. What was said and answered is kept nowhere. */
export function spendLogRow(row: LogRow) {
  const endTime = isoMicros(row.endedMs)
  return {
    request_id: row.entryId,
    call_type: row.callType ?? '',
    api_key: row.keyHash ?? '',
    spend: picoToUsd(row.pico),
    total_tokens: row.totalTokens,
    prompt_tokens: row.promptTokens,
    completion_tokens: row.completionTokens,
    startTime: isoMicros(row.startedMs),
    endTime,
    completionStartTime: null,
    request_duration_ms: row.endedMs - row.startedMs,
    model: row.model ?? '',
    model_id: row.modelId ?? '',
    model_group: row.modelGroup ?? '',
    custom_llm_provider: row.provider ?? '',
    api_base: '',
    user: row.userId ?? '',
    metadata: metadataOf(row),
    cache_hit: 'False',
    cache_key: '',
    request_tags: [],
    team_id: row.teamId,
    organization_id: null,
    end_user: row.endUser ?? '',
    requester_ip_address: null,
    messages: {},
    response: {},
    session_id: null,
    status: row.status === 'success' ? 'success' : 'failure',
    mcp_namespaced_tool_name: null,
    agent_id: null,
    proxy_server_request: {},
  }
}

function metadataOf(row: LogRow) {
  const { detail } = row
  return {
    user_api_key: row.keyHash,
    user_api_key_alias: detail['keyAlias'] ?? null,
    user_api_key_team_id: row.teamId,
    user_api_key_team_alias: detail['teamAlias'] ?? null,
    user_api_key_user_id: row.userId,
    user_api_key_org_id: null,
    status: row.status === 'success' ? 'success' : 'failure',
    litellm_call_id: row.callId,
    response_id: row.responseId,
    response_model: detail['responseModel'] ?? null,
    stream: detail['stream'] ?? null,
    usage_source: row.usageSource,
    service_tier: detail['serviceTier'] ?? null,
    cost_breakdown: usdParts(detail['costParts']),
    listed_cost: usdOf(detail['listedPico']),
    provider_cost: usdOf(detail['providerPico']),
    reason: detail['reason'] ?? null,
    corrected: detail['corrected'] === true,
  }
}

/** What the cost is made of, USD; null: the hold was charged, or nothing. */
function usdParts(
  text: LogRow['detail'][string] | undefined,
): Record<string, number | null> | null {
  const parts = typeof text === 'string' ? parsed(text) : null
  if (typeof parts !== 'object' || parts === null) return null
  return Object.fromEntries(Object.entries(parts).map(([part, pico]) => [part, usdOf(pico)]))
}

function usdOf(pico: unknown): number | null {
  return typeof pico === 'string' && /^-?\d{1,30}$/.test(pico) ? picoToUsd(BigInt(pico)) : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
