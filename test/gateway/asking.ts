import type { Caller } from '../../src/auth/caller.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { AdmitDeps } from '../../src/gateway/admit.ts'
import { readLlmBody } from '../../src/gateway/body.ts'
import { ENDPOINTS } from '../../src/gateway/endpoints.ts'
import type { LlmRequest } from '../../src/gateway/prepare.ts'
import type { LedgerClient } from '../../src/ledger/client.ts'
import { type PolicyRow, unlimitedRow } from '../../src/ledger/policy.ts'
import type { Admitted, ReserveRequest } from '../../src/ledger/types.ts'

export const NOW_MS = Date.UTC(2026, 10, 23, 12, 0, 0)
export const ADMITTED: Admitted = {
  kind: 'admitted',
  tight: false,
  scopes: [],
  rates: [],
  heldPico: 1n,
  outputTokens: null,
  wouldRefuse: null,
}

function configOf(settings = '') {
  const yaml = `model_list:
  - { model_name: m, litellm_params: { model: openai/m, input_cost_per_token: 0.000001, output_cost_per_token: 0.000002 }, model_info: { max_output_tokens: 1000 } }
  - { model_name: free, litellm_params: { model: openai/free } }
router_settings: { model_group_alias: { n: m } }
general_settings: { ${settings} }`
  return parseConfig(yaml, { EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING: 'true' }).config
}

export function callerOf(key: Partial<PolicyRow> = {}, account: Partial<PolicyRow> = {}): Caller {
  const record = {
    hash: 'ab12',
    name: 'sk-...abcd',
    alias: null,
    teamId: 't1',
    teamAlias: null,
    userId: null,
    accountId: 'team:t1',
    generation: 1,
    key: { ...unlimitedRow('key', 'ab12'), ...key },
    account: { ...unlimitedRow('account', 'team:t1'), ...account },
  }
  return { kind: 'key', hash: 'ab12', record }
}

interface World {
  readonly answers?: readonly unknown[]
  readonly settings?: string
  readonly refetched?: Caller
}

/** A ledger that answers what it is told to, and all that it was asked. */
export function world({ answers = [ADMITTED], settings, refetched = callerOf() }: World = {}) {
  const asked: ReserveRequest[] = []
  const remembered: Caller[] = []
  const left = [...answers]
  const answer = async (reserve: ReserveRequest) => {
    asked.push(reserve)
    return left.shift()
  }
  const ledger = { reserve: answer, decide: answer } as unknown as LedgerClient
  const deps: AdmitDeps = {
    config: configOf(settings),
    ledgerOf: () => ledger,
    remember: (caller) => void remembered.push(caller),
    refetch: async () => refetched,
    nowMs: () => NOW_MS,
  }
  return { deps, asked, remembered }
}

export function request(
  body: object = {},
  caller = callerOf(),
  path = '/chat/completions',
): LlmRequest {
  const endpoint = ENDPOINTS.find((known) => known.path === path)!
  const bytes = new TextEncoder().encode(JSON.stringify({ model: 'm', ...body }))
  const clientSignal = new AbortController().signal
  const read = readLlmBody(bytes, endpoint)
  return { caller, callId: 'c1', endpoint, body: read, headers: new Headers(), clientSignal }
}
