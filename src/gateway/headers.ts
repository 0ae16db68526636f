import { partsOf } from '../ledger/scopes.ts'
import { formatPico, type Pico } from '../money.ts'
import { type Admission, type Call, clampedTokens } from './call.ts'
import { rateHeaders } from './rate-headers.ts'
import { wouldRefuse } from './scope-names.ts'

/** All that an answer's headers say; a stream's cost is not known yet: null. */
export function answerHeaders(
  call: Call,
  admission: Admission,
  costPico: Pico | null,
): Record<string, string> {
  return {
    ...callHeaders(call),
    ...(costPico !== null && { 'x-litellm-response-cost': formatPico(costPico) }),
    ...spendHeaders(admission, costPico ?? 0n),
    ...rateHeaders(admission.rates, call.policy),
    ...modeHeaders(call, admission),
  }
}

/** What LiteLLM says of every call, streamed or not. */
export function callHeaders(call: Call): Record<string, string> {
  return {
    'x-litellm-call-id': call.callId,
    'x-litellm-model-id': headerSafe(call.deployment.id),
    'x-litellm-model-group': headerSafe(call.group),
  }
}

/** What a strict budget made of the call, or an observed one would have. */
export function modeHeaders(call: Call, admission: Admission): Record<string, string> {
  const headers: Record<string, string> = {}
  const tokens = clampedTokens(call, admission)
  if (tokens !== null) headers['x-tollgate-max-tokens'] = String(tokens)
  if (admission.wouldRefuse) headers['x-tollgate-would-refuse'] = wouldRefuse(admission.wouldRefuse)
  return headers
}

/** The key's own spend with this call, as Python prints floats. */
function spendHeaders({ scopes }: Admission, costPico: Pico): Record<string, string> {
  const key = scopes.find(({ scope, budget }) => {
    const { kind, model } = partsOf(scope)
    return kind === 'key' && model === null && budget === 'main'
  })
  const headers: Record<string, string> = {}
  if (!key) return headers
  headers['x-litellm-key-spend'] = formatPico(key.spentPico + costPico)
  if (key.limitPico !== null) headers['x-litellm-key-max-budget'] = formatPico(key.limitPico)
  return headers
}

/** Header values are Latin-1 without control characters. */
export function headerSafe(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, '?')
}
