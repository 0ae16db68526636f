import type { CallPolicy } from '../ledger/policy.ts'
import type { RateLeft, RateState } from '../ledger/types.ts'
import { descriptorOf } from './scope-names.ts'

/** Longer names would make headers that some clients refuse. */
const NAME_MAX_LENGTH = 128

/**
 * LiteLLM's `x-ratelimit-…`, one pair for each limit that a scope has. Where a name and a pattern
 * limit the same model, the one with less left is told.
 */
export function rateHeaders(
  rates: readonly RateState[],
  { model = null }: CallPolicy,
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const kind of ['requests', 'tokens'] as const) {
    for (const [descriptor, { limit, remaining }] of leastLeft(rates, kind)) {
      headers[`x-ratelimit-${descriptor}-limit-${kind}`] = String(limit)
      headers[`x-ratelimit-${descriptor}-remaining-${kind}`] = String(remaining)
      if (descriptor === 'api_key') {
        headers[`x-ratelimit-limit-${kind}`] = String(limit)
        headers[`x-ratelimit-remaining-${kind}`] = String(remaining)
      }
      if (descriptor === 'model_per_key' && model !== null) {
        headers[`x-litellm-key-remaining-${kind}-${nameSafe(model)}`] = String(remaining)
      }
    }
  }
  return headers
}

function leastLeft(rates: readonly RateState[], kind: 'requests' | 'tokens') {
  const found = new Map<string, RateLeft>()
  for (const rate of rates) {
    const left = rate[kind]
    if (!left) continue
    const descriptor = descriptorOf(rate, rate.model)
    const known = found.get(descriptor)
    if (!known || left.remaining < known.remaining) found.set(descriptor, left)
  }
  return found
}

/** A header's name is a token: `openai/gpt-4o` becomes `openai-gpt-4o`. */
function nameSafe(model: string): string {
  return model.slice(0, NAME_MAX_LENGTH).replaceAll(/[^\w!#$%&'*+.^`|~-]/g, '-')
}
