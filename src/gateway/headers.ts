import { formatPico, type Pico } from '../money.ts'
import type { Admission, Call } from './call.ts'

/** What LiteLLM says of every call, streamed or not. */
export function callHeaders(call: Call): Record<string, string> {
  return {
    'x-litellm-call-id': call.callId,
    'x-litellm-model-id': headerSafe(call.deployment.id),
    'x-litellm-model-group': headerSafe(call.group),
  }
}

/** A call's cost, and its key's spend with it, as Python prints floats. */
export function costHeaders(admission: Admission, costPico: Pico): Record<string, string> {
  return { 'x-litellm-response-cost': formatPico(costPico), ...spendHeaders(admission, costPico) }
}

export function spendHeaders(admission: Admission, costPico: Pico): Record<string, string> {
  const key = admission.scopes.find(({ scope }) => scope.startsWith('key:'))
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
